#!lua
-- Write what some events changed in the views of one partition, and the cursor, for who holds the lease: all or nothing.
--
-- KEYS     1 lease · 2 cursor · 3 generation that is served · 4 feed · 5 largest id trimmed off the feed
--          6… the keys of the changes
-- ARGV     1 nonce of the lease · 2 cursor as it was · 3 cursor as it will be · 4 generation of these views
--          5 channel that wakes the readers · 6 for how long feed entries are kept, in ms · 7 how many at most
--          8 number of feed entries, then of each: position, `t`, `k`
--          then number of changes, and of each: command, its key's place in KEYS, number of arguments, arguments
-- Returns  OK                 it is written
--          DUP                it was written before
--          MISMATCH <cursor>  the views are somewhere else
--          FENCED             the lease belongs to somebody else, or to nobody
--
-- An error half-way takes nothing back. The values are absolute, so that carrying it out again repairs it; the cursor
-- comes last. Only the generation that is served feeds and wakes; where none is, it is this one from now on.

local lease, cursor, generation, feed, trimmed = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local nonce, before, after, own, channel = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local kept_ms, most = tonumber(ARGV[6]), tonumber(ARGV[7])
local MOST_ARGUMENTS = 6000 -- of one command; even, so that pairs stay together

local function parse(position)
  local ms, n = string.match(position, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(n)
end

if redis.call('HGET', lease, 'nonce') ~= nonce then
  return 'FENCED'
end
local there = redis.call('GET', cursor) or '0-0'
if there == after then
  return 'DUP'
end
if there ~= before then
  return 'MISMATCH ' .. there
end

local entries, changes = {}, {}
local at = 8
for _ = 1, tonumber(ARGV[at]) do
  entries[#entries + 1] = at + 1
  at = at + 3
end
at = at + 1
for _ = 1, tonumber(ARGV[at]) do
  local change = { command = ARGV[at + 1], key = KEYS[tonumber(ARGV[at + 2])], first = at + 4 }
  at = at + 3 + tonumber(ARGV[at + 3])
  change.last = at
  if not change.key then
    return redis.error_reply('ERR commit: a change without a key')
  end
  changes[#changes + 1] = change
end
if at ~= #ARGV then
  return redis.error_reply('ERR commit: the arguments do not add up')
end

local served = redis.call('GET', generation)
if not served then
  redis.call('SET', generation, own)
  served = own
end

for _, change in ipairs(changes) do
  if change.last < change.first then
    redis.call(change.command, change.key)
  end
  for first = change.first, change.last, MOST_ARGUMENTS do
    local last = math.min(first + MOST_ARGUMENTS - 1, change.last)
    redis.call(change.command, change.key, unpack(ARGV, first, last))
  end
end

-- The last id that the feed ever had; a stream that was trimmed to nothing still knows it.
local function newest()
  if redis.call('EXISTS', feed) == 0 then
    return '0-0'
  end
  local info = redis.call('XINFO', 'STREAM', feed)
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then
      return info[i + 1]
    end
  end
end

local function trim()
  local gone
  local time = redis.call('TIME')
  local oldest = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000) - kept_ms
  local old = redis.call('XREVRANGE', feed, string.format('%.0f', oldest - 1), '-', 'COUNT', 1)[1]
  if old then
    gone = old[1]
    redis.call('XTRIM', feed, 'MINID', '=', string.format('%.0f', oldest))
  end
  local excess = redis.call('XLEN', feed) - most
  if excess > 0 then
    gone = redis.call('XRANGE', feed, '-', '+', 'COUNT', excess)[excess][1]
    redis.call('XTRIM', feed, 'MAXLEN', '=', most)
  end
  if gone then
    redis.call('SET', trimmed, gone)
  end
end

if served == own then
  if #entries > 0 then
    local last_ms, last_n = parse(newest())
    for _, entry in ipairs(entries) do
      local ms, n = parse(ARGV[entry])
      if ms > last_ms or (ms == last_ms and n > last_n) then
        redis.call('XADD', feed, ARGV[entry], 't', ARGV[entry + 1], 'k', ARGV[entry + 2])
      end
    end
    trim()
  end
  redis.call('SPUBLISH', channel, '')
end
redis.call('SET', cursor, after)
return 'OK'
