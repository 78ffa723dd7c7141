#!lua
-- Note whether the passage of an inline question was found. The oldest sightings of the site go where there are too
-- many, and those that are too old.
--
-- KEYS  1 sightings of the site  2 their times
-- ARGV  1 field  2 value  3 its time  4 time before which a sighting is too old  5 most sightings
--       6 milliseconds until the keys expire
-- Returns nothing.

local function forget(fields)
  for _, field in ipairs(fields) do
    redis.call('HDEL', KEYS[1], field)
    redis.call('ZREM', KEYS[2], field)
  end
end

redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
forget(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '(' .. ARGV[4]))
local over = redis.call('ZCARD', KEYS[2]) - tonumber(ARGV[5])
if over > 0 then
  forget(redis.call('ZRANGE', KEYS[2], 0, over - 1))
end
redis.call('PEXPIRE', KEYS[1], ARGV[6])
redis.call('PEXPIRE', KEYS[2], ARGV[6])
