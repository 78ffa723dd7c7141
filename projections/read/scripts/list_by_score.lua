#!lua flags=no-writes
-- List one partition's part of a listing, the highest score first, and of equal scores the last member first.
--
-- KEYS  1 generation  2 listing
-- ARGV  1 generation of the keys   2 the score and 3 the member to start after, or `+inf` and empty
--       4 maximum number of members
-- Returns {generation, members}: `<score> <member>`, one per line.

local generation = redis.call('GET', KEYS[1]) or ARGV[1]
if generation ~= ARGV[1] then
  return {generation}
end

-- Byte by byte, as the server orders members: `<` depends on the locale.
local function is_less(one, two)
  for i = 1, math.min(#one, #two) do
    local a, b = string.byte(one, i), string.byte(two, i)
    if a ~= b then
      return a < b
    end
  end
  return #one < #two
end

-- The rank at which the list starts. Any number of members may have the score at which it starts.
local score, after = ARGV[2], ARGV[3]
local low = redis.call('ZCOUNT', KEYS[2], '(' .. score, '+inf')
local high = low + redis.call('ZCOUNT', KEYS[2], score, score)
while low < high do
  local middle = math.floor((low + high) / 2)
  if is_less(redis.call('ZRANGE', KEYS[2], middle, middle, 'REV')[1], after) then
    high = middle
  else
    low = middle + 1
  end
end

local lines = {}
local found = redis.call('ZRANGE', KEYS[2], low, low + tonumber(ARGV[4]) - 1, 'REV', 'WITHSCORES')
for i = 1, #found, 2 do
  lines[#lines + 1] = string.format('%.0f', tonumber(found[i + 1])) .. ' ' .. found[i]
end
return {generation, table.concat(lines, '\n')}
