#!lua
-- Accept that entries of a partition's log are lost, so that writes resume. Loaded after log_integrity.lua.
--
-- KEYS     1 log · 2 the partition's copy of the deployment's id
-- ARGV     1 id of the deployment · 2 newest position when inspected · 3 number of entries when inspected
--          4 last position that the log had reached, if all of it is lost, or ""
-- Returns  OK       the loss is accepted
--          CHANGED  the log has changed since it was inspected, or no loss can be accepted; nothing is written
--
-- If all entries are lost, the stream is recreated empty with its last id set, so that sequence numbers continue.

local log, copy, id, last = KEYS[1], KEYS[2], ARGV[1], ARGV[4]

local ms, n, there, fault = whole(log, copy, id)
local length = redis.call('XLEN', log)
if not fault or string.format('%.0f-%.0f', ms, n) ~= ARGV[2] or length ~= tonumber(ARGV[3]) then
  return 'CHANGED'
end
if there and string.match(there, '^%S*') ~= id then
  return 'CHANGED'
end
if length > n then
  return 'CHANGED'
end
if n == 0 and last ~= '' then
  n = tonumber(string.match(last, '%d+$'))
  redis.call('XADD', log, last, 'e', '', 'c', '')
  redis.call('XDEL', log, last)
end
redis.call('SET', copy, n == 0 and id or id .. string.format(' %.0f', n - length))
return 'OK'
