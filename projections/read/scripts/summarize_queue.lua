#!lua flags=no-writes
-- Summarize one partition's part of a site's moderation queue, and the decisions since a position.
--
-- KEYS  1 generation  2 pending  3 reported  4 decisions  5 removals  6 appeals  7 notices
--       8 labelled  9 queue
-- ARGV  1 generation of the keys   2 the lower bound of the decisions, as of ZRANGEBYLEX
--       3 maximum number of threads   4 maximum number of members of a listing that are examined
--       5 only threads with this label, or empty
-- Returns {generation, number pending, number reported, oldest, threads, decisions, number of removals, of appeals,
-- of notices, of what imports brought}: `oldest` is the time, in ms, since which the oldest of the first two waits, or empty; a thread is
-- `<thread> <pending> <reported>`, and a decision
-- `<time, ms> <by> <since, ms, or *>`, one per line. The threads are those with the most. What imports brought is counted
-- in the last number alone: it comes last in 2, 3 and 9, with places that begin with 5 to 9.

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

-- Bounds, as of ZRANGEBYLEX, of what waits for what happened here, and of what imports brought.
local LIVE, IMPORTED = '(5', '[5'

-- Call `take` with the members from `at` on, up to `to` if given.
local function each(key, at, take, to)
  local examined = 0
  while examined < most do
    local some = redis.call('ZRANGEBYLEX', key, at, to or '+', 'LIMIT', 0, math.min(STEP, most - examined))
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

local function size(key, at, to)
  if label == '' then
    return redis.call('ZLEXCOUNT', key, at, to)
  end
  local n = 0
  each(key, at, function()
    n = n + 1
  end, to)
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
  end, LIVE)
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
  generation, size(KEYS[2], '-', LIVE), size(KEYS[3], '-', LIVE), oldest,
  table.concat(lines, '\n'), table.concat(decided, '\n'),
  size(KEYS[5], '-', '+'), size(KEYS[6], '-', '+'), size(KEYS[7], '-', '+'), size(KEYS[9], IMPORTED, '+')
}
