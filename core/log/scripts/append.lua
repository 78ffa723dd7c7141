#!lua
-- Append the events of one decision, advance their heads and remember the command key: all of it, or nothing.
--
-- KEYS     1 log · 2 heads of the thread
--          and where there is a command key: 3 keys of its window · 4 keys of the window before
-- ARGV     1 channel that wakes the readers of the log · 2 field of the thread's last event
--          3 command key, or "" · 4 digest of the command · 5 "1" where something new was made, else "0"
--          6 position that settled it already, or "" · 7 window of the key · 8 length of a window in ms
--          9 number of expected heads, then of each: field, position or ""
--          then number of events, and of each: head, e without its closing brace, c, note, marked field or ""
-- Returns  OK <position>…                    it is in the log, or was settled there
--          DUP <window> <record>             the key was used before, for this command
--          REUSED                            the key was used before, for another
--          CONFLICT <field> <position>       a head has another position than was expected
--          SKEW <ms>                         it is this time, and that in another window than 7
--
-- A command key is remembered by a record "<created> <digest> <position>…". Nearly all are of one event, and these are
-- shorter: <created><digest>, 4 bytes of milliseconds since the window began, and 5 bytes of sequence number.
--
-- An error half-way takes nothing back. So whatever can fail is done before the first XADD: the shape of ARGV is
-- checked, every key is read, and the message is published, which nobody receives before the script has ended.

local call, match, format, floor = redis.call, string.match, string.format, math.floor
local log, heads, key = KEYS[1], KEYS[2], ARGV[3]
local last_field, digest, created = ARGV[2], ARGV[4], ARGV[5]
local window, window_ms = tonumber(ARGV[7]), tonumber(ARGV[8])

-- Position of the newest entry. Where the log was trimmed to nothing, only the stream knows how far it had come.
local newest = call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
newest = newest and newest[1]
if not newest and call('EXISTS', log) == 1 then
  local info = call('XINFO', 'STREAM', log)
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then
      newest = info[i + 1]
    end
  end
end

local last_ms, n = match(newest or '0-0', '^(%d+)-(%d+)$')
local time = call('TIME')
local ms = time[1] * 1000 + floor(time[2] / 1000)
last_ms, n = tonumber(last_ms), tonumber(n)
if last_ms > ms then
  ms = last_ms
end

-- Command keys of window w are looked up until window w + 1 ends; one more is a margin for clocks that differ.
local function keep(commands, of_window)
  call('PEXPIREAT', commands, format('%.0f', (of_window + 3) * window_ms))
end

if key ~= '' then
  if floor(ms / window_ms) ~= window then
    return format('SKEW %.0f', ms)
  end
  for i = 3, 4 do
    local record = call('HGET', KEYS[i], key)
    if record then
      if (match(record, '^%d (%S*)') or string.sub(record, 2, -10)) ~= digest then
        return 'REUSED'
      end
      -- Written again so that this connection's WAIT waits for the record: a connection that has written nothing is
      -- answered at once, whatever the replicas have.
      keep(KEYS[i], window + 3 - i)
      return format('DUP %.0f ', window + 3 - i) .. record
    end
  end
end

-- The fields of `heads` that are read: those that are expected, those of the events, the thread's last.
local fields, expected, events = {}, tonumber(ARGV[9]), {}
for i = 1, expected do
  fields[i] = ARGV[8 + 2 * i]
end
local at = 10 + 2 * expected
local count = tonumber(ARGV[at])
if at + 5 * count ~= #ARGV then
  return redis.error_reply('ERR append: the arguments do not add up')
end
for i = 1, count do
  local mark = ARGV[at + 5 * i]
  fields[#fields + 1] = ARGV[at + 5 * i - 4]
  if mark ~= '' then
    fields[#fields + 1] = mark
  end
end
fields[#fields + 1] = last_field
local found = call('HMGET', heads, unpack(fields))

-- A head is kept as "<version> <position> <note>", without version 1, as most have, and without an empty note.
for i = 1, expected do
  local position = found[i] and match(found[i], '%d+%-%d+') or ''
  if position ~= ARGV[9 + 2 * i] then
    return 'CONFLICT ' .. fields[i] .. ' ' .. position
  end
end

local state = {}
for i = expected + 1, #fields do
  if found[i] then
    local version, position, note = match(found[i], '^(%d-) ?(%d+%-%d+) ?(.*)$')
    state[fields[i]] = { version = tonumber(version) or 1, position = position, note = note }
  else
    state[fields[i]] = { version = 0, position = '', note = '' }
  end
end

local ids, entries, changed = {}, {}, {}
local last = state[last_field]
for i = 1, count do
  local first = at + 5 * i - 4
  local field, mark = ARGV[first], ARGV[first + 4]
  n = n + 1
  local id = format('%.0f-%.0f', ms, n)
  local head = state[field]
  local of_aggregate = head.position ~= '' and '","ap":"' .. head.position or ''
  entries[i] = ARGV[first + 1] .. ',"tp":"' .. last.position .. of_aggregate .. '"}'
  head.version, head.position, head.note = head.version + 1, id, ARGV[first + 3]
  last.position = id
  changed[field], changed[last_field] = true, true
  if mark ~= '' then
    state[mark].position = id
    changed[mark] = true
  end
  ids[i] = id
end

local positions = count > 0 and table.concat(ids, ' ') or ARGV[6]
local is_first = key ~= '' and call('EXISTS', KEYS[3]) == 0

if count > 0 then
  call('SPUBLISH', ARGV[1], '')
  for i = 1, count do
    call('XADD', log, ids[i], 'e', entries[i], 'c', ARGV[at + 5 * i - 2])
  end
  local written = {}
  for field in pairs(changed) do
    local head = state[field]
    written[#written + 1] = field
    written[#written + 1] = (head.version ~= 1 and format('%.0f ', head.version) or '')
      .. head.position
      .. (head.note ~= '' and ' ' .. head.note or '')
  end
  call('HSET', heads, unpack(written))
end
if key ~= '' then
  local record = count == 1 and created .. digest .. struct.pack('>I4I5', ms - window * window_ms, n)
    or created .. ' ' .. digest .. ' ' .. positions
  call('HSET', KEYS[3], key, record)
  if is_first then
    keep(KEYS[3], window)
  end
end
return 'OK ' .. positions
