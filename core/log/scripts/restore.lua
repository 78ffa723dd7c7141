#!lua
-- Write entries of a backup into the log unchanged, and advance their heads, atomically.
--
-- KEYS     1 log · 2… the heads of the threads of the entries
-- ARGV     1 position that the entries follow, or "0-0" · 2 field of a thread's last event
--          3 number of entries, and per entry: index of heads in KEYS, position, e, c, head, note, marked field or ""
-- Returns  OK             the entries are written
--          AT <position>  the log ends at another position; nothing is written
--
-- The back pointers of each entry must equal the heads, otherwise the script fails with BROKEN before any write. The
-- heads are rebuilt from the entries alone, as append.lua made them. Loaded after stream.lua, heads.lua and
-- back_pointers.lua.

local log, before, last_field = KEYS[1], ARGV[1], ARGV[2]

local last_id = newest(log)
if last_id ~= before then
  return 'AT ' .. last_id
end

-- Each head is read once and written once.
local states = {}
local function state(key, field)
  states[key] = states[key] or {}
  local heads = states[key]
  if not heads[field] then
    local version, position, note = read_head(redis.call('HGET', key, field))
    heads[field] = { version = version, position = position, note = note }
  end
  return heads[field]
end

local ms, n = numbers(before)
local entries = {}
local at = 3
for _ = 1, tonumber(ARGV[3]) do
  local key, id, e, c = KEYS[tonumber(ARGV[at + 1])], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
  local head, last = state(key, ARGV[at + 5]), state(key, last_field)
  local note, mark = ARGV[at + 6], ARGV[at + 7]
  local id_ms, id_n = numbers(id)
  local thread, aggregate = back_pointers(e)
  if id_n ~= n + 1 or id_ms < ms or thread ~= last.position or aggregate ~= head.position then
    return redis.error_reply('BROKEN the entry at ' .. id .. ' does not follow those before it')
  end
  ms, n = id_ms, id_n
  head.version, head.position, head.note = head.version + 1, id, note
  last.position = id
  if mark ~= '' then
    local marked = state(key, mark)
    marked.position, marked.note = id, note
  end
  entries[#entries + 1] = { id, e, c }
  at = at + 7
end
if at ~= #ARGV then
  return redis.error_reply('ERR restore: the arguments do not add up')
end

for _, entry in ipairs(entries) do
  redis.call('XADD', log, entry[1], 'e', entry[2], 'c', entry[3])
end
for key, heads in pairs(states) do
  for field, head in pairs(heads) do
    redis.call('HSET', key, field, head_value(head.version, head.position, head.note))
  end
end
return 'OK'
