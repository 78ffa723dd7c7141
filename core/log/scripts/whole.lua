#!lua flags=no-writes
-- The newest position of a partition's log, and whether the log is whole. Comes before the scripts that use it.
--
-- KEYS     none of its own: `whole` is called with the log and with the partition's copy of the deployment's id
-- ARGV     none of its own: `whole` is called with the deployment's id, or "" where not every partition has its copy yet
-- Returns  of `whole`: position of the newest entry · the copy as it is kept, or false · why the log is not whole, or nil
--
-- The copy is "<id>" until the first entry comes, then "<id> <number of lost entries that a person accepted>". Sequence
-- numbers are dense. So there are as many entries as the newest one's number says, less those accepted as lost; all of
-- what is checked takes the same time however long the log is. A log that lost its end is whole: in a failover, and
-- where an older file is put back, the copy goes back with it.

local function whole(log, copy, id)
  local entry = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
  local there = redis.call('GET', copy)
  local length = redis.call('XLEN', log)
  local newest = entry and entry[1] or '0-0'
  -- Where the log was trimmed to nothing, only the stream knows how far it had come.
  if not entry and redis.call('EXISTS', log) == 1 then
    local info = redis.call('XINFO', 'STREAM', log)
    for i = 1, #info, 2 do
      if info[i] == 'last-generated-id' then
        newest = info[i + 1]
      end
    end
  end
  local n, accepted, begun = tonumber(string.match(newest, '%d+$')), 0, there == id .. ' 0'
  if not begun and there and there ~= id then
    local owner, number = string.match(there, '^(%S*) (%d+)$')
    if id ~= '' and owner ~= id then
      return newest, there, 'it is of another deployment'
    end
    begun, accepted = owner ~= nil, tonumber(number) or 0
  end
  if entry and (#entry[2] ~= 4 or entry[2][1] ~= 'e' or entry[2][3] ~= 'c') then
    return newest, there, 'the entry there is no event'
  end
  local missing = n - accepted - length
  if begun and n == 0 and length == 0 then
    return newest, there, 'all of its entries are missing'
  elseif missing > 0 then
    return newest, there, string.format('%.0f of %.0f entries are missing', missing, n)
  elseif missing < 0 then
    return newest, there, string.format('%.0f of %.0f entries are not of this log', -missing, length)
  end
  if not there and id ~= '' then
    local what = n == 0 and 'nothing of this deployment' or 'no copy of the id of this deployment'
    return newest, there, 'the server has ' .. what .. ' there'
  end
  return newest, there, nil
end
