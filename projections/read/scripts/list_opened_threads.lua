#!lua flags=no-writes
-- List one partition's part of a site's threads, latest opened first.
--
-- KEYS  1 generation  2 opened
-- ARGV  1 generation of the keys   2 start, as a bound of ZREVRANGEBYLEX:
--         `+`, `[<ms> <n>!` or `(<ms> <n>`      3 maximum number of members
-- Returns {generation, members}: `<ms, 15 digits> <n, 12 digits> <thread>`, one per line.

local generation = redis.call('GET', KEYS[1]) or ARGV[1]
if generation ~= ARGV[1] then
  return {generation}
end
local found = redis.call('ZREVRANGEBYLEX', KEYS[2], ARGV[2], '-', 'LIMIT', 0, tonumber(ARGV[3]))
return {generation, table.concat(found, '\n')}
