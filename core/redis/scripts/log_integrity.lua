#!lua flags=no-writes
-- The newest position of a partition's log, and a check that the log is whole. Loaded before the scripts that use it,
-- and after stream.lua.
--
-- KEYS     none of its own: `whole` is called with the log and with the partition's copy of the deployment's id
-- ARGV     none of its own: `whole` is called with the deployment's id, or "" if not every partition has its copy yet
-- Returns  of `whole`: milliseconds and number of the newest entry's position · the copy as stored, or false
--          why the log is not whole, preceded by that position, or nil
--
-- The copy is "<id>" until the first entry, then "<id> <number of lost entries that an operator accepted>". Sequence
-- numbers are dense, so the number of entries equals the newest entry's number, less those accepted as lost. The check
-- takes constant time, however long the log is. A log that lost its end counts as whole: after a failover, or when an
-- older file is restored, the copy goes back with the log.

local function whole(log, copy, id)
  local last_id, entry = newest(log)
  local there = redis.call('GET', copy)
  local length = redis.call('XLEN', log)
  local ms, n = numbers(last_id)
  local fields = entry and entry[2]
  local is_event = not entry or (fields[1] == 'e' and fields[3] == 'c' and #fields == 4)
  if is_event and length == n and n > 0 and there == id .. ' 0' then
    return ms, n, there, nil -- by far the most common case
  end

  local owner, accepted = string.match(there or '', '^(%S*) ?(%d*)$')
  local begun = accepted ~= ''
  local missing = n - (tonumber(accepted) or 0) - length
  local fault
  if there and id ~= '' and owner ~= id then
    fault = 'it belongs to another deployment'
  elseif not is_event then
    fault = 'the entry there is not an event'
  elseif begun and n == 0 and length == 0 then
    fault = 'all of its entries are missing'
  elseif missing > 0 then
    fault = string.format('%.0f of %.0f entries are missing', missing, n)
  elseif missing < 0 then
    fault = string.format('%.0f of %.0f entries do not belong to this log', -missing, length)
  elseif not there and id ~= '' then
    local what = n == 0 and 'nothing of this deployment' or 'no copy of the id of this deployment'
    fault = 'the server has ' .. what .. ' there'
  end
  return ms, n, there, fault and last_id .. ' ' .. fault
end
