#!lua
-- Throw keys of one generation of views away, unless it is served or written down.
--
-- KEYS     1 generation that is served · 2 generations · 3… keys of the generation
-- ARGV     1 generation · 2 generation that is served where none is said to be
-- Returns  how many keys there were

local own, first = ARGV[1], ARGV[2]

if (redis.call('GET', KEYS[1]) or first) == own or redis.call('HEXISTS', KEYS[2], own) == 1 then
  return 0
end
return redis.call('UNLINK', unpack(KEYS, 3))
