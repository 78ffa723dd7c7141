#!lua
-- Note in a member record what one append says of the member. Records are hints; see core/member_record.py.
--
-- KEYS     1 the record
-- ARGV     1 milliseconds until the record expires · 2 length of the entry of a text · 3 most entries
--          4 time of the last comment, or "" · 5 time of a rejection, or "" · 6 time of a rejection that does not stand
--          any more, or "" · 7 entry of a text: 6 bytes that name its comment, and its sketch; or ""
--          then the fields of the numbers that grow by one
-- Returns  nothing

local record, length = KEYS[1], tonumber(ARGV[2])

local function later(field, at)
  if at ~= '' and tonumber(redis.call('HGET', record, field) or 0) < tonumber(at) then
    redis.call('HSET', record, field, at)
  end
end

later('t', ARGV[4])
later('r', ARGV[5])
if ARGV[5] ~= '' then
  -- Trust is earned anew from a rejection on.
  redis.call('HDEL', record, 'a')
end
if ARGV[6] ~= '' and redis.call('HGET', record, 'r') == ARGV[6] then
  redis.call('HDEL', record, 'r')
end
if ARGV[7] ~= '' then
  local texts, name = redis.call('HGET', record, 's') or '', string.sub(ARGV[7], 1, 6)
  -- A comment has one entry: that of its latest text. The name may also occur within a sketch, by chance.
  if string.find(texts, name, 1, true) then
    local others = {}
    for at = 1, #texts - length + 1, length do
      if string.sub(texts, at, at + 5) ~= name then
        others[#others + 1] = string.sub(texts, at, at + length - 1)
      end
    end
    texts = table.concat(others)
  end
  redis.call('HSET', record, 's', string.sub(texts .. ARGV[7], -length * tonumber(ARGV[3])))
end
for i = 8, #ARGV do
  redis.call('HINCRBY', record, ARGV[i], 1)
end
redis.call('PEXPIRE', record, ARGV[1])
