#!lua
-- Store how far the log was looked at, and what it asks for. Only the holder of the lease may.
--
-- KEYS     1 lease · 2 cursor · 3 due
-- ARGV     1 nonce of the lease · 2 position of the last event looked at
--          3 … pairs: what is due, and the position of the event that asks for it
-- Returns  OK      the cursor and what is due are stored
--          FENCED  another worker holds the lease

if redis.call('HGET', KEYS[1], 'nonce') ~= ARGV[1] then
  return 'FENCED'
end
redis.call('SET', KEYS[2], ARGV[2])
for at = 3, #ARGV, 2 do
  redis.call('HSET', KEYS[3], ARGV[at], ARGV[at + 1])
end
return 'OK'
