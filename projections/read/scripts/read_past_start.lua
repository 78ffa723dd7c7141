#!lua flags=no-writes
-- The data that a read of a thread's past starts with, from one moment.
--
-- KEYS  1 generation  2 snapshots of the thread  3 meta  4 cursor  5 parked
-- ARGV  1 generation of the keys   2 the thread's field in KEYS[5]
-- Returns {generation, cursor, parked, source, snapshot…}: the cursor of the views, why the thread is parked,
-- `meta.source`, each false if absent, and the fields of the snapshots.

local generation = redis.call('GET', KEYS[1]) or ARGV[1]
if generation ~= ARGV[1] then
  return {generation}
end
return {
  generation,
  redis.call('GET', KEYS[4]),
  redis.call('HGET', KEYS[5], ARGV[2]),
  redis.call('HGET', KEYS[3], 'source'),
  unpack(redis.call('HKEYS', KEYS[2])),
}
