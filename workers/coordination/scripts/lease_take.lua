#!lua
-- Take the lease of a partition, unless somebody else holds one that has not run out. Also renews one's own.
--
-- KEYS     1 lease
-- ARGV     1 nonce, new for every taking · 2 name of the worker · 3 how long it lasts, in ms
-- Returns  OK                  it is yours
--          HELD <ms> <worker>  it is somebody else's for so long
--
-- A lease that would last longer than one can be given was written before the clock jumped back: it has run out.

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
