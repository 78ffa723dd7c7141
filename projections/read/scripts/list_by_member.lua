#!lua flags=no-writes
-- List one partition's part of a listing, or of one of its groups, the last member first.
--
-- KEYS  1 generation  2 listing
-- ARGV  1 generation of the keys   2 the upper bound, 3 the lower bound of ZREVRANGEBYLEX
--       4 maximum number of members
-- Returns {generation, members}, one per line.

local generation = redis.call('GET', KEYS[1]) or ARGV[1]
if generation ~= ARGV[1] then
  return {generation}
end
local found = redis.call('ZREVRANGEBYLEX', KEYS[2], ARGV[2], ARGV[3], 'LIMIT', 0, tonumber(ARGV[4]))
return {generation, table.concat(found, '\n')}
