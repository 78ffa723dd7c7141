#!lua flags=no-writes
-- Some comments in their current state, each with one of its texts. The state decides if a past text may be shown.
--
-- KEYS  1 generation  2 rows  3 revisions
-- ARGV  1 generation of the keys   2… comment, revision, comment, revision, …
-- Returns {generation, source, text, source, text, …}: SOURCE of the stored row, false if there is no row, and the JSON
-- of the text, false if the row has the text or there is none.

local generation = redis.call('GET', KEYS[1]) or ARGV[1]
if generation ~= ARGV[1] then
  return {generation}
end
local reply = {generation}
for i = 2, #ARGV, 2 do
  local row = redis.call('HGET', KEYS[2], ARGV[i])
  reply[#reply + 1] = row and string.match(row, '^[^\n]*\n[^\n]*\n(.*)$')
  reply[#reply + 1] = redis.call('HGET', KEYS[3], ARGV[i] .. ':' .. ARGV[i + 1])
end
return reply
