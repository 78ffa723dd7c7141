#!lua
-- Record what a deployment is, where nobody has yet.
--
-- KEYS     1 the deployment's record
-- ARGV     1 number of partitions · 2 number of the layout of keys and values
-- Returns  the two as they are recorded

if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('HSET', KEYS[1], 'partitions', ARGV[1], 'format', ARGV[2])
end
return redis.call('HMGET', KEYS[1], 'partitions', 'format')
