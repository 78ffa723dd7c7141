#!lua
-- Release the caller's own lease of a partition, so that no other worker waits for the lease to expire.
--
-- KEYS     1 lease
-- ARGV     1 nonce
-- Returns  OK    the lease is free
--          LOST  the caller no longer held the lease

local lease, nonce = KEYS[1], ARGV[1]

if redis.call('HGET', lease, 'nonce') ~= nonce then
  return 'LOST'
end
redis.call('DEL', lease)
return 'OK'
