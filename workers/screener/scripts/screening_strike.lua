#!lua
-- Strike out what was done, unless a later event asks for it again. Only the holder of the lease may.
--
-- KEYS     1 lease · 2 due
-- ARGV     1 nonce of the lease · 2 what was done · 3 position of the event that asked for it
-- Returns  OK      it is not due any more, or a later event asks for it
--          FENCED  another worker holds the lease

if redis.call('HGET', KEYS[1], 'nonce') ~= ARGV[1] then
  return 'FENCED'
end
if redis.call('HGET', KEYS[2], ARGV[2]) == ARGV[3] then
  redis.call('HDEL', KEYS[2], ARGV[2])
end
return 'OK'
