-- Write what some events changed in the views of one partition, and the cursor, for who holds the lease: all or nothing.
--
-- KEYS     1 lease · 2 cursor · 3 generation that is served · 4 exchanges of these views · 5 feed
--          6 largest id trimmed off the feed · 7… the keys of the changes
-- ARGV     1 nonce of the lease · 2 cursor as it was · 3 cursor as it will be · 4 generation of these views
--          5 "live" where they are the served ones, "beside" where they are built beside those · 6 exchanges as known
--          7 channel that wakes the readers · 8 for how long feed entries are kept, in ms · 9 how many at most
--          10 number of feed entries and these, see feeding.lua, then the changes, see changes.lua; both come first
-- Returns  OK                    it is written
--          DUP                   it was written before
--          MISMATCH <cursor>     the views are somewhere else, or what a thread had there was exchanged
--          FENCED                the lease belongs to somebody else, or to nobody
--          RETIRED <generation>  another generation is served: these views are live no more
--
-- An error half-way takes nothing back. The values are absolute, so that carrying it out again repairs it; the cursor
-- comes last. Only live views feed and wake; where no generation is served, it is theirs from now on.

local lease, cursor, generation, exchanges, feed, trimmed = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local nonce, before, after, own, mode, known = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local channel, kept_ms, most = ARGV[7], tonumber(ARGV[8]), tonumber(ARGV[9])

if redis.call('HGET', lease, 'nonce') ~= nonce then
  return 'FENCED'
end
local served = redis.call('GET', generation)
if mode == 'live' and served and served ~= own then
  return 'RETIRED ' .. served
end
local there = redis.call('GET', cursor) or '0-0'
if there == after then
  return 'DUP'
end
if there ~= before or (redis.call('GET', exchanges) or '0') ~= known then
  return 'MISMATCH ' .. there
end

local entries, rest = read_entries(10)
local changes = read_changes(rest)
if not changes then
  return redis.error_reply('ERR commit: the arguments do not add up')
end

if mode == 'live' and not served then
  redis.call('SET', generation, own)
end
write(changes)

if mode == 'live' then
  tell(feed, trimmed, entries, kept_ms, most)
  redis.call('SPUBLISH', channel, '')
end
redis.call('SET', cursor, after)
return 'OK'
