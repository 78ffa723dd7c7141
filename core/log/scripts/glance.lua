#!lua flags=no-writes
-- Heads alone, and the time, for who knows the events behind them already.
--
-- KEYS     1 heads of the thread
-- ARGV     the fields
-- Returns  {ms, head, …}, each as append.lua wrote it, or nil

local time = redis.call('TIME')
local ms = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
return { string.format('%.0f', ms), unpack(redis.call('HMGET', KEYS[1], unpack(ARGV))) }
