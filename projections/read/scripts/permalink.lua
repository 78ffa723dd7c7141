-- One comment with its ancestors and the replies below it, for every viewer; visibility is not checked here.
--
-- KEYS  1 to 7: see walk.lua
-- ARGV  2 the comment   3 levels of replies   4 replies per parent
-- Returns {generation, thread, ancestors, rows}: the ancestors root first, then the comment and the replies below it
-- that the page shows. {generation} if the comment does not exist.

local generation = served()
if generation ~= ARGV[1] then
  return {generation}
end
local comment = ARGV[2]
local stored = redis.call('HGET', KEYS[3], comment)
if not stored then
  return {generation}
end

-- As in walk.lua: no text can contain the bytes that name the parent. SOURCE comes after the second newline.
local function parent_of(row)
  local public = find(row, '\n', find(row, '\n', 1, true) + 1, true)
  return match(row, '"parent":"([^"]*)"', public)
end

local ancestry = {}
local parent = parent_of(stored)
while parent do
  table.insert(ancestry, 1, parent)
  parent = parent_of(redis.call('HGET', KEYS[3], parent))
end
look(ancestry)
for i = 1, #ancestry do
  alone(ancestry[i])
end
local ancestors = lines(true)
size, ids, above, levels, counts, cuts = 0, {}, {}, {}, {}, {}
look_ahead({comment}, tonumber(ARGV[3]), tonumber(ARGV[4]))
add(comment, 1)
descend(1, tonumber(ARGV[3]), tonumber(ARGV[4]))
return {generation, redis.call('HGET', KEYS[2], 'public'), ancestors, lines(true)}
