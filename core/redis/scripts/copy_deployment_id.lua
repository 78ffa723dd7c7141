#!lua
-- Write a partition's copy of the deployment's id, unless the partition contradicts it. Loaded after log_integrity.lua.
--
-- KEYS     1 log · 2 the partition's copy of the deployment's id
-- ARGV     1 id of the deployment · 2 "" if possibly no partition has a copy yet, "0" if the copies may be of an
--          earlier id of the deployment, "1" if every partition had its copy once
-- Returns  COPIED   the partition has its copy
--          OTHER    the partition has the copy of another deployment
--          EMPTY    the partition has lost its copy and all entries
--          BROKEN   the partition has no copy, and its log is not whole
--
-- An existing copy is written again, so that this connection's WAIT covers it.

local log, copy, id, copied = KEYS[1], KEYS[2], ARGV[1], ARGV[2]

local ms, n, there, fault = whole(log, copy, '')
local begun = ms > 0 or n > 0
if there then
  local owner, rest = string.match(there, '^(%S*)(.*)$')
  if owner ~= id and copied ~= '0' then
    return 'OTHER'
  end
  redis.call('SET', copy, id .. ((rest == '' and begun) and ' 0' or rest))
  return 'COPIED'
elseif fault then
  return 'BROKEN'
elseif begun then
  redis.call('SET', copy, id .. ' 0')
  return 'COPIED'
elseif copied == '1' then
  return 'EMPTY'
end
redis.call('SET', copy, id)
return 'COPIED'
