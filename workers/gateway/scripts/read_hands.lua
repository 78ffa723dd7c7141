#!lua flags=no-writes
-- List the hands of a site that have not expired.
--
-- KEYS     1 hands
-- ARGV     1 duration of a hand, in ms
-- Returns  `<ms left> <since, ms> <member> <thread> <comment>` of each

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local lasts = tonumber(ARGV[1])
local found = redis.call('HGETALL', KEYS[1])
local lines = {}
for i = 1, #found, 2 do
  local ends, begun, item = string.match(found[i + 1], '^(%d+) (%d+) (.+)$')
  local left = tonumber(ends) - now
  if left > 0 and left <= lasts then
    lines[#lines + 1] = string.format('%.0f', left) .. ' ' .. begun .. ' ' .. found[i] .. ' ' .. item
  end
end
return lines
