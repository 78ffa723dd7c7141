-- Appending of changes to the feed of a partition by commits. Does nothing by itself; loaded after changes.lua and
-- stream.lua.
--
-- ARGV     from a given index on: number of entries, and each as `<position> <t> <k>`

local ENTRY = '^(%S+) (%S+) (.+)$'

-- The entries whose number is at this index of ARGV, and the index after them.
local function read_entries(at)
  local entries = {}
  for place = at + 1, at + tonumber(ARGV[at]) do
    entries[#entries + 1] = ARGV[place]
  end
  return entries, at + #entries + 1
end

-- `t` and `k` of the entries, one per line; empty if there are many entries.
local function named(entries)
  local lines = {}
  for _, entry in ipairs(#entries <= 16 and entries or {}) do
    local _, t, k = string.match(entry, ENTRY)
    lines[#lines + 1] = t
    lines[#lines + 1] = k
  end
  return table.concat(lines, '\n')
end

-- Drop the entries that are too old. Returns the newest of them, or nil if there are none.
local function drop_old(feed, kept_ms)
  local time = redis.call('TIME')
  local oldest = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000) - kept_ms
  local old = redis.call('XREVRANGE', feed, string.format('%.0f', oldest - 1), '-', 'COUNT', 1)[1]
  if old then
    redis.call('XTRIM', feed, 'MINID', '=', string.format('%.0f', oldest))
    return old[1]
  end
end

-- Drop the entries above the maximum number. Returns the newest of them, or nil if there are none.
local function drop_excess(feed, most)
  local excess = redis.call('XLEN', feed) - most
  if excess > 0 then
    local gone = redis.call('XRANGE', feed, '-', '+', 'COUNT', excess)[excess][1]
    redis.call('XTRIM', feed, 'MAXLEN', '=', most)
    return gone
  end
end

-- Add the entries that the feed does not have yet. Drop excess entries, and once per second the entries too old.
local function tell(feed, trimmed, entries, kept_ms, most)
  if #entries == 0 then
    return
  end
  local last_ms, last_n = numbers((newest(feed)))
  local is_new = false
  local id, t, k
  for _, entry in ipairs(entries) do
    id, t, k = string.match(entry, ENTRY)
    if not is_new then -- entries are ordered: all after a new one are new
      local ms, n = numbers(id)
      is_new = ms > last_ms or (ms == last_ms and n > last_n)
    end
    if is_new then
      redis.call('XADD', feed, id, 't', t, 'k', k)
    end
  end
  local newest_ms = numbers(id)
  local is_new_second = math.floor(newest_ms / 1000) ~= math.floor(last_ms / 1000)
  local gone = is_new_second and drop_old(feed, kept_ms)
  gone = drop_excess(feed, most) or gone
  if gone then
    redis.call('SET', trimmed, gone)
  end
end

