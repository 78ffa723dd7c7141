#!lua
-- Note that a moderator of a site decided something now.
--
-- KEYS     1 deciders: sorted set of moderators by the time of their last decision, in ms; `*` is the record's beginning
-- ARGV     1 the moderator · 2 time for which a moderator is kept, in ms · 3 maximum number of moderators
-- Returns  OK

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local ms = function(value) return string.format('%.0f', value) end

redis.call('ZADD', KEYS[1], 'NX', ms(now), '*')
redis.call('ZADD', KEYS[1], ms(now), ARGV[1])
local found = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
local many = #found / 2 - 1 - tonumber(ARGV[3])
for i = 1, #found, 2 do
  if found[i] ~= '*' and (tonumber(found[i + 1]) < now - tonumber(ARGV[2]) or many > 0) then
    redis.call('ZREM', KEYS[1], found[i])
    many = many - 1
  end
end
return 'OK'
