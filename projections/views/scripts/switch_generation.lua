-- Serve other views of a partition from now on, with the commit that brings them up to date, atomically.
--
-- KEYS     1 lease of the builder · 2 cursor of these views · 3 pointer to the served views · 4 generations
--          5 feed · 6 largest id trimmed off the feed · 7 cursor of the currently served views
--          8 versions that have written into these views · 9… the keys of the changes
-- ARGV     1 nonce of the lease · 2 cursor before · 3 cursor after · 4 pointer to these views
--          5 currently served generation · 6 channel that wakes the readers
--          7 retention of feed entries, in ms · 8 maximum number of feed entries
--          9 cursor of the served views if the log has no such event, else ""
--          10 version of the caller · 11 version that stands for an absent set of versions, see changes.lua
--          12 number of feed entries and these, see feed_entries.lua, then changes, see changes.lua
-- Returns  OK                    these views are served
--          DUP                   these views were served before
--          APART <cursor>        the cursor of the served views, which is outside this commit
--          MISMATCH <cursor>     these views are at another cursor
--          FENCED                the lease has another holder or none
--          RETIRED <pointer>     another generation is served than expected
--
-- The feed already has every event that the served views include, and gets the later ones here. So no event is missing
-- or repeated in the feed, even with concurrent commits to the served views: the next such commit returns RETIRED.
-- If the log has lost events that the served views include, the feed has entries of lost events and is cleared. The
-- exchange count of the replaced views is kept, so that a pointer never stands for two states of a page. Loaded after
-- changes.lua, stream.lua and feed_entries.lua.

local lease, cursor, pointer, generations, feed, trimmed = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local nonce, before, after, own, old = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local channel, kept_ms, most, lost = ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[8]), ARGV[9]

if redis.call('HGET', lease, 'nonce') ~= nonce then
  return 'FENCED'
end
local served = redis.call('GET', pointer) or old .. '.0'
local there = redis.call('GET', cursor) or '0-0'
if served == own and there == after then
  return 'DUP'
end
local generation, exchanges = string.match(served, '^(%d+)%.(%d+)$')
if generation ~= old then
  return 'RETIRED ' .. served
end
if there ~= before then
  return 'MISMATCH ' .. there
end
local ours = redis.call('GET', KEYS[7]) or '0-0'
local _, first = numbers(before)
local _, last = numbers(after)
local _, n = numbers(ours)
if lost == '' and (n < first or n > last) or lost ~= '' and ours ~= lost then
  return 'APART ' .. ours
end

local entries, rest = read_entries(12)
local changes = read_changes(rest)
if not changes then
  return redis.error_reply('ERR flip: the arguments do not add up')
end

sign(KEYS[8], ARGV[10], ARGV[11], there)
write(changes)
if lost == '' then
  tell(feed, trimmed, entries, kept_ms, most)
else
  redis.call('DEL', feed)
  redis.call('SET', trimmed, after)
end
redis.call('SET', cursor, after)
redis.call('HSET', generations, old .. ' exchanges', exchanges)
redis.call('SET', pointer, own)
redis.call('SPUBLISH', channel, '')
return 'OK'
