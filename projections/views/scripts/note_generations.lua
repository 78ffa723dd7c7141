#!lua
-- Register how generations of views were built, and remove others, for the builder of the partition.
--
-- KEYS     1 lease of the builder · 2 pointer to the served views · 3 generations
-- ARGV     1 nonce of the lease · 2 generation that the pointer is expected to name, or "" · 3 number of generations to
--          remove
--          then these, then field and value per entry to write
-- Returns  OK      the entries are written
--          FENCED  the lease has another holder or none
--          MOVED   another generation is served
--
-- A removed generation is never served or built again, so that its keys may be deleted at any later time.

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
