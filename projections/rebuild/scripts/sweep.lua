#!lua
-- Delete keys of one generation of views, unless the generation is served or registered.
--
-- KEYS     1 pointer to the served views · 2 generations · 3… keys of the generation
-- ARGV     1 generation · 2 generation that is served if there is no pointer
-- Returns  number of keys that existed

local own, first = ARGV[1], ARGV[2]

if string.match(redis.call('GET', KEYS[1]) or first, '^%d+') == own or redis.call('HEXISTS', KEYS[2], own) == 1 then
  return 0
end
return redis.call('UNLINK', unpack(KEYS, 3))
