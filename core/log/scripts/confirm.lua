#!lua
-- Touch the record of a command key, so that who waits for this connection's writes waits for what was done under it.
--
-- A record lies behind the events that it stands for, in the one order in which a server copies and stores what it is
-- told. A connection that has written nothing is answered at once, whatever the replicas have.
--
-- KEYS     1 keys of its window · 2 keys of the window before
-- ARGV     1 command key · 2 window of the key · 3 length of a window in ms
-- Returns  1 where the key is remembered, 0 where it is not

local key, window, window_ms = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

for i = 1, 2 do
  if redis.call('HEXISTS', KEYS[i], key) == 1 then
    -- The time that append.lua gives it: nothing changes.
    redis.call('PEXPIREAT', KEYS[i], string.format('%.0f', (window + 1 - i + 3) * window_ms))
    return 1
  end
end
return 0
