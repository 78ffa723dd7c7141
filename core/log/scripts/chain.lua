#!lua flags=no-writes
-- Follow back pointers from an event to earlier events of the same thread or aggregate, for a bounded number of hops.
--
-- KEYS     1 log
-- ARGV     1 position to start at · 2 back pointer to follow: "tp" thread, "ap" aggregate
--          3 position to stop before, or "" · 4 maximum number of hops
-- Returns  {rest, id, e, c, id, e, c, …}, newest first. If a limit was reached, `rest` is where to continue, else "".
--
-- Fails with MISSING <position> <what> if the log lacks an entry that an event points to. Loaded after
-- back_pointers.lua.

local log, id, pointer, stop, hops = KEYS[1], ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])

-- The result also ends at this many bytes, because a long result blocks the other clients of the server.
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
  local thread, aggregate = back_pointers(e)
  if not thread then
    return redis.error_reply('MISSING ' .. id .. ' no back pointers')
  end
  id = pointer == 'tp' and thread or aggregate
end
return answer
