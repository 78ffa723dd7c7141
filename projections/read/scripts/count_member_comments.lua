#!lua flags=no-writes
-- Count the comments of members by status in one partition, and find the newest and the oldest of each.
--
-- KEYS  1 generation  2 authors
-- ARGV  1 generation of the keys   2… the members
-- Returns {generation, published, pending, rejected, withdrawn, newest, oldest, and so on for each member}: `newest` and
-- `oldest` are members of `authors`, `<member> <ms, 15 digits><n, 12 digits> <thread> <comment> <status>`, empty if
-- there is none.

local generation = redis.call('GET', KEYS[1]) or ARGV[1]
if generation ~= ARGV[1] then
  return {generation}
end
local STEP = 1000
local reply = {generation}
for m = 2, #ARGV do
  local numbers = {p = 0, q = 0, r = 0, w = 0}
  local low, high = '[' .. ARGV[m] .. ' ', '(' .. ARGV[m] .. '!'
  local newest, oldest = '', ''
  while true do
    local some = redis.call('ZRANGEBYLEX', KEYS[2], low, high, 'LIMIT', 0, STEP)
    for i = 1, #some do
      local status = string.sub(some[i], -1)
      numbers[status] = numbers[status] + 1
    end
    newest = some[#some] or newest
    if oldest == '' then
      oldest = some[1] or ''
    end
    if #some < STEP then
      break
    end
    low = '(' .. newest
  end
  for _, value in ipairs({numbers.p, numbers.q, numbers.r, numbers.w, newest, oldest}) do
    reply[#reply + 1] = value
  end
end
return reply
