#!lua
-- Probe that the server accepts writes. Writes nothing, but lacks `no-writes`, so it is refused if an append would be.
--
-- KEYS     1 log
-- ARGV     none
-- Returns  OK

return 'OK'
