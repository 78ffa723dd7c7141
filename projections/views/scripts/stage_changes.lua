-- Write a part of a commit's changes to views that are not read yet; the commit itself then only moves the cursor.
--
-- KEYS     1 lease of the builder · 2 cursor · 3 pointer to the served views
--          4 versions that have written into these views · 5… the keys of the changes
-- ARGV     1 nonce of the lease · 2 current cursor · 3 generation of these views
--          4 version of the caller · 5 version that stands for an absent set of versions, see changes.lua
--          then the changes, see changes.lua, which is loaded first
-- Returns  OK                    the changes are written
--          MISMATCH <cursor>     the views are at another cursor
--          FENCED                the lease has another holder or none
--          RETIRED <pointer>     these views are served, and change only together with their cursor
--
-- Staging keeps every script short, however large a commit is. An unfinished commit is detected by the position of the
-- thread, which is written first.

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
