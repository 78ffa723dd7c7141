#!lua flags=no-writes
-- The beginning of every script that gives rows (page, replies, permalink, rows, overlay): how the tree is
-- walked, and how rows go out. It does nothing by itself.
--
-- KEYS  1 generation  2 meta  3 rows  4 votes  5 names  6 replies
-- ARGV  1 the generation that the keys are of
--
-- Every reply begins with the generation that is served. Where that is another one there is nothing else in
-- it, and the caller asks again with the keys of that one.
--
-- A row is five lines: `<level> <count> <up> <down>[ <cut>]`, the JSON of the name of who is answered or
-- nothing, and the stored row: HEADER, PUBLIC, SOURCE. `cut` is there where direct answers are left out: the
-- age of the last one given, or FIRST. JSON has no raw newline, so all rows go out as one string, which costs a
-- client a fraction of what an array of as many strings does. What does not exist is five lines with an empty
-- HEADER.

local MOST = 1000 -- rows in an answer
local FIRST = '000000000000' -- before everything: the age of a comment is 12 digits, from 1

local ids, levels, counts, cuts = {}, {}, {}, {}

local function served()
  return redis.call('GET', KEYS[1]) or ARGV[1]
end

local function add(id, level)
  ids[#ids + 1] = id
  levels[#ids] = level
end

-- How many direct answers of a comment the page shows.
local function direct(id)
  return redis.call('ZLEXCOUNT', KEYS[6], '[' .. id .. ' ', '(' .. id .. '!')
end

-- A row without the answers below it.
local function alone(id)
  add(id, 1)
  counts[#ids] = direct(id)
  cuts[#ids] = counts[#ids] > 0 and FIRST or nil
end

-- The answers below a row, depth first: at most `width` a parent and `left` levels, until the answer is full.
local function descend(row, left, width)
  local parent = ids[row]
  if left == 0 or width == 0 then
    counts[row] = direct(parent)
    cuts[row] = counts[row] > 0 and FIRST or nil
    return
  end
  local found = redis.call('ZRANGEBYLEX', KEYS[6], '[' .. parent .. ' ', '(' .. parent .. '!',
    'LIMIT', 0, width + 1)
  counts[row] = #found > width and direct(parent) or #found
  local age = FIRST
  for i = 1, #found do
    if i > width or #ids == MOST then
      cuts[row] = age
      return
    end
    age = string.sub(found[i], #parent + 2, #parent + 13)
    add(string.sub(found[i], #parent + 15), levels[row] + 1)
    descend(#ids, left - 1, width)
  end
end

-- The lines of all rows that were added; with `whole` also SOURCE, and who is answered by what is not published.
local function lines(whole)
  if #ids == 0 then
    return ''
  end
  local rows = redis.call('HMGET', KEYS[3], unpack(ids))
  local tallies = redis.call('HMGET', KEYS[4], unpack(ids))
  local answered, wanted, known = {}, {}, {}
  for i = 1, #ids do
    local row = rows[i] or '\n\n'
    local header = string.find(row, '\n', 1, true)
    local public = string.find(row, '\n', header + 1, true)
    local other = string.sub(row, 3, header - 1)
    if whole and other == '' then
      -- No text can hold these bytes: within a JSON string every quote has a backslash before it.
      other = string.match(row, '"answered":"([^"]*)"', public) or ''
    end
    if other ~= '' then
      answered[i] = other
      if not known[other] then
        known[other] = true
        wanted[#wanted + 1] = other
      end
    end
    rows[i] = whole and row or string.sub(row, 1, public)
  end
  if #wanted > 0 then
    local names = redis.call('HMGET', KEYS[5], unpack(wanted))
    for i = 1, #wanted do
      known[wanted[i]] = names[i]
    end
  end
  local out = {}
  for i = 1, #ids do
    local shape = levels[i] .. ' ' .. (counts[i] or 0) .. ' ' .. (tallies[i] or '0 0')
    out[#out + 1] = cuts[i] and shape .. ' ' .. cuts[i] or shape
    out[#out + 1] = answered[i] and known[answered[i]] or ''
    out[#out + 1] = rows[i]
  end
  return table.concat(out, '\n')
end

