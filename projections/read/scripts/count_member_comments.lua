#!lua flags=no-writes
-- Count a member's comments by status in one partition, and find the newest.
--
-- KEYS  1 generation  2 authors
-- ARGV  1 generation of the keys   2 the member
-- Returns {generation, published, pending, rejected, newest}: `newest` is the member in `authors`,
-- `<member> <ms, 15 digits><n, 12 digits> <thread> <comment> <status>`, false if there is none.

local generation = redis.call('GET', KEYS[1]) or ARGV[1]
if generation ~= ARGV[1] then
  return {generation}
end
local STEP = 1000
local numbers = {p = 0, q = 0, r = 0, w = 0}
local low, high = '[' .. ARGV[2] .. ' ', '(' .. ARGV[2] .. '!'
local newest = false
while true do
  local some = redis.call('ZRANGEBYLEX', KEYS[2], low, high, 'LIMIT', 0, STEP)
  for i = 1, #some do
    local status = string.sub(some[i], -1)
    numbers[status] = numbers[status] + 1
  end
  newest = some[#some] or newest
  if #some < STEP then
    return {generation, numbers.p, numbers.q, numbers.r, newest}
  end
  low = '(' .. newest
end
