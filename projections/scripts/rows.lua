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
return {generation, redis.call('HGET', KEYS[2], 'public'), lines(ARGV[2] == '1')}
