-- One page of a thread: top-level rows in an order, from a given row on, and the replies below them.
--
-- KEYS  8 the top level by age: roots, or anchored  9 top  10 cursor      (1 to 7: see walk.lua)
-- ARGV  2 newest | oldest | top
--       3 prefix of the members of KEYS[8]: empty, or `<anchor> `
--       4 the age of the row that precedes the page, or empty   5 in order top also its score
--       6 top-level rows   7 levels   8 replies per parent
-- Returns {generation, thread, rows, age, score, cursor}: `thread` is encoded JSON; `age` and `score` are those of
-- the last top-level row if there are more, otherwise empty. {generation} if the thread does not exist.

local generation = served()
if generation ~= ARGV[1] then
  return {generation}
end
local thread = redis.call('HGET', KEYS[2], 'public')
if not thread then
  return {generation}
end

local cursor = redis.call('GET', KEYS[10]) or ''
local order, prefix, after, score = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local limit, depth, width = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local low, high = '-', '+'
if prefix ~= '' then
  low, high = '[' .. prefix, '(' .. sub(prefix, 1, -2) .. '!'
end

-- Rank in `top` after a row of this score and age. The row itself may be gone.
local function rank_after()
  local from = redis.call('ZCOUNT', KEYS[9], '-inf', '(' .. score)
  local to = redis.call('ZCOUNT', KEYS[9], '-inf', score)
  while from < to do
    local middle = math.floor((from + to) / 2)
    local member = redis.call('ZRANGE', KEYS[9], middle, middle)[1]
    if sub(member, 1, 12) <= after then
      from = middle + 1
    else
      to = middle
    end
  end
  return from
end

-- The rows of one anchor by score. No view stores this order, so the rows are sorted here.
local function top_of_anchor()
  local members = redis.call('ZRANGEBYLEX', KEYS[8], low, high)
  local found = {}
  for from = 1, #members, MOST do
    local some = {}
    for i = from, math.min(from + MOST - 1, #members) do
      some[#some + 1] = sub(members[i], #prefix + 1)
    end
    local scores = redis.call('ZMSCORE', KEYS[9], unpack(some))
    for i = 1, #some do
      local of, age = tonumber(scores[i]), sub(some[i], 1, 12)
      if after == '' or of > tonumber(score) or (of == tonumber(score) and age > after) then
        found[#found + 1] = {of, age, some[i]}
      end
    end
  end
  table.sort(found, function(a, b)
    if a[1] ~= b[1] then
      return a[1] < b[1]
    end
    return a[2] < b[2]
  end)
  local best = {}
  for i = 1, math.min(limit + 1, #found) do
    best[i] = prefix .. found[i][3]
  end
  return best
end

local firsts
if order == 'newest' then
  high = after == '' and high or '(' .. prefix .. after
  firsts = redis.call('ZREVRANGEBYLEX', KEYS[8], high, low, 'LIMIT', 0, limit + 1)
elseif order == 'oldest' then
  low = after == '' and low or '(' .. prefix .. after .. ';'
  firsts = redis.call('ZRANGEBYLEX', KEYS[8], low, high, 'LIMIT', 0, limit + 1)
elseif prefix ~= '' then
  firsts = top_of_anchor()
else
  local from = after == '' and 0 or rank_after()
  firsts = redis.call('ZRANGE', KEYS[9], from, from + limit)
end

local begin = {}
for i = 1, #firsts do
  begin[i] = sub(firsts[i], #prefix + 14)
end

-- Reading one reply costs two fifths of requesting the replies of one row. The number of rows on the page is estimated:
-- per top-level row, as many as the thread has on average.
local all = redis.call('ZCARD', KEYS[6])
if 2 * all <= 5 * #firsts * (1 + all / redis.call('ZCARD', KEYS[9])) then
  look_at_all()
else
  look_ahead(begin, depth - 1, width)
end
local last = ''
local more = false
for i = 1, #firsts do
  if i > limit or size == MOST then
    more = true
    break
  end
  descend(add(begin[i], 1), depth - 1, width)
  last = firsts[i]
end
if not more then
  return {generation, thread, lines(false), '', '', cursor}
end
last = sub(last, #prefix + 1)
local of = order == 'top' and redis.call('ZSCORE', KEYS[9], last) or ''
return {generation, thread, lines(false), sub(last, 1, 12), of, cursor}
