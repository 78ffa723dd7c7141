-- A member's own data in a thread: pending, rejected and withdrawn comments and reports, newest first, and votes.
--
-- KEYS  8 waiting   9 ballots   10 filed      (1 to 7: see walk.lua)
-- ARGV  2 the member   3 maximum number of rows, and of reports
-- Returns {generation, rows, ballots, reports}: ballots as members without the first word, one per line, and reports as
-- whole members, one per line. {generation} if the thread does not exist.

local generation = served()
if generation ~= ARGV[1] then
  return {generation}
end
if redis.call('EXISTS', KEYS[2]) == 0 then
  return {generation}
end
local member = ARGV[2]
local low, high = '[' .. member .. ' ', '(' .. member .. '!'
local mine = redis.call('ZREVRANGEBYLEX', KEYS[8], high, low, 'LIMIT', 0, tonumber(ARGV[3]))
for i = 1, #mine do
  mine[i] = sub(mine[i], #member + 15)
end
look(mine)
for i = 1, #mine do
  alone(mine[i])
end
local ballots = redis.call('ZRANGEBYLEX', KEYS[9], low, high)
for i = 1, #ballots do
  ballots[i] = sub(ballots[i], #member + 2)
end
local filed = redis.call('ZREVRANGEBYLEX', KEYS[10], high, low, 'LIMIT', 0, tonumber(ARGV[3]))
return {generation, lines(true), table.concat(ballots, '\n'), table.concat(filed, '\n')}
