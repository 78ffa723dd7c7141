-- Write what some events changed in the views of one partition, and the cursor, for who holds the lease: all or nothing.
--
-- KEYS     1 lease · 2 cursor · 3 pointer to the views that are served · 4 feed · 5 largest id trimmed off the feed
--          6 log · 7 versions that have written into these views · 8… the keys of the changes
-- ARGV     1 nonce of the lease · 2 cursor as it was · 3 cursor as it will be
--          4 the pointer where these views are the live ones, "" where they are built beside those
--          5 channel that wakes the readers, and tells them `t` and `k` of each feed entry, where these are few
--          6 for how long feed entries are kept, in ms · 7 how many at most
--          8 SHA-1 of the event that the views will have taken in last (`e`, then `c`), or ""
--          9 version of the caller · 10 version that stands for an absent set of versions, see changes.lua
--          11 number of feed entries and these, see feed_entries.lua, then the changes, see changes.lua; both come first
-- Returns  OK                    it is written
--          DUP                   it was written before
--          MISMATCH <cursor>     the views are somewhere else, or what a thread had there was exchanged, or the log
--                                has no such event
--          FENCED                the lease belongs to somebody else, or to nobody
--          RETIRED <pointer>     another generation is served: these views are live no more
--
-- An error half-way takes nothing back. The values are absolute, so that carrying it out again repairs it; the cursor
-- comes last. Only live views feed and wake; where none are served, these are from now on.

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
-- What was read from a server that another has replaced since may be lost here, though the cursor is the same.
if last ~= '' then
  local entry = redis.call('XRANGE', KEYS[6], after, after)[1]
  if not entry or redis.sha1hex(entry[2][2] .. entry[2][4]) ~= last then
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
