#!lua
-- Record in the deployment's record that every partition has its copy of the id.
--
-- KEYS     1 the deployment's record
-- ARGV     1 id of the deployment
-- Returns  1 if it is recorded, 0 if the record has another id or none

if redis.call('HGET', KEYS[1], 'id') ~= ARGV[1] then
  return 0
end
redis.call('HSET', KEYS[1], 'copied', '1')
return 1
