#!lua
-- Say that a worker or process is alive, or that it leaves, and tell which ones are alive.
--
-- KEYS     1 workers or processes, by until when they count as alive, in ms of this server's time
-- ARGV     1 the member: name of the worker, or document of the process · 2 for how long its word counts, in ms · 3 "1" where it is alive, "0" where it leaves
-- Returns  the names of all that are alive now
--
-- An entry that would count for longer than one can was written before the clock jumped back: its worker comes again,
-- or is gone. The key goes with the last of them.

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
