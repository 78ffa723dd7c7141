#!lua flags=no-writes
-- Search one partition's part of a listing for members with certain words, the last member first.
--
-- KEYS  1 generation  2 listing  3 labelled
-- ARGV  1 generation of the keys   2 the upper bound, 3 the lower bound of ZREVRANGEBYLEX
--       4 maximum number of members found   5 maximum number examined   6 only threads with this label, or empty: a
--       thread is the third word   7… the number of a word, and the word
-- Returns {generation, members, last}: the found members, one per line, and the last one examined if the search
-- stopped before the end, otherwise empty.

local generation = redis.call('GET', KEYS[1]) or ARGV[1]
if generation ~= ARGV[1] then
  return {generation}
end
local upper, lower, most, budget = ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local label, wanted = ARGV[6], {}
for i = 7, #ARGV, 2 do
  wanted[#wanted + 1] = {tonumber(ARGV[i]), ARGV[i + 1]}
end

-- Where every member matches, none is read beyond those that are returned.
local STEP = #wanted == 0 and label == '' and most or 1000

local function matches(member)
  if #wanted == 0 and label == '' then
    return true
  end
  local words = {}
  for word in string.gmatch(member, '%S+') do
    words[#words + 1] = word
  end
  for i = 1, #wanted do
    if words[wanted[i][1]] ~= wanted[i][2] then
      return false
    end
  end
  return label == '' or redis.call('ZSCORE', KEYS[3], label .. ' ' .. words[3])
end

local found, examined = {}, 0
while true do
  local some = redis.call('ZREVRANGEBYLEX', KEYS[2], upper, lower, 'LIMIT', 0, STEP)
  for i = 1, #some do
    if matches(some[i]) then
      found[#found + 1] = some[i]
    end
    examined = examined + 1
    if #found == most or examined == budget then
      return {generation, table.concat(found, '\n'), some[i]}
    end
  end
  if #some < STEP then
    return {generation, table.concat(found, '\n'), ''}
  end
  upper = '(' .. some[#some]
end
