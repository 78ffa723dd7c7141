#!lua flags=no-writes
-- The public row of a comment in the views, and the votes on the comment in the log after the views, at one moment.
--
-- KEYS  1 generation  2 cursor  3 parked  4 rows  5 votes  6 answers  7 names  8 log  9 ballots
-- ARGV  1 generation of the keys  2 the comment  3 field of its thread in `parked`  4 the voter
--       5 maximum number of events after the views to scan
-- Returns {generation}         another generation is served
--         {generation, false}  the row cannot be told here: it is not public, its thread is parked, or the log has
--                              another event about the comment after the views
--         {generation, cursor, upto, ballot, stored row, tally, answers, name, vote, before, vote, before, …}
--           upto     the last event included in the result: the cursor, if too many events follow it
--           ballot   in that case the voter's vote in the views, as `<value> <revision> …`, or ""; else false
--           tally    `<up> <down>`, or false      answers  number of replies that the page shows, or false
--           name     the JSON of the name of the author replied to, or false
--           vote     `e` of a vote after the views, oldest first; then `e` of the same member's previous vote, or ""
-- Loaded after stream.lua and back_pointers.lua.

local call, sub, find, match = redis.call, string.sub, string.find, string.match

local FEW = 4 -- events after the views: there are almost always fewer

local place = call('MGET', KEYS[1], KEYS[2])
local generation, cursor = place[1] or ARGV[1], place[2] or '0-0'
if generation ~= ARGV[1] then
  return {generation}
end
local comment, most = ARGV[2], tonumber(ARGV[5])
local row = call('HGET', KEYS[4], comment)
if not row or sub(row, 1, 1) ~= 'p' or call('HEXISTS', KEYS[3], ARGV[3]) == 1 then
  return {generation, false}
end
local header = find(row, '\n', 3, true)
local answered = header > 3 and sub(row, 3, header - 1)
local answers = call('HGET', KEYS[6], comment)
local reply = {
  generation, cursor, cursor, false, row, call('HGET', KEYS[5], comment),
  answers and match(answers, '^%d+'), answered and call('HGET', KEYS[7], answered),
}

local entries = call('XRANGE', KEYS[8], '(' .. cursor, '+', 'COUNT', FEW)
if #entries == FEW then
  local _, last = numbers((newest(KEYS[8])))
  local _, seen = numbers(cursor)
  if last - seen > most then
    local own = ARGV[4] .. ' ' .. comment
    local ballot = call('ZRANGEBYLEX', KEYS[9], '[' .. own .. ' ', '(' .. own .. '!', 'LIMIT', 0, 1)[1]
    reply[4] = ballot and sub(ballot, #own + 2) or ''
    return reply
  end
  entries = call('XRANGE', KEYS[8], '(' .. cursor, '+', 'COUNT', most)
end

local own, other = '"' .. comment .. '"', answered and '"' .. answered .. '"'
for i = 1, #entries do
  local e = entries[i][2][2]
  reply[3] = entries[i][1]
  if find(e, '"type":"vote.', 1, true) then
    if find(e, '"comment":' .. own, 1, true) then
      local _, before = back_pointers(e)
      before = before and before ~= '' and call('XRANGE', KEYS[8], before, before)[1]
      reply[#reply + 1] = e
      reply[#reply + 1] = before and before[2][2] or ''
    end
  elseif find(e, own, 1, true) or (other and find(e, other, 1, true)) then
    return {generation, false}
  end
end
return reply
