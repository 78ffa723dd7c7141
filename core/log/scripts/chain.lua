#!lua flags=no-writes
-- Walk back from an event to the one before it of the same thread, or aggregate, and on, a bounded number of hops.
--
-- KEYS     1 log
-- ARGV     1 position to start at · 2 back pointer to follow: "tp" thread, "ap" aggregate
--          3 position to stop before, or "" · 4 hops allowed
-- Returns  {rest, id, e, c, id, e, c, …}, newest first. Where the hops ran out, `rest` is where to go on, else "".
--
-- Fails with MISSING <position> <what> where the log has not what an event names.

local log, id, pointer, stop, hops = KEYS[1], ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])

-- The answer also ends where it grew to this many bytes: a long answer keeps everybody else waiting.
local room = 1048576

local answer = { '' }
while id ~= '' and id ~= stop do
  if hops == 0 or room <= 0 then
    answer[1] = id
    break
  end
  local entry = redis.call('XRANGE', log, id, id)[1]
  if not entry then
    return redis.error_reply('MISSING ' .. id .. ' no entry')
  end
  local fields = entry[2]
  if #fields ~= 4 or fields[1] ~= 'e' or fields[3] ~= 'c' then
    return redis.error_reply('MISSING ' .. id .. ' no event')
  end
  local e, c = fields[2], fields[4]
  answer[#answer + 1] = id
  answer[#answer + 1] = e
  answer[#answer + 1] = c
  hops, room = hops - 1, room - #e - #c
  -- The script that appends ends every `e` with these two, without the second where there is none.
  local ending = string.sub(e, -80)
  local thread, aggregate = string.match(ending, '"tp":"([%d-]*)","ap":"([%d-]*)"}$')
  if not thread then
    thread, aggregate = string.match(ending, '"tp":"([%d-]*)"}$'), ''
  end
  if not thread then
    return redis.error_reply('MISSING ' .. id .. ' no back pointers')
  end
  id = pointer == 'tp' and thread or aggregate
end
return answer
