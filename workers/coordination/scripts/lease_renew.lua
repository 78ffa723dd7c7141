#!lua
-- Extend the caller's own lease of a partition. An expired lease is extended too, if no other worker took it since.
--
-- KEYS     1 lease
-- ARGV     1 nonce · 2 duration from now, in ms
-- Returns  OK    the lease is extended
--          LOST  the caller no longer holds the lease

local lease, nonce, lasts = KEYS[1], ARGV[1], tonumber(ARGV[2])

if redis.call('HGET', lease, 'nonce') ~= nonce then
  return 'LOST'
end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
redis.call('HSET', lease, 'until', string.format('%.0f', now + lasts))
return 'OK'
