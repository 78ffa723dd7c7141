#!lua
-- Create the record of a deployment if there is none, and give the record an id if it has none.
--
-- KEYS     1 the deployment's record
-- ARGV     1 number of partitions · 2 format · 3 id · 4 "1" to create a missing record, "0" not to
-- Returns  partitions, format, id, restoring and copied as recorded

local record = KEYS[1]

if redis.call('EXISTS', record) == 1 then
  if redis.call('HSETNX', record, 'id', ARGV[3]) == 1 then
    redis.call('HSET', record, 'copied', '0') -- the partitions may have copies of a previous id
  end
elseif ARGV[4] == '1' then
  redis.call('HSET', record, 'partitions', ARGV[1], 'format', ARGV[2], 'id', ARGV[3])
end
return redis.call('HMGET', record, 'partitions', 'format', 'id', 'restoring', 'copied')
