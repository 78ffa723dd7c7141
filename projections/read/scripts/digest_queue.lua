#!lua flags=no-writes
-- Digest one partition's part of a site's moderation queue: of its size, its oldest and its newest members.
--
-- KEYS  1 generation  2 queue  3 pending  4 reported  5 removals  6 appeals  7 notices
-- ARGV  1 generation of the keys   2 number of members at either end
-- Returns {generation, digest}. The sizes of 3 and 4 count for views of earlier versions, whose queue is incomplete.
-- Of 5, 6 and 7 both ends count, as of the queue. The members that imports brought come last in the queue, with places
-- that begin with 5 to 9: the end of those before them counts, too.

local generation = redis.call('GET', KEYS[1]) or ARGV[1]
if generation ~= ARGV[1] then
  return {generation}
end
local most = tonumber(ARGV[2])
local parts = {}
for key = 2, #KEYS do
  parts[#parts + 1] = tostring(redis.call('ZCARD', KEYS[key]))
  if key ~= 3 and key ~= 4 then
    parts[#parts + 1] = table.concat(redis.call('ZRANGE', KEYS[key], 0, most - 1), '\n')
    parts[#parts + 1] = table.concat(redis.call('ZRANGE', KEYS[key], -most, -1), '\n')
  end
end
if redis.call('ZLEXCOUNT', KEYS[2], '[5', '+') > 0 then
  parts[#parts + 1] = table.concat(redis.call('ZREVRANGEBYLEX', KEYS[2], '(5', '-', 'LIMIT', 0, most), '\n')
end
return {generation, redis.sha1hex(table.concat(parts, '\n'))}
