-- Replace the views of one thread by views written elsewhere, unless the thread has newer events.
--
-- KEYS     1 cursor · 2 pointer to the served views · 3 heads of the thread
--          4 versions that have written into the views
--          5… the keys of the thread's views, then the keys of their replacements, in the same order
--          then the keys of the changes
-- ARGV     1 pointer before · 2 pointer after · 3 field of the thread's last event
--          4 its position, which the views must have reached · 5 channel that wakes the readers
--          6 number of the thread's views
--          7 version of the caller · 8 version that stands for an absent set of versions, see changes.lua
--          then the changes to other views, see changes.lua
-- Returns  OK                 the views are exchanged
--          MOVED              the thread has a newer event, or the views have not reached this one yet
--          RETIRED <pointer>  other views are served
--
-- A process that caches the thread notices the exchange at its next commit, which names the previous pointer. Loaded
-- after changes.lua, stream.lua and heads.lua.

local cursor, pointer, heads = KEYS[1], KEYS[2], KEYS[3]
local before, after, last_field, position = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local channel, views = ARGV[5], tonumber(ARGV[6])

local served = redis.call('GET', pointer) or before
if served ~= before then
  return 'RETIRED ' .. served
end
local _, last = read_head(redis.call('HGET', heads, last_field))
local _, n = numbers(position)
local there = redis.call('GET', cursor) or '0-0'
local _, come = numbers(there)
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
