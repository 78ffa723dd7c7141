#!lua flags=no-writes
-- List one partition's part of a member's comments, newest first.
--
-- KEYS  1 generation  2 authors
-- ARGV  1 generation of the keys   2 the upper bound, 3 the lower bound of ZREVRANGEBYLEX
--       4 maximum number of comments
-- Returns {generation, members}: `<member> <ms, 15 digits><n, 12 digits> <thread> <comment> <status>`, one per line.

local generation = redis.call('GET', KEYS[1]) or ARGV[1]
if generation ~= ARGV[1] then
  return {generation}
end
local found = redis.call('ZREVRANGEBYLEX', KEYS[2], ARGV[2], ARGV[3], 'LIMIT', 0, tonumber(ARGV[4]))
return {generation, table.concat(found, '\n')}
