"""The command line: one module a command, which is imported when it is asked for.

`overview` answers `hansard --help` without any library, `app` knows all commands, `flags` are what several take,
`place` finds the server that a command works on, `ending` turns what went wrong into one line and an exit status.
Standard output is the result and nothing else; progress, notes and errors go to standard error.
"""
