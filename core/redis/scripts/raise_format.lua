#!lua
-- Raise the format of a deployment, unless a live process cannot read the new format.
--
-- KEYS     1 the deployment's record · 2 processes, scored by when they cease to count as alive, in ms of this server's
--          time
-- ARGV     1 id of the deployment · 2 the new format
-- Returns  "OK" and the previous format; "SAME" and the format, if it is the new or a newer one; "REFUSED", the
--          format and the documents of the processes that cannot read the new one; "GONE" if the record has another
--          id or none
--
-- A document is JSON; `reads` holds the formats that its process reads. An unreadable document reads none.

local record, processes = KEYS[1], KEYS[2]
local id, wanted = ARGV[1], tonumber(ARGV[2])

local format = redis.call('HGET', record, 'format')
if not format or redis.call('HGET', record, 'id') ~= id then
  return {'GONE'}
end
if tonumber(format) >= wanted then
  return {'SAME', format}
end

local function reads(document)
  local decoded, process = pcall(cjson.decode, document)
  if decoded and type(process) == 'table' and type(process.reads) == 'table' then
    for _, one in ipairs(process.reads) do
      if one == wanted then
        return true
      end
    end
  end
  return false
end

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local answer = {'REFUSED', format}
for _, document in ipairs(redis.call('ZRANGEBYSCORE', processes, string.format('(%.0f', now), '+inf')) do
  if not reads(document) then
    answer[#answer + 1] = document
  end
end
if #answer > 2 then
  return answer
end
redis.call('HSET', record, 'format', string.format('%.0f', wanted))
return {'OK', format}
