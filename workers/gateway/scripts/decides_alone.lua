#!lua flags=no-writes
-- Whether no other moderator of a site decided anything for some time.
--
-- KEYS     1 deciders (note_decider.lua)
-- ARGV     1 the moderator · 2 the time, in ms
-- Returns  1 if so; 0 if not, and while the record does not go back that far

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local since = now - tonumber(ARGV[2])
local begun = redis.call('ZSCORE', KEYS[1], '*')
if not begun or tonumber(begun) > since then
  return 0
end
local found = redis.call('ZRANGEBYSCORE', KEYS[1], string.format('(%.0f', since), '+inf', 'LIMIT', 0, 2)
for i = 1, #found do
  if found[i] ~= ARGV[1] then
    return 0
  end
end
return 1
