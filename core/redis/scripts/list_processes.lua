#!lua flags=no-writes
-- List the live processes.
--
-- KEYS     1 processes, scored by when they cease to count as alive, in ms of this server's time
-- ARGV     none
-- Returns  their documents

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
return redis.call('ZRANGEBYSCORE', KEYS[1], string.format('(%.0f', now), '+inf')
