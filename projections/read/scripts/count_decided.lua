#!lua flags=no-writes
-- Count the decisions about a member's comments in one partition.
--
-- KEYS  1 generation  2 judged
-- ARGV  1 generation of the keys   2 the member
-- Returns {generation, approved, held, rejected, reversed}: a decision is reversed if it was undone, or if the next one
-- about the same text has another verdict.

local generation = redis.call('GET', KEYS[1]) or ARGV[1]
if generation ~= ARGV[1] then
  return {generation}
end
local STEP = 1000
local numbers = {approve = 0, hold = 0, reject = 0}
local reversed, last = 0, {}
local low, high = '[' .. ARGV[2] .. ' ', '(' .. ARGV[2] .. '!'
while true do
  local some = redis.call('ZRANGEBYLEX', KEYS[2], low, high, 'LIMIT', 0, STEP)
  for i = 1, #some do
    local text, verdict, undone = string.match(some[i], '^%S+ %d+ (%S+ %S+ %d+) (%S+) ?(%S*)$')
    numbers[verdict] = numbers[verdict] + 1
    if undone ~= '' then
      reversed = reversed + 1
    else
      if last[text] and last[text] ~= verdict then
        reversed = reversed + 1
      end
      last[text] = verdict
    end
  end
  if #some < STEP then
    return {generation, numbers.approve, numbers.hold, numbers.reject, reversed}
  end
  low = '(' .. some[#some]
end
