#!lua flags=no-writes
-- Check that a partition's log is whole, and describe it. Loaded after log_integrity.lua.
--
-- KEYS     1 log · 2 the partition's copy of the deployment's id
-- ARGV     1 id of the deployment
-- Returns  {milliseconds of the newest position, its number, copy or "", number of entries, position of the first entry
--          or "", why the log is not whole or ""}

local ms, n, copy, fault = whole(KEYS[1], KEYS[2], ARGV[1])
local first = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
fault = fault and string.match(fault, ' (.*)')
return { ms, n, copy or '', redis.call('XLEN', KEYS[1]), first and first[1] or '', fault or '' }
