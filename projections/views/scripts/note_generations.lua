#!lua
-- Write down of generations of views what they were built by, and strike others off, for who builds in the partition.
--
-- KEYS     1 lease of who builds · 2 pointer to the views that are served · 3 generations
-- ARGV     1 nonce of the lease · 2 generation that the pointer is known to stand for, or nothing · 3 number of generations to strike off
--          then these, then field and value of what is written
-- Returns  OK      it is written
--          FENCED  the lease belongs to somebody else, or to nobody
--          MOVED   another generation is served
--
-- A generation that was struck off is never served or built again, so that its keys may be thrown away at leisure.

local lease, pointer, generations = KEYS[1], KEYS[2], KEYS[3]
local nonce, known, struck = ARGV[1], ARGV[2], tonumber(ARGV[3])

if redis.call('HGET', lease, 'nonce') ~= nonce then
  return 'FENCED'
end
if string.match(redis.call('GET', pointer) or '', '^%d*') ~= known then
  return 'MOVED'
end
for at = 4, 3 + struck do
  redis.call('HDEL', generations, ARGV[at], ARGV[at] .. ' exchanges')
end
for at = 4 + struck, #ARGV, 2 do
  redis.call('HSET', generations, ARGV[at], ARGV[at + 1])
end
return 'OK'
