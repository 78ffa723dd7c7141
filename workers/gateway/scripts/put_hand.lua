#!lua
-- Take an item of a site's moderation queue in hand, or let it go. A hand that has expired is removed.
--
-- KEYS     1 hands: member to `<until, ms> <since, ms> <thread> <comment>`
-- ARGV     1 the member · 2 the thread · 3 the comment · 4 "1" to take it, "0" to let it go
--          5 duration of a hand, in ms · 6 maximum number of hands · 7 channel that is told of changes
-- Returns  {OK or SAME, since, until, first, since when}: SAME if other readers see no difference; `first` is the member
--          who has the item first. {OK or SAME} if it was let go
--
-- A member has one hand: another item replaces it, the same one lasts longer. Two members never have an item since the
-- same millisecond, so that everyone is told the same member. Beyond the maximum, the hand that would expire first is
-- removed. The key expires with the last hand.

local hands, member, item, take = KEYS[1], ARGV[1], ARGV[2] .. ' ' .. ARGV[3], ARGV[4] == '1'
local lasts, most, channel = tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7]

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local found = redis.call('HGETALL', hands)
local number, ending, soonest, own, since = 0, nil, nil, nil, nil
local first, earliest, latest = nil, nil, 0
for i = 1, #found, 2 do
  local ends, begun, of = string.match(found[i + 1], '^(%d+) (%d+) (.+)$')
  ends = tonumber(ends)
  -- A hand with more time left than the duration was taken before the clock was set back.
  if ends <= now or ends > now + lasts then
    redis.call('HDEL', hands, found[i])
  elseif found[i] == member then
    own, since = of, tonumber(begun)
  else
    number = number + 1
    if not soonest or ends < soonest then
      ending, soonest = found[i], ends
    end
    if of == item then
      begun = tonumber(begun)
      if not earliest or begun < earliest then
        first, earliest = found[i], begun
      end
      latest = math.max(latest, begun)
    end
  end
end

if not take then
  if own == item then
    redis.call('HDEL', hands, member)
    redis.call('SPUBLISH', channel, '')
  end
  return {own == item and 'OK' or 'SAME'}
end
local ms = function(value) return string.format('%.0f', value) end
if own ~= item then
  since = math.max(now, latest + 1)
  if not own and number >= most then
    redis.call('HDEL', hands, ending)
  end
end
if not earliest or since < earliest then
  first, earliest = member, since
end
redis.call('HSET', hands, member, ms(now + lasts) .. ' ' .. ms(since) .. ' ' .. item)
redis.call('PEXPIRE', hands, lasts)
if own ~= item then
  redis.call('SPUBLISH', channel, '')
end
return {own == item and 'SAME' or 'OK', ms(since), ms(now + lasts), first, ms(earliest)}
