-- More replies to one comment, oldest first, and the replies below them.
--
-- KEYS  8 cursor      (1 to 7: see walk.lua)
-- ARGV  2 the comment   3 the age of the reply that precedes them, or empty
--       4 direct replies   5 levels   6 replies per parent below
-- Returns {generation, thread, rows, age, cursor}: `age` is that of the last direct reply if there are more,
-- otherwise empty. {generation} if the page does not show the comment.

local generation = served()
if generation ~= ARGV[1] then
  return {generation}
end
local parent, after = ARGV[2], ARGV[3]
local limit, depth, width = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local kind = sub(redis.call('HGET', KEYS[3], parent) or '-', 1, 1)
if kind == '-' then
  return {generation}
end

local low = after == '' and '[' .. parent .. ' ' or '(' .. parent .. ' ' .. after .. ';'
local firsts = redis.call('ZRANGEBYLEX', KEYS[6], low, '(' .. parent .. '!', 'LIMIT', 0, limit + 1)
local begin = {}
for i = 1, #firsts do
  begin[i] = sub(firsts[i], #parent + 15)
end
look_ahead(begin, depth - 1, width)
local last = ''
local more = false
for i = 1, #firsts do
  if i > limit or size == MOST then
    more = true
    break
  end
  descend(add(begin[i], 1), depth - 1, width)
  last = firsts[i]
end
local cursor = redis.call('GET', KEYS[8]) or ''
return {generation, redis.call('HGET', KEYS[2], 'public'), lines(false), more and sub(last, #parent + 2, #parent + 13) or '', cursor}
