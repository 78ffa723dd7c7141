#!lua
-- Give one's own lease of a partition back, so that nobody has to wait for it to run out.
--
-- KEYS     1 lease
-- ARGV     1 nonce
-- Returns  OK    it is free
--          LOST  it was not yours any more

local lease, nonce = KEYS[1], ARGV[1]

if redis.call('HGET', lease, 'nonce') ~= nonce then
  return 'LOST'
end
redis.call('DEL', lease)
return 'OK'
