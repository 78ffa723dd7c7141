-- Some rows of a thread by name, of one moment.
--
-- KEYS  1 to 6: see walk.lua
-- ARGV  2 `1` for rows with SOURCE, otherwise `0`   3… comments
-- Returns {generation, thread, rows}, the rows in the order asked for; `thread` is false where there is none.

local generation = served()
if generation ~= ARGV[1] then
  return {generation}
end
for i = 3, #ARGV do
  alone(ARGV[i])
end
local whole = ARGV[2] == '1'
local found = lines(whole)
local rows = not whole and found[6] or {}
for i = 1, #rows do
  rows[i] = rows[i] and string.match(rows[i], '^[^\n]*\n[^\n]*\n')
end
return {generation, redis.call('HGET', KEYS[2], 'public'), found}
