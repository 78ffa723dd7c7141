-- Put the views of one thread, written elsewhere, in the place of what it had, if no event of it came since.
--
-- KEYS     1 cursor · 2 pointer to the views that are served · 3 heads of the thread
--          4 versions that have written into the views
--          5… the keys that the thread's views have, and as many that they were written to, in the same order
--          then the keys of the changes
-- ARGV     1 the pointer as it was · 2 the pointer as it will be · 3 field of the thread's last event
--          4 its position, which the views have to have come to · 5 channel that wakes the readers · 6 number of the thread's views
--          7 version of the caller · 8 version that stands for an absent set of versions, see changes.lua
--          then the changes beyond them, see changes.lua, which comes first
-- Returns  OK                 they are exchanged
--          MOVED              another event of the thread came, or the views have not come to this one yet
--          RETIRED <pointer>  something else is served
--
-- Whoever keeps the thread in memory learns of it at the next commit, whose pointer is not the one that is there.

local cursor, pointer, heads = KEYS[1], KEYS[2], KEYS[3]
local before, after, last_field, position = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local channel, views = ARGV[5], tonumber(ARGV[6])

local function parse(text)
  local ms, n = string.match(text, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(n)
end

local served = redis.call('GET', pointer) or before
if served ~= before then
  return 'RETIRED ' .. served
end
local last = string.match(redis.call('HGET', heads, last_field) or '', '^%d+ (%S+)')
local _, n = parse(position)
local there = redis.call('GET', cursor) or '0-0'
local _, come = parse(there)
if last ~= position or come < n then
  return 'MOVED'
end
local changes = read_changes(9)
if not changes then
  return redis.error_reply('ERR exchange: the arguments do not add up')
end

sign(KEYS[4], ARGV[7], ARGV[8], there)
for i = 5, 4 + views do
  redis.call('DEL', KEYS[i])
  if redis.call('EXISTS', KEYS[i + views]) == 1 then
    redis.call('RENAME', KEYS[i + views], KEYS[i])
    redis.call('PERSIST', KEYS[i])
  end
end
write(changes)
redis.call('SET', pointer, after)
redis.call('SPUBLISH', channel, '')
return 'OK'
