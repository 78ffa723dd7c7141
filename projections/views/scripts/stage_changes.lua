-- Write a part of what a commit changes into views that nobody reads yet; the commit then moves the cursor alone.
--
-- KEYS     1 lease of who builds · 2 cursor · 3 pointer to the views that are served
--          4 versions that have written into these views · 5… the keys of the changes
-- ARGV     1 nonce of the lease · 2 cursor as it is · 3 generation of these views
--          4 version of the caller · 5 version that stands for an absent set of versions, see changes.lua
--          then the changes, see changes.lua, which comes first
-- Returns  OK                    it is written
--          MISMATCH <cursor>     the views are somewhere else
--          FENCED                the lease belongs to somebody else, or to nobody
--          RETIRED <pointer>     these views are served, and change only together with their cursor
--
-- So that no script takes long, however much a commit changes. One that never comes to its end is found by the
-- position of the thread, which is written first.

local lease, cursor, pointer = KEYS[1], KEYS[2], KEYS[3]
local nonce, expected, own = ARGV[1], ARGV[2], ARGV[3]

if redis.call('HGET', lease, 'nonce') ~= nonce then
  return 'FENCED'
end
local served = redis.call('GET', pointer)
if served and string.match(served, '^%d+') == own then
  return 'RETIRED ' .. served
end
local there = redis.call('GET', cursor) or '0-0'
if there ~= expected then
  return 'MISMATCH ' .. there
end
local changes = read_changes(6)
if not changes then
  return redis.error_reply('ERR spread: the arguments do not add up')
end
sign(KEYS[4], ARGV[4], ARGV[5], there)
write(changes)
return 'OK'
