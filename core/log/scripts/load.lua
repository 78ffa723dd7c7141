#!lua flags=no-writes
-- Load the data of a decision from one moment: the time, the record of its command key, heads and their events.
--
-- KEYS     1 log · 2 heads of the thread · 3 the partition's copy of the deployment's id
--          and with a command key: 4 keys of its window · 5 keys of the window before
-- ARGV     1 id of the deployment, or "", see log_integrity.lua; "*" if the log need not be whole
--          2 command key, or "" · 3 window of the key · 4 length of a window in ms · 5 maximum number of hops in total
--          then per head: field · "" for the head alone, or the position after which its events are wanted
-- Returns  {"SKEW", ms}         the server's time, which is in another window than 3
--          {"HIT", ms, window, record}  the key was used before: its window, and the record as append.lua wrote it
--          {"OK", ms, {head, rest, id, e, c, id, e, c, …}, …}  per head: the head as append.lua wrote it, or "", and
--                               its events, newest first. If a limit was reached, `rest` is where to continue.
--
-- Fails with BROKEN <position> <why> if the log is not whole, and with MISSING <position> <what> if the log lacks an
-- entry that a head or an event points to. Loaded after stream.lua, log_integrity.lua, heads.lua, back_pointers.lua.

local log, heads = KEYS[1], KEYS[2]
local key, window, window_ms, hops = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])

-- The result also ends at this many bytes, because a long result blocks the other clients of the server.
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
    local version, id = read_head(head ~= '' and head)
    if version == 0 then
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
      local _, aggregate = back_pointers(e)
      if not aggregate then
        return redis.error_reply('MISSING ' .. id .. ' no back pointers')
      end
      id = aggregate
    end
  end
  answer[#answer + 1] = found
end
return answer
