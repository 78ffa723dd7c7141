#!lua flags=no-writes
-- What a look into the past of a thread begins with, of one moment.
--
-- KEYS  1 generation  2 snapshots of the thread  3 meta  4 cursor  5 parked
-- ARGV  1 the generation that the keys are of   2 the thread's field in KEYS[5]
-- Returns {generation, cursor, parked, source, snapshot…}: how far the views have come, why the thread is parked there,
-- `meta.source`, each false where it is not there, and the fields of the snapshots.

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
