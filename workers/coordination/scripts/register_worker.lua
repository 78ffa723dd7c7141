#!lua
-- Register a worker or process as alive, or remove it, and list the live ones.
--
-- KEYS     1 workers or processes, scored by when they cease to count as alive, in ms of this server's time
-- ARGV     1 the member: name of the worker, or document of the process · 2 TTL of the registration, in ms
--          3 "1" if the member is alive, "0" if it leaves
-- Returns  the members that are alive now
--
-- An entry with more time left than the TTL was written before the clock was set back, and is removed: its worker
-- registers again, or is gone. The key is deleted with its last entry.

local workers = KEYS[1]
local worker, lasts, alive = ARGV[1], tonumber(ARGV[2]), ARGV[3] == '1'

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
redis.call('ZREMRANGEBYSCORE', workers, '-inf', string.format('%.0f', now))
redis.call('ZREMRANGEBYSCORE', workers, string.format('(%.0f', now + lasts), '+inf')
if alive then
  redis.call('ZADD', workers, string.format('%.0f', now + lasts), worker)
  redis.call('PEXPIRE', workers, lasts)
else
  redis.call('ZREM', workers, worker)
end
return redis.call('ZRANGE', workers, 0, -1)
