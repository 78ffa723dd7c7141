#!lua flags=no-writes
-- What a decision needs, of one moment: the time, what its command key stands for, heads, and events behind them.
--
-- KEYS     1 log · 2 heads of the thread
--          and where there is a command key: 3 keys of its window · 4 keys of the window before
-- ARGV     1 command key, or "" · 2 window of the key · 3 length of a window in ms · 4 hops allowed in all
--          then of each head: field · "" for the head alone, or the position after which its events are wanted
-- Returns  {"SKEW", ms}         it is this time, and that in another window than 2
--          {"HIT", ms, window, record}  the key was used before: the record as append.lua wrote it, and of which window
--          {"OK", ms, {head, rest, id, e, c, id, e, c, …}, …}  of each head: as append.lua wrote it, or "", and its
--                               events, newest first. Where the hops ran out, `rest` is where to go on.

local log, heads = KEYS[1], KEYS[2]
local key, window, window_ms, hops = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])

-- The answer also ends where it grew to this many bytes: a long answer keeps everybody else waiting.
local room = 1048576

-- Time of the newest entry. Where the log was trimmed to nothing, only the stream knows how far it had come.
local function newest_ms()
  local id = '0-0'
  local entry = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
  if entry then
    id = entry[1]
  elseif redis.call('EXISTS', log) == 1 then
    local info = redis.call('XINFO', 'STREAM', log)
    for i = 1, #info, 2 do
      if info[i] == 'last-generated-id' then
        id = info[i + 1]
      end
    end
  end
  return tonumber(string.match(id, '^%d+'))
end

local time = redis.call('TIME')
local ms = math.max(tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000), newest_ms())
local now = string.format('%.0f', ms)

if key ~= '' then
  if math.floor(ms / window_ms) ~= window then
    return { 'SKEW', now }
  end
  for i = 3, 4 do
    local record = redis.call('HGET', KEYS[i], key)
    if record then
      return { 'HIT', now, window + 3 - i, record }
    end
  end
end

local answer = { 'OK', now }
for i = 5, #ARGV, 2 do
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
        return redis.error_reply('BROKEN no entry at ' .. id)
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
        return redis.error_reply('BROKEN no back pointers at ' .. id)
      end
      id = before or ''
    end
  end
  answer[#answer + 1] = found
end
return answer
