#!lua
-- Make the views of one thread again under another name of the same length.
--
-- KEYS     the views of the thread, then, in the same order, those of the other
-- ARGV     1 name of the thread  2 name of the other: letters and digits, which are no patterns
-- Returns  how many keys were made

local half, made = #KEYS / 2, 0
for i = 1, half do
  local from, to = KEYS[i], KEYS[half + i]
  local kind = redis.call('TYPE', from).ok
  local parts = {}
  if kind == 'hash' then
    for _, part in ipairs(redis.call('HGETALL', from)) do
      parts[#parts + 1] = string.gsub(part, ARGV[1], ARGV[2])
    end
    redis.call('HSET', to, unpack(parts))
  elseif kind == 'zset' then
    local found = redis.call('ZRANGE', from, 0, -1, 'WITHSCORES')
    for at = 1, #found, 2 do
      parts[at], parts[at + 1] = found[at + 1], found[at]
    end
    redis.call('ZADD', to, unpack(parts))
  end
  if kind ~= 'none' then
    made = made + 1
  end
end
return made
