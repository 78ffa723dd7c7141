#!lua
-- Whether the server takes writes now. This one writes nothing, but as it might, it is refused where an append would be.
--
-- KEYS     1 log
-- ARGV     none
-- Returns  OK

return 'OK'
