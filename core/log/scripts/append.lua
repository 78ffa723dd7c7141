#!lua
-- Append the events of one decision, advance their heads and record the command key, atomically.
--
-- KEYS     1 log · 2 heads of the thread · 3 the partition's copy of the deployment's id
--          and with a command key: 4 keys of its window · 5 keys of the window before
-- ARGV     1 id of the deployment, or "", see log_integrity.lua · 2 channel that wakes the readers of the log
--          3 field of the thread's last event · 4 command key, or "" · 5 digest of the command
--          6 "1" if the command created something, else "0" · 7 position that already set the state, or ""
--          8 window of the key · 9 length of a window in ms
--          10 number of expected heads, then per head: field, position or ""
--          then number of events, and per event: head, e without its closing brace, c, note, marked field or ""
-- Returns  OK <after> <position>…            the events are in the log, or there were none and 7 is returned;
--                                           <after> is the position of the log's last event before them
--          DUP <window> <record>             the key was used before, for this command
--          REUSED                            the key was used before, for another command
--          CONFLICT <field> <position>       a head has another position than expected
--          SKEW <ms>                         the server's time, which is in another window than 8
--
-- Fails with BROKEN <position> <why> if the log is not whole, before any write. Loaded after stream.lua,
-- log_integrity.lua and heads.lua.
--
-- The record of a command key is "<created> <digest> <position>…". The record of a single event, by far the most
-- common, is shorter: <created><digest>, 4 bytes of milliseconds since the window began, 5 bytes of sequence number.
--
-- An error does not roll back earlier writes of a script. So everything that can fail is done before the first XADD:
-- the shape of ARGV is checked, every key is read, and the message is published. Subscribers receive the message only
-- after the script has ended.

local call, match, format, floor = redis.call, string.match, string.format, math.floor
local log, heads, copy, id, key = KEYS[1], KEYS[2], KEYS[3], ARGV[1], ARGV[4]
local last_field, digest, created = ARGV[3], ARGV[5], ARGV[6]
local window, window_ms = tonumber(ARGV[8]), tonumber(ARGV[9])

local last_ms, n, owner, fault = whole(log, copy, id)
if fault then
  return redis.error_reply('BROKEN ' .. fault)
end
local time = call('TIME')
local ms = time[1] * 1000 + floor(time[2] / 1000)
if last_ms > ms then
  ms = last_ms
end

-- Command keys of window w are looked up until window w + 1 ends. One more window is a margin for clock differences.
local expiry = (window + 3) * window_ms

if key ~= '' then
  if floor(ms / window_ms) ~= window then
    return format('SKEW %.0f', ms)
  end
  for i = 4, 5 do
    local record = call('HGET', KEYS[i], key)
    if record then
      if (match(record, '^%d (%S*)') or string.sub(record, 2, -10)) ~= digest then
        return 'REUSED'
      end
      -- Written again so that this connection's WAIT covers the record: on a connection without writes, WAIT returns
      -- at once, whatever the replicas have.
      call('PEXPIREAT', KEYS[i], format('%.0f', expiry + (4 - i) * window_ms))
      return format('DUP %.0f ', window + 4 - i) .. record
    end
  end
end

-- The fields of `heads` to read: the expected ones, those of the events, and the thread's last event.
local fields, expected, events = {}, tonumber(ARGV[10]), {}
for i = 1, expected do
  fields[i] = ARGV[9 + 2 * i]
end
local at = 11 + 2 * expected
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

for i = 1, expected do
  local position = found[i] and match(found[i], HEAD_POSITION) or ''
  if position ~= ARGV[10 + 2 * i] then
    return 'CONFLICT ' .. fields[i] .. ' ' .. position
  end
end

-- The heads that the events change.
local state = {}
for i = expected + 1, #fields do
  local version, position, note = read_head(found[i])
  state[fields[i]] = { version = version, position = position, note = note }
end

local ids, entries = {}, {}
local last = state[last_field]
for i = 1, count do
  local first = at + 5 * i - 4
  local field, mark = ARGV[first], ARGV[first + 4]
  n = n + 1
  local position = format('%.0f-%.0f', ms, n)
  local head = state[field]
  local of_aggregate = head.position ~= '' and '","ap":"' .. head.position or ''
  entries[i] = ARGV[first + 1] .. ',"tp":"' .. last.position .. of_aggregate .. '"}'
  head.version, head.position, head.note = head.version + 1, position, ARGV[first + 3]
  last.position = position
  if mark ~= '' then
    state[mark].position, state[mark].note = position, ARGV[first + 3]
  end
  ids[i] = position
end

local after = format('%.0f-%.0f', last_ms, n - count)
local positions = count > 0 and table.concat(ids, ' ') or ARGV[7]
local is_first = key ~= '' and call('EXISTS', KEYS[4]) == 0

if count > 0 then
  call('SPUBLISH', ARGV[2], '')
  if id ~= '' and owner == id then
    call('SET', copy, id .. ' 0') -- the log gets its first entry
  end
  for i = 1, count do
    call('XADD', log, ids[i], 'e', entries[i], 'c', ARGV[at + 5 * i - 2])
  end
  local written, size = {}, 0
  for field, head in pairs(state) do
    written[size + 1] = field
    written[size + 2] = head_value(head.version, head.position, head.note)
    size = size + 2
  end
  call('HSET', heads, unpack(written))
end
if key ~= '' then
  local record = count == 1 and created .. digest .. struct.pack('>I4I5', ms - window * window_ms, n)
    or created .. ' ' .. digest .. ' ' .. positions
  call('HSET', KEYS[4], key, record)
  if is_first then
    call('PEXPIREAT', KEYS[4], format('%.0f', expiry))
  end
end
return 'OK ' .. after .. ' ' .. positions
