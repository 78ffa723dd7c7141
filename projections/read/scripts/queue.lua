#!lua flags=no-writes
-- List one partition's part of a moderation queue, oldest first, and then what imports brought.
--
-- KEYS  1 generation  2 pending, reported, or queue  3 labelled
-- ARGV  1 generation of the keys   2 start, as a bound of ZRANGEBYLEX:
--         `-`, `[<since> <n>` or `(<since> <n>!`   3 maximum number of members
--       4 only this thread, or empty   5 only this author, or empty   6 only held by this member of staff, or empty
--       7 only these states, as letters, or empty   (6 and 7: of `queue` alone)
--       8 only threads with this label, or empty   9 only what this import brought, or "none" for what no import did,
--       or empty: the last word of a member whose place begins with 5 to 9 is its import
-- Returns {generation, number of all matches, members}: members, one per line, are
-- `<since, 15 digits> <n, 12 digits> <thread> <comment> <author>`, of `queue` ` <state> <holder> …`, and
-- ` <import>`.

local generation = redis.call('GET', KEYS[1]) or ARGV[1]
if generation ~= ARGV[1] then
  return {generation}
end
local from, limit, thread, author = ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5]
local holder, states, label, import = ARGV[6], ARGV[7], ARGV[8], ARGV[9]
if thread .. author .. holder .. states .. label .. import == '' then
  local found = redis.call('ZRANGEBYLEX', KEYS[2], from, '+', 'LIMIT', 0, limit)
  return {generation, redis.call('ZCARD', KEYS[2]), table.concat(found, '\n')}
end

-- A queue holds only undecided comments, so it is short enough to scan, in batches.
local STEP = 1000
local total, wanted = 0, {}
local first, inclusive = string.sub(from, 2, 29), string.sub(from, 1, 1) == '['
local at = '-'
while true do
  local some = redis.call('ZRANGEBYLEX', KEYS[2], at, '+', 'LIMIT', 0, STEP)
  for i = 1, #some do
    local of, by, rest = string.match(some[i], '^%d+ %d+ (%S+) %S+ (%S+)(.*)$')
    local state, held = string.match(rest, '^ (%S) (%S+)')
    local is_wanted = (thread == '' or of == thread) and (author == '' or by == author)
    is_wanted = is_wanted and (label == '' or redis.call('ZSCORE', KEYS[3], label .. ' ' .. of))
    is_wanted = is_wanted and (holder == '' or held == holder)
    is_wanted = is_wanted and (import == '' or import == (string.match(some[i], '^[5-9].* (%S+)$') or 'none'))
    is_wanted = is_wanted and (states == '' or (state ~= nil and string.find(states, state, 1, true) ~= nil))
    if is_wanted then
      total = total + 1
      local since = string.sub(some[i], 1, 28)
      local behind = from == '-' or since > first or (inclusive and since == first)
      if behind and #wanted < limit then
        wanted[#wanted + 1] = some[i]
      end
    end
  end
  if #some < STEP then
    break
  end
  at = '(' .. some[STEP]
end
return {generation, total, table.concat(wanted, '\n')}
