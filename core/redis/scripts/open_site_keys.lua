#!lua
-- Give a site its initial keys, unless the site has keys.
--
-- KEYS     1 heads of the site · 2 keys of the site
-- ARGV     1 field of the site in 1 · 2 kind of the keys · 3 the keys
-- Returns  "UNOPENED" if the site is not opened: keys left behind by an interrupted opening are deleted;
--          "SAME" if the site now has these keys; "OTHER" if it has other keys

local heads, place = KEYS[1], KEYS[2]
local field, kind, keys = ARGV[1], ARGV[2], ARGV[3]

if redis.call('HEXISTS', heads, field) == 0 then
  redis.call('DEL', place)
  return 'UNOPENED'
end
if redis.call('EXISTS', place) == 0 then
  redis.call('HSET', place, 'kind', kind, 'keys', keys)
end
local kept = redis.call('HMGET', place, 'kind', 'keys')
if kept[1] == kind and kept[2] == keys then
  return 'SAME'
end
return 'OTHER'
