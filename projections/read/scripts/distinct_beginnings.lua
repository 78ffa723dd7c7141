#!lua flags=no-writes
-- List the distinct beginnings of the members of one partition's part of a listing, in order.
--
-- KEYS  1 generation  2 listing
-- ARGV  1 generation of the keys   2 number of words of a beginning   3 the beginning to start after, or empty
--       4 bytes that a member begins with, or empty   5 maximum number of beginnings
-- Returns {generation, beginnings}, one per line. Members that share a beginning are passed over at once.

local generation = redis.call('GET', KEYS[1]) or ARGV[1]
if generation ~= ARGV[1] then
  return {generation}
end
local pattern = '^%S+' .. string.rep(' %S+', tonumber(ARGV[2]) - 1)
local after, prefix, most = ARGV[3], ARGV[4], tonumber(ARGV[5])
local at = after ~= '' and '(' .. after .. '!' or prefix ~= '' and '[' .. prefix or '-'
local found = {}
while #found < most do
  local member = redis.call('ZRANGEBYLEX', KEYS[2], at, '+', 'LIMIT', 0, 1)[1]
  if not member or string.sub(member, 1, #prefix) ~= prefix then
    break
  end
  found[#found + 1] = string.match(member, pattern)
  at = '(' .. found[#found] .. '!'
end
return {generation, table.concat(found, '\n')}
