#!lua flags=no-writes
-- The end of a stream, and the two numbers of a position. Loaded before the scripts that use them.
--
-- KEYS     none of its own: `newest` is called with the stream
-- ARGV     none of its own
-- Returns  of `newest`: the last id that the stream ever had, "0-0" if there is no stream · its newest entry, or nil if
--                       it has no entries
--          of `numbers`: milliseconds and sequence number of a position

local function newest(stream)
  local entry = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]
  if entry then
    return entry[1], entry
  end
  if redis.call('EXISTS', stream) == 0 then
    return '0-0'
  end
  -- After the stream was trimmed to nothing, only the stream itself knows its last id.
  local info = redis.call('XINFO', 'STREAM', stream)
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then
      return info[i + 1]
    end
  end
end

local function numbers(position)
  local ms, n = string.match(position, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(n)
end

