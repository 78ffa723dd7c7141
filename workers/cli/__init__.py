"""The command line: one module per command, imported when the command is called.

`help_page` answers `hansard --help` without any library, `app` registers the commands, `options` has the shared
options, `target` finds the server to work on, `exit_status` maps errors to one line and an exit status.
Standard output has the result and nothing else; progress, notes and errors go to standard error.
"""
