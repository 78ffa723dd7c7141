#!lua flags=no-writes
-- What a decision needs, of one moment: the time, what its command key stands for, heads, and events behind them.
--
-- KEYS     1 log · 2 heads of the thread · 3 the partition's copy of the deployment's id
--          and where there is a command key: 4 keys of its window · 5 keys of the window before
-- ARGV     1 id of the deployment, or "", see log_integrity.lua; "*" where the log need not be whole · 2 command key, or "" · 3 window of the key
--          4 length of a window in ms · 5 hops allowed in all
--          then of each head: field · "" for the head alone, or the position after which its events are wanted
-- Returns  {"SKEW", ms}         it is this time, and that in another window than 3
--          {"HIT", ms, window, record}  the key was used before: the record as append.lua wrote it, and of which window
--          {"OK", ms, {head, rest, id, e, c, id, e, c, …}, …}  of each head: as append.lua wrote it, or "", and its
--                               events, newest first. Where the hops ran out, `rest` is where to go on.
--
-- Fails with BROKEN <position> <why> where the log is not whole, and with MISSING <position> <what> where it has not what
-- a head or an event names. Comes behind log_integrity.lua.

local log, heads = KEYS[1], KEYS[2]
local key, window, window_ms, hops = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])

-- The answer also ends where it grew to this many bytes: a long answer keeps everybody else waiting.
local room = 1048576

local last_ms, _, _, fault = whole(log, KEYS[3], ARGV[1])
if fault and ARGV[1] ~= '*' then
  return redis.error_reply('BROKEN ' .. fault)
end

local time = redis.call('TIME')
local ms = math.max(tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000), last_ms)
local now = string.format('%.0f', ms)

if key ~= '' then
  if math.floor(ms / window_ms) ~= window then
    return { 'SKEW', now }
  end
  for i = 4, 5 do
    local record = redis.call('HGET', KEYS[i], key)
    if record then
      return { 'HIT', now, window + 4 - i, record }
    end
  end
end

local answer = { 'OK', now }
for i = 6, #ARGV, 2 do
  local known = ARGV[i + 1]
  local head = redis.call('HGET', heads, ARGV[i]) or ''
  local found = { head, '' }
  if known ~= '' then
    -- A field that is only marked has version 0: its position is that of another aggregate's event.
    local version, id = string.match(head, '^(%d-) ?(%d+%-%d+)')
    if not id or version == '0' then
      id = ''
    end
    while id ~= '' and id ~= known do
      if hops == 0 or room <= 0 then
        found[2] = id
        break
      end
      local entry = redis.call('XRANGE', log, id, id)[1]
      if not entry then
        return redis.error_reply('MISSING ' .. id .. ' no entry')
      end
      local e, c = entry[2][2], entry[2][4]
      found[#found + 1] = id
      found[#found + 1] = e
      found[#found + 1] = c
      hops, room = hops - 1, room - #e - #c
      -- The script that appends ends every `e` with the back pointers, that of the aggregate last, where there is one.
      local ending = string.sub(e, -40)
      local before = string.match(ending, '"ap":"([%d-]*)"}$')
      if not before and not string.find(ending, '"tp":"[%d-]*"}$') then
        return redis.error_reply('MISSING ' .. id .. ' no back pointers')
      end
      id = before or ''
    end
  end
  answer[#answer + 1] = found
end
return answer
