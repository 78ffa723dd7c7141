#!lua flags=no-writes
-- List which of some commands the caller's account may not run. The commands are not executed.
--
-- KEYS     none
-- ARGV     per command: number of its words, then the words
-- Returns  the numbers of the denied commands, from 1; none if the server cannot check

local denied = {}
if not redis.acl_check_cmd then
  return denied
end
local at, number = 1, 0
while at <= #ARGV do
  local words = tonumber(ARGV[at])
  number = number + 1
  -- A command unknown to the server raises an error, and does not count as denied.
  local known, allowed = pcall(redis.acl_check_cmd, unpack(ARGV, at + 1, at + words))
  if known and not allowed then
    denied[#denied + 1] = number
  end
  at = at + 1 + words
end
return denied
