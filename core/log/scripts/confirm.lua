#!lua
-- Touch the record of a command key, so that this connection's WAIT covers the events appended under the key.
--
-- A record is written after its events, and a server replicates and persists its writes in order. On a connection
-- without writes, WAIT returns at once, whatever the replicas have.
--
-- KEYS     1 keys of its window · 2 keys of the window before
-- ARGV     1 command key · 2 window of the key · 3 length of a window in ms
-- Returns  1 if the key is recorded, else 0

local key, window, window_ms = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

for i = 1, 2 do
  if redis.call('HEXISTS', KEYS[i], key) == 1 then
    -- The expiry that append.lua sets, so nothing changes.
    redis.call('PEXPIREAT', KEYS[i], string.format('%.0f', (window + 1 - i + 3) * window_ms))
    return 1
  end
end
return 0
