-- Some rows of a thread by id, from one moment.
--
-- KEYS  1 to 7: see walk.lua
-- ARGV  2 `1` for rows with SOURCE, otherwise `0`: only tombstones have it then   3… comments
-- Returns {generation, thread, rows}, the rows in the requested order; `thread` is false if there is none.

local generation = served()
if generation ~= ARGV[1] then
  return {generation}
end
local wanted = {}
for i = 3, #ARGV do
  wanted[#wanted + 1] = ARGV[i]
end
look(wanted)
for i = 1, #wanted do
  alone(wanted[i])
end
local whole = ARGV[2] == '1'
local given = lines(whole)
local rows = not whole and given[6] or {}
for i = 1, #rows do
  if rows[i] and sub(rows[i], 1, 1) ~= 't' then
    rows[i] = match(rows[i], '^[^\n]*\n[^\n]*\n')
  end
end
return {generation, redis.call('HGET', KEYS[2], 'public'), given}
