#!lua flags=no-writes
-- Loaded before every script that returns rows (page, replies, permalink, rows, overlay): traversal of the reply
-- tree and encoding of rows. Does nothing by itself.
--
-- KEYS  1 generation  2 meta  3 rows  4 votes  5 names  6 replies  7 answers
-- ARGV  1 generation of the keys
--
-- Every result begins with the served generation. If that is another one, the result holds nothing else, and the
-- caller retries with the keys of the served generation.
--
-- Rows are returned as six lists of equal length: a list made by the server is passed on unchanged, while every
-- string that a script concatenates is copied repeatedly:
--   1 levels   2 number of direct replies that the page shows   3 if some of them are omitted, the age of the last
--   returned one, or FIRST   4 tallies, `<up> <down>`, if any   5 the JSON of the name of the author replied to, unless
--   a row of the same result has it   6 stored rows: HEADER, PUBLIC, SOURCE
-- Absent values are nil, and so is the stored row of a comment that does not exist. Lists 3 and 5 are nil if they have
-- no values.

local MOST = 1000 -- rows per result
local FIRST = '000000000000' -- before all comments: the age of a comment has 12 digits, from 1

local sub, find, match = string.sub, string.find, string.match

local size, ids, above, levels, counts, cuts = 0, {}, {}, {}, {}, {}

local function served()
  return redis.call('GET', KEYS[1]) or ARGV[1]
end

local function add(id, level, parent)
  size = size + 1
  ids[size], levels[size], above[size] = id, level, parent
  return size
end

-- `found`: the loaded replies per comment, as `<age>:<comment>`, prefixed by the parent and a space if all replies of
-- the thread were loaded. `numbers`: the number of replies per comment, of which `found` may have only the first.
local found, numbers = {}, {}
local is_all = false
local NONE = {}

local function look(some)
  for first = 1, #some, MOST do
    local last = math.min(first + MOST - 1, #some)
    local kept = redis.call('HMGET', KEYS[7], unpack(some, first, last))
    for i = first, last do
      local answers = NONE
      if kept[i - first + 1] then
        answers = {}
        local words = string.gmatch(kept[i - first + 1], '%S+')
        numbers[some[i]] = tonumber(words())
        for word in words do
          answers[#answers + 1] = word
        end
      end
      found[some[i]] = answers
    end
  end
end

-- Load all replies of the thread. Pays off if most of them are on the page.
local function look_at_all()
  local all = redis.call('ZRANGE', KEYS[6], 0, -1)
  for i = 1, #all do
    local id = sub(all[i], 1, find(all[i], ' ', 1, true) - 1)
    local answers = found[id]
    if answers then
      answers[#answers + 1] = all[i]
    else
      found[id] = {all[i]}
    end
  end
  is_all = true
end

-- Load the replies that a traversal from these rows will reach, one call per level; the others are loaded on demand.
local function look_ahead(level, left, width)
  local looked = 0
  repeat
    look(level)
    looked = looked + #level
    local below = {}
    for i = 1, #level do
      local answers = found[level[i]]
      for j = 1, math.min(width, #answers) do
        below[#below + 1] = sub(answers[j], 14)
      end
    end
    level, left = below, left - 1
  until left < 0 or #level == 0 or looked + #level > MOST
end

local function looked_at(id)
  if not found[id] then
    if is_all then
      return NONE
    end
    look({id})
  end
  return found[id]
end

-- Add a row without the replies below it.
local function alone(id)
  local row = add(id, 1)
  counts[row] = numbers[id] or #looked_at(id)
  cuts[row] = counts[row] > 0 and FIRST or nil
end

-- Add the replies below a row, depth first: at most `width` per parent and `left` levels, until the result is full.
local function descend(row, left, width)
  local parent = ids[row]
  local answers = looked_at(parent)
  local count = numbers[parent] or #answers
  counts[row] = count
  if count == 0 then
    return
  end
  local most = left == 0 and 0 or math.min(width, count)
  local is_behind = is_all
  if most > #answers then
    answers = redis.call('ZRANGEBYLEX', KEYS[6], '[' .. parent .. ' ', '(' .. parent .. '!', 'LIMIT', 0, most)
    is_behind = true
  end
  local from = is_behind and #parent + 2 or 1
  local level = levels[row] + 1
  for i = 1, most do
    if size == MOST then
      most = i - 1
      break
    end
    local id = sub(answers[i], from + 13)
    local child = add(id, level, parent)
    if is_all and not found[id] then
      counts[child] = 0 -- the most common case
    else
      descend(child, left - 1, width)
    end
  end
  if most < count then
    cuts[row] = most == 0 and FIRST or sub(answers[most], from, from + 11)
  end
end

-- A list with values for only a few of the rows, filled up; false if it has none.
local function sparse(list)
  if not next(list) then
    return false
  end
  for i = 1, size do
    list[i] = list[i] or false
  end
  return list
end

-- The lists of all added rows. With `whole`, names are also included for rows that are not published.
local function lines(whole)
  if size == 0 then
    return {}
  end
  local rows = redis.call('HMGET', KEYS[3], unpack(ids))
  local tallies = redis.call('HMGET', KEYS[4], unpack(ids))
  local here, at, wanted = nil, {}, {}
  for i = 1, size do
    local row = rows[i] or '- \n\n'
    local header = find(row, '\n', 3, true)
    local other = header > 3 and sub(row, 3, header - 1)
    if other and other ~= above[i] then
      if not here then
        here = {}
        for j = 1, size do
          here[ids[j]] = true
        end
      end
      other = not here[other] and other
    elseif whole and not other then
      -- No text can contain these bytes: within a JSON string every quote is escaped with a backslash.
      other = match(row, '"answered":"([^"]*)"', find(row, '\n', header + 1, true))
    else
      other = nil
    end
    if other then
      at[#at + 1] = i
      wanted[#at] = other
    end
  end
  local names = {}
  local found = #at > 0 and redis.call('HMGET', KEYS[5], unpack(wanted))
  for i = 1, #at do
    names[at[i]] = found[i]
  end
  return {levels, counts, sparse(cuts), tallies, sparse(names), rows}
end
