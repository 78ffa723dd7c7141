#!lua
-- Give a site the key that signs the tokens of its guests, unless it has one.
--
-- KEYS     1 keys of the site
-- ARGV     1 the new key
-- Returns  the key that the site has now; nil if the site has no keys

local place, new = KEYS[1], ARGV[1]

if redis.call('HEXISTS', place, 'kind') == 0 then
  return false
end
local kept = redis.call('HGET', place, 'guests')
if not kept then
  redis.call('HSET', place, 'guests', new)
  return new
end
return kept
