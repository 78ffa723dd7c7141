#!lua flags=no-writes
-- List one partition's part of a site's threads, latest activity first.
--
-- KEYS  1 generation  2 threads
-- ARGV  1 generation of the keys   2 the activity to start at, in ms, or `+inf`
--       3 maximum number of threads
-- Returns {generation, threads}: `<ms> <thread>`, one per line. All threads active in the exact millisecond at which
-- the list starts are included, however many: the caller knows which of them it has listed before.

local generation = redis.call('GET', KEYS[1]) or ARGV[1]
if generation ~= ARGV[1] then
  return {generation}
end
local lines = {}
local function take(found)
  for i = 1, #found, 2 do
    lines[#lines + 1] = string.format('%.0f', tonumber(found[i + 1])) .. ' ' .. found[i]
  end
end
local below = '+inf'
if ARGV[2] ~= '+inf' then
  take(redis.call('ZREVRANGEBYSCORE', KEYS[2], ARGV[2], ARGV[2], 'WITHSCORES'))
  below = '(' .. ARGV[2]
end
take(redis.call('ZREVRANGEBYSCORE', KEYS[2], below, '-inf', 'WITHSCORES', 'LIMIT', 0, tonumber(ARGV[3])))
return {generation, table.concat(lines, '\n')}
