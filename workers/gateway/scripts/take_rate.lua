#!lua
-- Count a write against rates, unless one of them refuses it: the generic cell rate algorithm (GCRA).
--
-- KEYS     the rates of one kind and site that the write counts against: the member's first
--          (string: 16 digits, the theoretical arrival time of the next write in µs since 1970;
--          then the digests of the last writes, each with a comma behind it)
-- ARGV     1 digest of the command key, or ""
--          then for each key: its interval, in µs · its burst
-- Returns  0 if the write counts, or is a repeat; else {number of the key that refuses, wait in ms}
--
-- A write that is refused counts nowhere. The first key keeps twice as many digests as its burst, and at least 8, for
-- an hour at least: a digest among them is a repeat, and is not counted again. Nothing of this is replicated or written
-- to disk: that would cost the write a second fsync, and a rate that is lost begins anew.

redis.set_repl(redis.REPL_NONE)
local digits, fewest, kept_for = 16, 8, 3600000
local call, digest = redis.call, ARGV[1]
local time = call('TIME')
local now = time[1] * 1000000 + time[2]
local digests, arrivals = '', {}

for i = 1, #KEYS do
  local interval, burst = ARGV[2 * i], ARGV[1 + 2 * i]
  local found, arrival = call('GET', KEYS[i]), now
  if found then
    if i == 1 and digest ~= '' then
      if string.find(found, digest .. ',', digits + 1, true) then
        return 0
      end
      local kept = (math.max(fewest, 2 * burst) - 1) * (#digest + 1)
      digests = string.sub(found, math.max(digits + 1, #found + 1 - kept))
    end
    -- A time beyond the burst is of a clock that was set back, or of a policy with another limit.
    arrival = math.min(math.max(tonumber(string.sub(found, 1, digits)), now), now + interval * burst)
    local early = arrival + interval - interval * burst - now
    if early > 0 then
      return {i, math.ceil(early / 1000)}
    end
  end
  arrivals[i] = arrival + interval
end

for i = 1, #KEYS do
  local value, left = string.format('%016.0f', arrivals[i]), math.ceil((arrivals[i] - now) / 1000)
  if i == 1 and digest ~= '' then
    value, left = value .. digests .. digest .. ',', math.max(left, kept_for)
  end
  call('SET', KEYS[i], value, 'PX', left)
end
return 0
