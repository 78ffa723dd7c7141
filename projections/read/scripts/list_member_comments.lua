#!lua flags=no-writes
-- One partition's part of the comments of a member, newest first.
--
-- KEYS  1 generation  2 authors
-- ARGV  1 the generation that the keys are of   2 the upper bound, 3 the lower bound of ZREVRANGEBYLEX
--       4 comments at most
-- Returns {generation, members}: `<member> <ms, 15 digits><n, 12 digits> <thread> <comment> <status>`, a line each.

local generation = redis.call('GET', KEYS[1]) or ARGV[1]
if generation ~= ARGV[1] then
  return {generation}
end
local found = redis.call('ZREVRANGEBYLEX', KEYS[2], ARGV[2], ARGV[3], 'LIMIT', 0, tonumber(ARGV[4]))
return {generation, table.concat(found, '\n')}
