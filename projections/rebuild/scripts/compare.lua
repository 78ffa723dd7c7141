#!lua flags=no-writes
-- Compare a part of two generations of the same views, key by key.
--
-- KEYS     1 key with the position of the served views · 2 key with the position of the others
--          3… the served views, then the other views, in the same order
-- ARGV     1 per view `h` for a hash, `z` for a sorted set · 2 kind of KEYS[1] and KEYS[2]: "thread" if they
--          are the `meta` of a thread, "cursor" if they are cursors · 3 compared part of rows: "all", "source"
--          (without the html in them), "ids" (presence only) · 4 index of the rows among the views, or 0
--          5 view to continue with, from 1 · 6 where to continue in it · 7 approximate number of elements to compare
-- Returns  {APART}                                 they are at different positions and cannot be compared
--          {view, where, views that differ…}       where to continue; view 0 if all is compared
--
-- The comparison of a view ends at its first difference.

local kinds, about, part, rows = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local view, place, left = tonumber(ARGV[5]), ARGV[6], tonumber(ARGV[7])
local views = #kinds

local function position(key)
  if about == 'cursor' then
    return redis.call('GET', key) or '0-0'
  end
  local source = redis.call('HGET', key, 'source')
  local readable, thread = pcall(cjson.decode, source or '{}')
  return readable and thread.last or source
end

local function same(one, other)
  if type(one) ~= type(other) then
    return false
  end
  if type(one) == 'table' then
    for at = 1, 2 do
      if one[at] ~= other[at] then
        return false
      end
    end
    return true
  end
  return one == other
end

if not same(position(KEYS[1]), position(KEYS[2])) then
  return { 'APART' }
end

-- The compared part of a row. A row's lines are HEADER, PUBLIC and SOURCE. The renderer's output lies between two names
-- in PUBLIC whose bytes no text can contain.
local function cut(at, row)
  if at ~= rows or part == 'all' or not row then
    return row
  end
  if part == 'ids' then
    return true
  end
  local first = string.find(row, ',"html":', 1, true)
  local last = first and string.find(row, ',"posted_at":', first, true)
  return last and string.sub(row, 1, first) .. string.sub(row, last) or row
end

local function hashes(at, served, other)
  if redis.call('HLEN', served) ~= redis.call('HLEN', other) then
    return false, '0'
  end
  local found = redis.call('HSCAN', other, place, 'COUNT', left)
  local fields = {}
  for i = 1, #found[2], 2 do
    fields[#fields + 1] = found[2][i]
  end
  left = left - #fields
  for first = 1, #fields, 1000 do
    local last = math.min(first + 999, #fields)
    local values = redis.call('HMGET', served, unpack(fields, first, last))
    for i = first, last do
      if cut(at, values[i - first + 1]) ~= cut(at, found[2][2 * i]) then
        return false, '0'
      end
    end
  end
  return true, found[1]
end

local function sets(served, other)
  local size = redis.call('ZCARD', served)
  if size ~= redis.call('ZCARD', other) then
    return false, '0'
  end
  local first = tonumber(place)
  local last = first + left - 1
  local one = redis.call('ZRANGE', served, first, last, 'WITHSCORES')
  local two = redis.call('ZRANGE', other, first, last, 'WITHSCORES')
  left = left - #one / 2
  for i = 1, math.max(#one, #two) do
    if one[i] ~= two[i] then
      return false, '0'
    end
  end
  return true, last + 1 < size and string.format('%.0f', last + 1) or '0'
end

local answer = { 0, '0' }
while view <= views and left > 0 do
  local served, other = KEYS[2 + view], KEYS[2 + views + view]
  local alike
  if string.sub(kinds, view, view) == 'h' then
    alike, place = hashes(view, served, other)
  else
    alike, place = sets(served, other)
  end
  if not alike then
    answer[#answer + 1] = view
  end
  if place == '0' then
    view = view + 1
  end
end
if view <= views then
  answer[1], answer[2] = view, place
end
return answer
