#!lua flags=no-writes
-- The texts of one comment.
--
-- KEYS  1 generation  2 rows  3 revisions  4 votes
-- ARGV  1 the generation that the keys are of   2 the comment
-- Returns {generation, row, tally, text…}: the stored row, `<up> <down>`, and the JSON of each text from revision 1
-- on; no texts where the comment was never edited. A comment that does not exist is {generation}.

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
local revision = 1
local text = redis.call('HGET', KEYS[3], comment .. ':1')
while text do
  reply[#reply + 1] = text
  revision = revision + 1
  text = redis.call('HGET', KEYS[3], comment .. ':' .. revision)
end
return reply
