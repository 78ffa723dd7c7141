-- Serve other views of a partition from now on, with the commit that brings them level: all or nothing.
--
-- KEYS     1 lease of who builds · 2 cursor of these views · 3 pointer to the views that are served · 4 generations
--          5 feed · 6 largest id trimmed off the feed · 7 cursor of the views that are served now
--          8 versions that have written into these views · 9… the keys of the changes
-- ARGV     1 nonce of the lease · 2 cursor as it was · 3 cursor as it will be · 4 pointer to these views
--          5 generation that is served now · 6 channel that wakes the readers
--          7 for how long feed entries are kept, in ms · 8 how many at most
--          9 cursor of the served views where the log has no such event, and else nothing
--          10 version of the caller · 11 version that stands for an absent set of versions, see changes.lua
--          12 number of feed entries and these, see feed_entries.lua, then the changes, see changes.lua; both come first
-- Returns  OK                    these views are served
--          DUP                   they were before
--          APART <cursor>        the served views are not within this commit, but there
--          MISMATCH <cursor>     these views are somewhere else
--          FENCED                the lease belongs to somebody else, or to nobody
--          RETIRED <pointer>     another generation is served than was thought
--
-- Whatever the served views have taken in, the feed was told; what they have not, it is told here. So nothing is told
-- twice or never, whether or not somebody commits to them meanwhile, whose next commit finds that they are retired.
-- Where the log has lost what the served views have, the feed tells of what never was: it begins anew. How often
-- threads were exchanged in the views that were served is kept: a pointer never stands for two states of a page.

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
local _, first = parse(before)
local _, last = parse(after)
local _, n = parse(ours)
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
