#!lua
-- Throw keys of one generation of views away, unless it is served or written down.
--
-- KEYS     1 pointer to the views that are served · 2 generations · 3… keys of the generation
-- ARGV     1 generation · 2 generation that is served where there is no pointer
-- Returns  how many keys there were

local own, first = ARGV[1], ARGV[2]

if string.match(redis.call('GET', KEYS[1]) or first, '^%d+') == own or redis.call('HEXISTS', KEYS[2], own) == 1 then
  return 0
end
return redis.call('UNLINK', unpack(KEYS, 3))
