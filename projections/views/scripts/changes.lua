#!lua
-- Loaded before every script that writes views: the encoding of changes, and their writing. Does nothing by itself.
--
-- ARGV     from a given index on: number of changes, and per change: command, its key's index in KEYS, number of
--          arguments, arguments. They are the last arguments.

local MOST_ARGUMENTS = 6000 -- per command; even, so that pairs are not split

-- The changes whose number is at this index of ARGV; nil if the arguments do not add up.
local function read_changes(at)
  local changes = {}
  for _ = 1, tonumber(ARGV[at]) do
    local change = { command = ARGV[at + 1], key = KEYS[tonumber(ARGV[at + 2])], first = at + 4 }
    at = at + 3 + tonumber(ARGV[at + 3])
    change.last = at
    if not change.key then
      return nil
    end
    changes[#changes + 1] = change
  end
  return at == #ARGV and changes or nil
end

-- Add the caller's version to the set of versions that have written into these views, before its changes. Views with a
-- cursor but no set were written by versions that kept no set; `unsigned` stands for those versions.
local function sign(versions, own, unsigned, cursor)
  if redis.call('SISMEMBER', versions, own) == 1 then
    return
  end
  if cursor ~= '0-0' and redis.call('EXISTS', versions) == 0 then
    redis.call('SADD', versions, unsigned)
  end
  redis.call('SADD', versions, own)
end

local function write(changes)
  for _, change in ipairs(changes) do
    if change.last < change.first then
      redis.call(change.command, change.key)
    end
    for first = change.first, change.last, MOST_ARGUMENTS do
      local last = math.min(first + MOST_ARGUMENTS - 1, change.last)
      redis.call(change.command, change.key, unpack(ARGV, first, last))
    end
  end
end

