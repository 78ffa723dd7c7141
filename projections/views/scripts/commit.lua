-- Write the changes of some events, and the cursor, to the views of one partition for the lease holder, atomically.
--
-- KEYS     1 lease · 2 cursor · 3 pointer to the served views · 4 feed · 5 largest id trimmed off the feed
--          6 log · 7 versions that have written into these views · 8… the keys of the changes
-- ARGV     1 nonce of the lease · 2 cursor before · 3 cursor after
--          4 the pointer if these views are the live ones, "" if they are built beside the live ones
--          5 channel that wakes the readers; the message has `t` and `k` of each feed entry if these are few
--          6 retention of feed entries, in ms · 7 maximum number of feed entries
--          8 SHA-1 of the `e` of the last event that the views will include, or ""
--          9 version of the caller · 10 version that stands for an absent set of versions, see changes.lua
--          11 number of feed entries and these, see feed_entries.lua, then changes, see changes.lua
-- Returns  OK                    the commit is written
--          DUP                   the commit was written before
--          MISMATCH <cursor>     the views are at another cursor, or a thread's views were exchanged, or the log
--                                has no such event
--          FENCED                the lease has another holder or none
--          RETIRED <pointer>     another generation is served: these views are no longer live
--
-- An error does not roll back earlier writes. The values are absolute, so that a retry repairs them; the cursor is
-- written last. Only live views write to the feed and wake readers. If no views are served, these are from now on.
-- Loaded after changes.lua, stream.lua and feed_entries.lua.

local lease, cursor, pointer, feed, trimmed = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local nonce, before, after, own = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local channel, kept_ms, most, last = ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8]
local live = own ~= ''

if redis.call('HGET', lease, 'nonce') ~= nonce then
  return 'FENCED'
end
local is_first = live and redis.call('EXISTS', pointer) == 0
local served = live and redis.call('GET', pointer) or own
if string.match(served, '^%d+') ~= string.match(own, '^%d+') then
  return 'RETIRED ' .. served
end
local there = redis.call('GET', cursor) or '0-0'
if there == after then
  return 'DUP'
end
if there ~= before or served ~= own then
  return 'MISMATCH ' .. there
end
-- After a failover, an event that was read from the old server may be missing here, though the cursor is the same.
if last ~= '' then
  local entry = redis.call('XRANGE', KEYS[6], after, after)[1]
  if not entry or redis.sha1hex(entry[2][2]) ~= last then
    return 'MISMATCH ' .. there
  end
end

local entries, rest = read_entries(11)
local changes = read_changes(rest)
if not changes then
  return redis.error_reply('ERR commit: the arguments do not add up')
end

sign(KEYS[7], ARGV[9], ARGV[10], there)
if is_first then
  redis.call('SET', pointer, own)
end
write(changes)

if live then
  tell(feed, trimmed, entries, kept_ms, most)
  redis.call('SPUBLISH', channel, named(entries))
end
redis.call('SET', cursor, after)
return 'OK'
