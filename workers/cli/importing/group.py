"""The group `hansard import`. A subcommand is a module beside this one, and a line in the table."""

from typing import Final

from cyclopts import App

SUBCOMMANDS: Final = {
    "plan": "workers.cli.importing.plan:plan",
    "apply": "workers.cli.importing.apply:apply",
    "list": "workers.cli.importing.imports:imports",
    "remap": "workers.cli.importing.remap:remap",
    "undo": "workers.cli.importing.undo:undo",
}
"""Import paths of the subcommands; each is imported when it is called."""

_HELP: Final = """\
Move comments from another system to a site, in two steps.

`plan` reads what the other system exported and writes a folder: what would come, what would not and why. It changes
nothing and needs no server. `apply` brings that, however often it is run. `remap` gives the comments to other members,
and `undo` takes an import back.

The subcommands that work on a deployment find it with --data or --redis-url.

For example:

    hansard import plan wxr blog.xml --site gazette --into plan

    hansard import apply plan

    hansard import list
"""

group: Final = App(name="import", help=_HELP, help_format="markdown")
for name, path in SUBCOMMANDS.items():
    group.command(path, name=name)
