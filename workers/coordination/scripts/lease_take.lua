#!lua
-- Take the lease of a partition, unless another holder's lease has not expired. Also renews the caller's own lease.
--
-- KEYS     1 lease
-- ARGV     1 nonce, new for every acquisition · 2 name of the worker · 3 duration of the lease, in ms
-- Returns  OK                  the caller holds the lease
--          HELD <ms> <worker>  another worker holds the lease for this many ms
--
-- A lease with more time left than the duration was written before the clock was set back, and counts as expired.

local lease, nonce, worker, lasts = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local found = redis.call('HMGET', lease, 'nonce', 'worker', 'until')
local left = (tonumber(found[3]) or 0) - now

if found[1] and found[1] ~= nonce and left > 0 and left <= lasts then
  return string.format('HELD %.0f %s', left, found[2] or '')
end
redis.call('HSET', lease, 'nonce', nonce, 'worker', worker, 'until', string.format('%.0f', now + lasts))
return 'OK'
