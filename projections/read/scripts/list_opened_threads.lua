#!lua flags=no-writes
-- One partition's part of the list of a site's threads, the one opened last first.
--
-- KEYS  1 generation  2 opened
-- ARGV  1 the generation that the keys are of   2 where to begin, as a bound of ZREVRANGEBYLEX:
--         `+`, `[<ms> <n>!` or `(<ms> <n>`      3 members at most
-- Returns {generation, members}: `<ms, 15 digits> <n, 12 digits> <thread>`, a line each.

local generation = redis.call('GET', KEYS[1]) or ARGV[1]
if generation ~= ARGV[1] then
  return {generation}
end
local found = redis.call('ZREVRANGEBYLEX', KEYS[2], ARGV[2], '-', 'LIMIT', 0, tonumber(ARGV[3]))
return {generation, table.concat(found, '\n')}
