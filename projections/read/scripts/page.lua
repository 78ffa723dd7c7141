-- One page of a thread: top-level rows in an order, from a given row on, and the replies below them; or the editors'
-- picks of every level, without replies. The pinned row comes first on the first page, and not in its own place.
--
-- KEYS  8 the top level by age: roots, or anchored  9 top  10 cursor      (1 to 7: see walk.lua)
-- ARGV  2 newest | oldest | top
--       3 prefix of the members of KEYS[8]: empty, or `<anchor> `
--       4 the age of the row that precedes the page, or empty   5 in order top also its score
--       6 top-level rows   7 levels   8 replies per parent   9 `1` for the picks, otherwise `0`
-- Returns {generation, thread, rows, age, score, cursor}: `thread` is encoded JSON; `age` and `score` are those of
-- the last top-level row if there are more, otherwise empty; if that is the pinned row, they precede every row.
-- {generation} if the thread does not exist.

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
local featured = ARGV[9] == '1'
local is_first = after == ''
local low, high = '-', '+'
if prefix ~= '' then
  low, high = '[' .. prefix, '(' .. sub(prefix, 1, -2) .. '!'
end

-- The pinned row, if this list has it. No text can contain these bytes: within a JSON string every quote is escaped.
local PINNED = '"pinned":"'
local pinned = find(thread, PINNED, 1, true)
pinned = pinned and match(thread, '^[^"]*', pinned + #PINNED)

local function anchor_of(row)
  return row and match(row, '"anchor":"([^"]*)"', find(row, '\n', 1, true))
end

if pinned and prefix ~= '' and anchor_of(redis.call('HGET', KEYS[3], pinned)) ~= sub(prefix, 1, -2) then
  pinned = nil
end
-- One row more than the page has tells that there are more; the pinned one may be among them.
local most = limit + (pinned and 2 or 1)

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
  for i = 1, math.min(most, #found) do
    best[i] = prefix .. found[i][3]
  end
  return best
end

-- The picks of an earlier version's views, which list none: those of a short thread, found among its rows.
local function picks_among_rows()
  local members = {}
  if redis.call('HLEN', KEYS[3]) > MOST then
    return members
  end
  local rows = redis.call('HGETALL', KEYS[3])
  for i = 1, #rows, 2 do
    local row = rows[i + 1]
    local public = find(row, '\n', 1, true)
    if sub(row, 1, 1) == 'p' and find(row, ',"featured":true,', public, true) then
      local posted = match(row, '"posted":%[%d+,(%d+)%]', find(row, '\n', public + 1, true))
      members[#members + 1] = string.rep('0', 12 - #posted) .. posted .. ':' .. rows[i]
    end
  end
  table.sort(members)
  return members
end

-- The picks in the order of the page, of one anchor if there is a prefix, as members with that prefix.
local scores = {}
local function picks()
  local members = {}
  -- The count tells whether the list is this version's: an earlier one counts no picks, and leaves the list as it was.
  local count = match(thread, '"featured":(%d+)')
  if not count then
    members = picks_among_rows()
  elseif count ~= '0' then
    for member in string.gmatch(redis.call('HGET', KEYS[2], 'picks') or '', '%S+') do
      members[#members + 1] = member
    end
  end
  local wanted = {}
  for i = 1, #members do
    local member = members[i]
    local id, age = sub(member, 14), sub(member, 1, 12)
    if prefix == '' or anchor_of(redis.call('HGET', KEYS[3], id)) == sub(prefix, 1, -2) then
      local of = 0
      if order == 'top' then
        local up, down = match(redis.call('HGET', KEYS[4], id) or '0 0', '(%d+) (%d+)')
        of = down - up
        scores[prefix .. member] = of
      end
      local is_behind = is_first or id == pinned
      if not is_behind and order == 'newest' then
        is_behind = age < after
      elseif not is_behind and order == 'oldest' then
        is_behind = age > after
      elseif not is_behind then
        is_behind = of > tonumber(score) or (of == tonumber(score) and age > after)
      end
      if is_behind then
        wanted[#wanted + 1] = {of, order == 'newest' and -tonumber(age) or tonumber(age), prefix .. member}
      end
    end
  end
  table.sort(wanted, function(a, b)
    if a[1] ~= b[1] then
      return a[1] < b[1]
    end
    return a[2] < b[2]
  end)
  for i = 1, #wanted do
    wanted[i] = wanted[i][3]
  end
  return wanted
end

local firsts
if featured then
  firsts = picks()
elseif order == 'newest' then
  high = after == '' and high or '(' .. prefix .. after
  firsts = redis.call('ZREVRANGEBYLEX', KEYS[8], high, low, 'LIMIT', 0, most)
elseif order == 'oldest' then
  low = after == '' and low or '(' .. prefix .. after .. ';'
  firsts = redis.call('ZRANGEBYLEX', KEYS[8], low, high, 'LIMIT', 0, most)
elseif prefix ~= '' then
  firsts = top_of_anchor()
else
  local from = after == '' and 0 or rank_after()
  firsts = redis.call('ZRANGE', KEYS[9], from, from + most - 1)
end

-- The pinned row first on the first page, and nowhere else. Of the picks it comes first only if it is one.
local begin, members = {}, {}
if pinned then
  local is_listed = not featured
  for i = 1, #firsts do
    if sub(firsts[i], #prefix + 14) == pinned then
      is_listed = true
    else
      members[#members + 1] = firsts[i]
    end
  end
  if is_first and is_listed then
    table.insert(members, 1, '')
    begin[1] = pinned
  end
else
  members = firsts
end
for i = #begin + 1, math.min(#members, limit + 1) do
  begin[i] = sub(members[i], #prefix + 14)
end

-- Reading one reply costs two fifths of requesting the replies of one row. The number of rows on the page is estimated:
-- per top-level row, as many as the thread has on average.
local all = redis.call('ZCARD', KEYS[6])
if featured then
  look(begin)
elseif 2 * all <= 5 * #begin * (1 + all / redis.call('ZCARD', KEYS[9])) then
  look_at_all()
else
  look_ahead(begin, depth - 1, width)
end
local last = ''
local more = false
for i = 1, #begin do
  if i > limit or size == MOST then
    more = true
    break
  end
  if featured then
    alone(begin[i])
  else
    descend(add(begin[i], 1), depth - 1, width)
  end
  last = members[i]
end
if not more then
  return {generation, thread, lines(false), '', '', cursor}
end
if last == '' then
  local before = order == 'newest' and '999999999999' or FIRST
  return {generation, thread, lines(false), before, '-999999999999999', cursor}
end
local of = order == 'top' and (scores[last] or redis.call('ZSCORE', KEYS[9], sub(last, #prefix + 1))) or ''
last = sub(last, #prefix + 1)
return {generation, thread, lines(false), sub(last, 1, 12), tostring(of), cursor}
