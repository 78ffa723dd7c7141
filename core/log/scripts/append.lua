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

local log, heads = KEYS[1], KEYS[2]
local channel, last_field = ARGV[1], ARGV[2]
local key, digest, created, settled = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local window, window_ms = tonumber(ARGV[7]), tonumber(ARGV[8])

-- Position of the newest entry. Where the log was trimmed to nothing, only the stream knows how far it had come.
local function newest()
  local entry = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
  if entry then
    return entry[1]
  end
  if redis.call('EXISTS', log) == 1 then
    local info = redis.call('XINFO', 'STREAM', log)
    for i = 1, #info, 2 do
      if info[i] == 'last-generated-id' then
        return info[i + 1]
      end
    end
  end
  return '0-0'
end

-- Command keys of window w are looked up until window w + 1 ends; one more is a margin for clocks that differ.
local function keep(commands, of_window)
  redis.call('PEXPIREAT', commands, string.format('%.0f', (of_window + 3) * window_ms))
end

local function digest_of(record)
  return string.match(record, '^%d (%S*)') or string.sub(record, 2, -10)
end

local last_ms, n = string.match(newest(), '^(%d+)-(%d+)$')
local time = redis.call('TIME')
local ms = math.max(tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000), tonumber(last_ms))
n = tonumber(n)

if key ~= '' then
  if math.floor(ms / window_ms) ~= window then
    return string.format('SKEW %.0f', ms)
  end
  for i = 3, 4 do
    local record = redis.call('HGET', KEYS[i], key)
    if record then
      if digest_of(record) ~= digest then
        return 'REUSED'
      end
      -- Written again so that this connection's WAIT waits for the record: a connection that has written nothing is
      -- answered at once, whatever the replicas have.
      keep(KEYS[i], window + 3 - i)
      return string.format('DUP %.0f ', window + 3 - i) .. record
    end
  end
end

local expected, events, fields = {}, {}, { last_field }
local at = 9
for _ = 1, tonumber(ARGV[at]) do
  expected[#expected + 1] = { field = ARGV[at + 1], position = ARGV[at + 2] }
  fields[#fields + 1] = ARGV[at + 1]
  at = at + 2
end
at = at + 1
for _ = 1, tonumber(ARGV[at]) do
  local event = { head = ARGV[at + 1], e = ARGV[at + 2], c = ARGV[at + 3], note = ARGV[at + 4], mark = ARGV[at + 5] }
  events[#events + 1] = event
  fields[#fields + 1] = event.head
  if event.mark ~= '' then
    fields[#fields + 1] = event.mark
  end
  at = at + 5
end
if at ~= #ARGV then
  return redis.error_reply('ERR append: the arguments do not add up')
end

-- A head is kept as "<version> <position> <note>", without version 1, as most have, and without an empty note.
local state = {}
local found = redis.call('HMGET', heads, unpack(fields))
for i, field in ipairs(fields) do
  if found[i] then
    local version, position, note = string.match(found[i], '^(%d-) ?(%d+%-%d+) ?(.*)$')
    state[field] = { version = tonumber(version) or 1, position = position, note = note }
  else
    state[field] = { version = 0, position = '', note = '' }
  end
end

for _, head in ipairs(expected) do
  local position = state[head.field].position
  if position ~= head.position then
    return 'CONFLICT ' .. head.field .. ' ' .. position
  end
end

local ids, changed = {}, {}
for _, event in ipairs(events) do
  n = n + 1
  local id = string.format('%.0f-%.0f', ms, n)
  local head, last = state[event.head], state[last_field]
  local of_aggregate = head.position ~= '' and '","ap":"' .. head.position or ''
  event.e = event.e .. ',"tp":"' .. last.position .. of_aggregate .. '"}'
  head.version, head.position, head.note = head.version + 1, id, event.note
  last.position = id
  changed[event.head], changed[last_field] = true, true
  if event.mark ~= '' then
    state[event.mark].position = id
    changed[event.mark] = true
  end
  ids[#ids + 1] = id
end

local positions = #ids > 0 and table.concat(ids, ' ') or settled
local is_first = key ~= '' and redis.call('EXISTS', KEYS[3]) == 0

if #ids > 0 then
  redis.call('SPUBLISH', channel, '')
  for i, event in ipairs(events) do
    redis.call('XADD', log, ids[i], 'e', event.e, 'c', event.c)
  end
  local written = {}
  for field in pairs(changed) do
    local head = state[field]
    written[#written + 1] = field
    written[#written + 1] = (head.version ~= 1 and string.format('%.0f ', head.version) or '')
      .. head.position
      .. (head.note ~= '' and ' ' .. head.note or '')
  end
  redis.call('HSET', heads, unpack(written))
end
if key ~= '' then
  local record = #ids == 1 and created .. digest .. struct.pack('>I4I5', ms - window * window_ms, n)
    or created .. ' ' .. digest .. ' ' .. positions
  redis.call('HSET', KEYS[3], key, record)
  if is_first then
    keep(KEYS[3], window)
  end
end
return 'OK ' .. positions
