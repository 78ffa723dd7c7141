#!lua flags=no-writes
-- The format of a head, the value of a field of a heads hash. Loaded before the scripts that read or write heads.
--
-- KEYS     none of its own
-- ARGV     none of its own
-- Returns  of `read_head`: version, position and note of a stored head; 0, "" and "" of false
--          of `head_value`: the value that stores them
--
-- The value is "<version> <position> <note>". Version 1, by far the most common, and an empty note are omitted. A field
-- that was only marked has version 0: its position is that of another aggregate's event. `core.log.wire.head` reads the
-- same format.

local HEAD_POSITION = '%d+%-%d+' -- the first match in a stored head

local function read_head(value)
  if not value then
    return 0, '', ''
  end
  local version, position, note = string.match(value, '^(%d-) ?(%d+%-%d+) ?(.*)$')
  return tonumber(version) or 1, position, note
end

local function head_value(version, position, note)
  return (version ~= 1 and string.format('%.0f ', version) or '') .. position .. (note ~= '' and ' ' .. note or '')
end

