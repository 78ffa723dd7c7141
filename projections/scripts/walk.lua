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
-- Rows go out as six lists of equal length, because a list that the server made goes out as it came, while every
-- string that a script puts together is copied again and again:
--   1 levels   2 how many direct answers the page shows   3 where some of them are left out, the age of the last one
--   given, or FIRST   4 tallies, `<up> <down>`, where there are any   5 the JSON of the name of who is answered, where
--   that is not a row of the same answer that says it itself   6 stored rows: HEADER, PUBLIC, SOURCE
-- What is not there is nil, and so is the stored row of what does not exist. Of 3 and 5 the whole list is nil where
-- nothing is in it.

local MOST = 1000 -- rows in an answer
local FIRST = '000000000000' -- before everything: the age of a comment is 12 digits, from 1

local ids, levels, counts, cuts = {}, {}, {}, {}

local function served()
  return redis.call('GET', KEYS[1]) or ARGV[1]
end

local function add(id, level)
  local row = #ids + 1
  ids[row] = id
  levels[row] = level
  return row
end

-- Where all answers were read at once: they, and the places where those of each comment begin and end.
local answers, begins, ends = nil, {}, {}

local function read_all()
  answers = redis.call('ZRANGE', KEYS[6], 0, -1)
  for i = 1, #answers do
    local parent = string.match(answers[i], '^[^ ]*')
    begins[parent] = begins[parent] or i
    ends[parent] = i
  end
end

-- How many direct answers of a comment the page shows.
local function direct(id)
  if answers then
    return begins[id] and ends[id] - begins[id] + 1 or 0
  end
  return redis.call('ZLEXCOUNT', KEYS[6], '[' .. id .. ' ', '(' .. id .. '!')
end

-- A list with the direct answers of a comment, oldest first, and from which place to which they are there: all of
-- them, or more than `width`.
local function below(id, width)
  if answers then
    return answers, begins[id] or 1, ends[id] or 0
  end
  local found = redis.call('ZRANGEBYLEX', KEYS[6], '[' .. id .. ' ', '(' .. id .. '!', 'LIMIT', 0, width + 1)
  return found, 1, #found
end

-- A row without the answers below it.
local function alone(id)
  local row = add(id, 1)
  counts[row] = direct(id)
  cuts[row] = counts[row] > 0 and FIRST or nil
end

-- The answers below a row, depth first: at most `width` a parent and `left` levels, until the answer is full.
local function descend(row, left, width)
  local parent = ids[row]
  if left == 0 or width == 0 then
    counts[row] = direct(parent)
    cuts[row] = counts[row] > 0 and FIRST or nil
    return
  end
  local found, from, to = below(parent, width)
  counts[row] = to - from >= width and direct(parent) or to - from + 1
  local age = FIRST
  for i = from, to do
    if i - from == width or #ids == MOST then
      cuts[row] = age
      return
    end
    age = string.sub(found[i], #parent + 2, #parent + 13)
    descend(add(string.sub(found[i], #parent + 15), levels[row] + 1), left - 1, width)
  end
end

-- A list for the rows that has something for a few of them only.
local function sparse(list)
  if not next(list) then
    return false
  end
  for i = 1, #ids do
    list[i] = list[i] or false
  end
  return list
end

-- The lists of all rows that were added; with `whole` also who is answered by what is not published.
local function lines(whole)
  if #ids == 0 then
    return {}
  end
  local rows = redis.call('HMGET', KEYS[3], unpack(ids))
  local tallies = redis.call('HMGET', KEYS[4], unpack(ids))
  local here, at, wanted = {}, {}, {}
  for i = 1, #ids do
    here[ids[i]] = true
  end
  for i = 1, #ids do
    local row = rows[i] or '\n\n'
    local header = string.find(row, '\n', 1, true)
    local other = header > 3 and string.sub(row, 3, header - 1)
    if other and here[other] then
      other = nil
    elseif whole and not other then
      -- No text can hold these bytes: within a JSON string every quote has a backslash before it.
      other = string.match(row, '"answered":"([^"]*)"', string.find(row, '\n', header + 1, true))
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
