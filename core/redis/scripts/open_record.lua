#!lua
-- Create the record of a deployment where there is none, and give it an id where it has none.
--
-- KEYS     1 the deployment's record
-- ARGV     1 number of partitions · 2 format · 3 id · 4 "1" to create the record where there is none, "0" to leave it
-- Returns  partitions, format, id, restoring and copied as they are recorded

local record = KEYS[1]

if redis.call('EXISTS', record) == 1 then
  if redis.call('HSETNX', record, 'id', ARGV[3]) == 1 then
    redis.call('HSET', record, 'copied', '0') -- the partitions may have copies of an id that it had before
  end
elseif ARGV[4] == '1' then
  redis.call('HSET', record, 'partitions', ARGV[1], 'format', ARGV[2], 'id', ARGV[3])
end
return redis.call('HMGET', record, 'partitions', 'format', 'id', 'restoring', 'copied')
