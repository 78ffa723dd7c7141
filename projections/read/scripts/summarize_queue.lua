#!lua flags=no-writes
-- Summarize one partition's part of a site's moderation queue, and the decisions since a position.
--
-- KEYS  1 generation  2 pending  3 reported  4 decisions  5 removals  6 appeals  7 notices
--       8 labelled
-- ARGV  1 generation of the keys   2 the lower bound of the decisions, as of ZRANGEBYLEX
--       3 maximum number of threads   4 maximum number of members of a listing that are examined
--       5 only threads with this label, or empty
-- Returns {generation, number pending, number reported, oldest, threads, decisions, number of removals, of appeals,
-- of notices}: `oldest` is the time, in ms, since which the oldest of the first two waits, or empty; a thread is
-- `<thread> <pending> <reported>`, and a decision
-- `<time, ms> <by> <since, ms, or *>`, one per line. The threads are those with the most.

local generation = redis.call('GET', KEYS[1]) or ARGV[1]
if generation ~= ARGV[1] then
  return {generation}
end
local STEP = 1000
local most, label = tonumber(ARGV[4]), ARGV[5]

local known = {}
local function is_wanted(member)
  if label == '' then
    return true
  end
  local thread = string.match(member, '^%d+ %d+ (%S+) ')
  if known[thread] == nil then
    known[thread] = redis.call('ZSCORE', KEYS[8], label .. ' ' .. thread) and true or false
  end
  return known[thread]
end

local function each(key, at, take)
  local examined = 0
  while examined < most do
    local some = redis.call('ZRANGEBYLEX', key, at, '+', 'LIMIT', 0, math.min(STEP, most - examined))
    for i = 1, #some do
      if is_wanted(some[i]) then
        take(some[i])
      end
    end
    examined = examined + #some
    if #some < STEP then
      break
    end
    at = '(' .. some[#some]
  end
end

local function size(key)
  if label == '' then
    return redis.call('ZCARD', key)
  end
  local n = 0
  each(key, '-', function()
    n = n + 1
  end)
  return n
end

local threads, names, oldest = {}, {}, ''
for key = 2, 3 do
  each(KEYS[key], '-', function(member)
    local ms, thread = string.match(member, '^(%d+) %d+ (%S+) ')
    if oldest == '' or ms < oldest then
      oldest = ms
    end
    if not threads[thread] then
      threads[thread] = {0, 0}
      names[#names + 1] = thread
    end
    threads[thread][key - 1] = threads[thread][key - 1] + 1
  end)
end
table.sort(names, function(a, b)
  local one, other = threads[a][1] + threads[a][2], threads[b][1] + threads[b][2]
  if one ~= other then
    return one > other
  end
  return a < b
end)
local lines = {}
for i = 1, math.min(#names, tonumber(ARGV[3])) do
  local name = names[i]
  lines[i] = name .. ' ' .. threads[name][1] .. ' ' .. threads[name][2]
end

local decided = {}
each(KEYS[4], ARGV[2], function(member)
  local ms, by, since = string.match(member, '^(%d+) %d+ %S+ %S+ %d+ %S+ (%S+) %S+ (%S+)$')
  decided[#decided + 1] = ms .. ' ' .. by .. ' ' .. since
end)
return {
  generation, size(KEYS[2]), size(KEYS[3]), oldest,
  table.concat(lines, '\n'), table.concat(decided, '\n'), size(KEYS[5]), size(KEYS[6]), size(KEYS[7])
}
