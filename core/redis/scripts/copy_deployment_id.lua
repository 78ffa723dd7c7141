#!lua
-- Give a partition its copy of the deployment's id, where nothing speaks against it. Comes behind log_integrity.lua.
--
-- KEYS     1 log · 2 the partition's copy of the deployment's id
-- ARGV     1 id of the deployment · 2 "" where it may be that no partition has a copy yet, "0" where the copies may be of
--          an id that the deployment had before, "1" where every partition had its copy once
-- Returns  COPIED   it has its copy
--          OTHER    it has that of another deployment
--          EMPTY    it has lost its copy, and all entries with it
--          BROKEN   it has no copy, and a log that is not whole
--
-- A copy that is there is written again, so that who waits for this connection's writes waits for it.

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
