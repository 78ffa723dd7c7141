#!lua
-- Note who has a name. The first owner of a name keeps it until they were not seen for as long as names are kept.
--
-- KEYS     1 the names
-- ARGV     1 digest of the look of the name · 2 id of its owner · 3 the time · 4 milliseconds for which names are kept
--          5 most names
-- Returns  nothing

local names, look, owner, now = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])
local before = redis.call('HGET', names, look)
if before then
  local id, at = string.match(before, '^(%S+) (%d+)$')
  if id ~= owner and tonumber(at) > now - tonumber(ARGV[4]) then
    return
  end
elseif redis.call('HLEN', names) >= tonumber(ARGV[5]) then
  return
end
redis.call('HSET', names, look, owner .. ' ' .. ARGV[3])
redis.call('PEXPIRE', names, ARGV[4])
