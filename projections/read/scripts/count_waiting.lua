#!lua flags=no-writes
-- Count the pending and the reported comments of some threads of one site.
--
-- KEYS  1 generation  2 pending  3 reported
-- ARGV  1 generation of the keys   2… the threads
-- Returns {generation, pending of the first thread, reported of the first, pending of the second, …}
--
-- A queue holds only undecided comments, so it is short enough to scan, in batches.

local generation = redis.call('GET', KEYS[1]) or ARGV[1]
if generation ~= ARGV[1] then
  return {generation}
end
local STEP = 1000
local reply = {generation}
local places = {}
for i = 2, #ARGV do
  places[ARGV[i]] = 2 * (i - 1)
  reply[2 * (i - 1)], reply[2 * i - 1] = 0, 0
end
for key = 2, 3 do
  local at = '-'
  while true do
    local some = redis.call('ZRANGEBYLEX', KEYS[key], at, '+', 'LIMIT', 0, STEP)
    for i = 1, #some do
      local place = places[string.match(some[i], '^%d+ %d+ (%S+) ')]
      if place then
        reply[place + key - 2] = reply[place + key - 2] + 1
      end
    end
    if #some < STEP then
      break
    end
    at = '(' .. some[STEP]
  end
end
return reply
