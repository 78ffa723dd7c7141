#!lua flags=no-writes
-- The texts of one comment.
--
-- KEYS  1 generation  2 rows  3 revisions  4 votes
-- ARGV  1 the generation that the keys are of   2 the comment
-- Returns {generation, row, tally, text…}: the stored row, `<up> <down>`, and of each text from revision 1 on its
-- JSON, or false where the row has it. A comment that does not exist is {generation}.

local generation = redis.call('GET', KEYS[1]) or ARGV[1]
if generation ~= ARGV[1] then
  return {generation}
end
local comment = ARGV[2]
local row = redis.call('HGET', KEYS[2], comment)
if not row then
  return {generation}
end
local reply = {generation, row, redis.call('HGET', KEYS[4], comment) or '0 0'}
-- As in walk.lua: no text can hold these bytes. SOURCE comes after the second newline, and leaves out a latest of 1.
local source = string.find(row, '\n', string.find(row, '\n', 1, true) + 1, true)
local latest = string.match(row, '"latest":(%d+)', source) or 1
for revision = 1, tonumber(latest) do
  reply[#reply + 1] = redis.call('HGET', KEYS[3], comment .. ':' .. revision)
end
return reply
