#!lua flags=no-writes
-- The back pointers at the end of every `e`, as append.lua writes them. Loaded before the scripts that read them.
--
-- KEYS     none of its own
-- ARGV     none of its own
-- Returns  of `back_pointers`: positions of the previous event of the thread, and of the previous event of the
--                              aggregate, each "" if there is none; nil if `e` does not end with back pointers
--
-- The pointer of the aggregate comes last. The first event of an aggregate has none, or, in older entries, an empty one.

local function back_pointers(e)
  local at = string.find(e, '"tp":"', -80, true) -- room for two positions of 32 characters
  if not at then
    return nil
  end
  local thread, rest = string.match(e, '^([%d-]*)"(.*)$', at + 6)
  if rest == '}' then -- by far the most common case
    return thread, ''
  end
  local aggregate = rest and string.match(rest, '^,"ap":"([%d-]*)"}$')
  return aggregate and thread, aggregate
end

