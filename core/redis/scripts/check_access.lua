#!lua flags=no-writes
-- Which of some commands the caller's account may not run. None of them is carried out.
--
-- KEYS     none
-- ARGV     of each command: number of its words, then these
-- Returns  the numbers of those that are denied, from 1; none where the server cannot tell

local denied = {}
if not redis.acl_check_cmd then
  return denied
end
local at, number = 1, 0
while at <= #ARGV do
  local words = tonumber(ARGV[at])
  number = number + 1
  -- A command that the server does not know is an error, and not denied.
  local known, allowed = pcall(redis.acl_check_cmd, unpack(ARGV, at + 1, at + words))
  if known and not allowed then
    denied[#denied + 1] = number
  end
  at = at + 1 + words
end
return denied
