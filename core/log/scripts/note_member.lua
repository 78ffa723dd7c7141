#!lua
-- Note in a member record what one append says of the member. Records are hints; see core/member_record.py.
--
-- KEYS     1 the record
-- ARGV     1 milliseconds until the record expires · 2 length of the entry of a text · 3 length of the name of a comment
--          4 most entries · 5 time of the last comment, or "" · 6 time of a rejection, or "" · 7 time of a rejection that
--          does not stand any more, or "" · 8 entry of a text: the name of its comment, and its sketch; or ""
--          then the fields of the numbers that grow by one
-- Returns  nothing

local record, length, named = KEYS[1], tonumber(ARGV[2]), tonumber(ARGV[3])

local function later(field, at)
  if at ~= '' and tonumber(redis.call('HGET', record, field) or 0) < tonumber(at) then
    redis.call('HSET', record, field, at)
  end
end

later('t', ARGV[5])
later('r', ARGV[6])
if ARGV[6] ~= '' then
  -- Trust is earned anew from a rejection on.
  redis.call('HDEL', record, 'a')
end
if ARGV[7] ~= '' and redis.call('HGET', record, 'r') == ARGV[7] then
  redis.call('HDEL', record, 'r')
end
if ARGV[8] ~= '' then
  local texts, name = redis.call('HGET', record, 's') or '', string.sub(ARGV[8], 1, named)
  -- A comment has one entry: that of its latest text. The name may also occur within a sketch, by chance.
  if string.find(texts, name, 1, true) then
    local others = {}
    for at = 1, #texts - length + 1, length do
      if string.sub(texts, at, at + named - 1) ~= name then
        others[#others + 1] = string.sub(texts, at, at + length - 1)
      end
    end
    texts = table.concat(others)
  end
  redis.call('HSET', record, 's', string.sub(texts .. ARGV[8], -length * tonumber(ARGV[4])))
end
for i = 9, #ARGV do
  redis.call('HINCRBY', record, ARGV[i], 1)
end
redis.call('PEXPIRE', record, ARGV[1])
