#!lua flags=no-writes
-- Texts of one comment, from one revision on.
--
-- KEYS  1 generation  2 rows  3 revisions  4 votes
-- ARGV  1 generation of the keys   2 the comment   3 the first revision   4 the last one, or 0 for the
--       latest   5 bytes of texts after which no further text is returned; the first is returned whatever its size
-- Returns {generation, row, tally, text…}: the stored row, `<up> <down>`, and per text from the first on its JSON,
-- or false if the row has the text or there is none. {generation} if the comment does not exist.

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
-- As in walk.lua: no text can contain these bytes. SOURCE comes after the second newline, and omits a latest of 1.
local source = string.find(row, '\n', string.find(row, '\n', 1, true) + 1, true)
local latest = tonumber(string.match(row, '"latest":(%d+)', source) or 1)
local last = tonumber(ARGV[4])
if last == 0 or last > latest then
  last = latest
end
local bytes, most = 0, tonumber(ARGV[5])
for revision = tonumber(ARGV[3]), last do
  if bytes >= most then
    break
  end
  local text = redis.call('HGET', KEYS[3], comment .. ':' .. revision)
  reply[#reply + 1] = text
  bytes = bytes + (text and #text or 0)
end
return reply
