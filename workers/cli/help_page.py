"""The table of commands, and the page that `hansard --help` shows.

Shells ask for the page often, so it is printed before any library is imported.
"""

import sys
from difflib import get_close_matches
from typing import Final, NamedTuple

from workers.runtime import escaping


class CommandEntry(NamedTuple):
    """A command: its import path and a one-line description."""

    path: str
    does: str


RUN: Final = {
    "up": CommandEntry("workers.cli.up:up", "Run everything in one process, with an embedded server"),
    "gateway": CommandEntry("workers.cli.role_commands:gateway", "Run an HTTP gateway; several may run side by side"),
    "projector": CommandEntry("workers.cli.role_commands:projector", "Run a projector; several share the partitions"),
    "screener": CommandEntry("workers.cli.role_commands:screener", "Ask screeners about texts; several share them"),
}
READ: Final = {
    "thread": CommandEntry("workers.cli.thread:thread", "A thread as text, as it is now or as it was"),
    "history": CommandEntry("workers.cli.history:history", "The revisions of a comment, and what changed in each"),
    "trail": CommandEntry("workers.cli.trail:trail", "The events of a comment: who, when, why, by which rule"),
    "replay": CommandEntry("workers.cli.replay:replay", "The events in order, one line each"),
    "tail": CommandEntry("workers.cli.replay:tail", "New events as they are appended"),
    "rehearse": CommandEntry("workers.cli.rehearse:rehearse", "What a policy would hold, on past comments"),
    "report": CommandEntry("workers.cli.report_files:report", "Figures of moderation, for editors and for the DSA"),
}
OPERATE: Final = {
    "token": CommandEntry("workers.cli.token:token", "A signed token, on standard output"),
    "verify": CommandEntry("workers.cli.verify:verify", "Compare the served views with the fold of the log"),
    "rebuild": CommandEntry("workers.cli.rebuild:rebuild", "Rebuild the views from the log, without downtime"),
    "parked": CommandEntry("workers.cli.parked:parked", "Threads whose projection stopped: list, requeue, skip"),
    "backup": CommandEntry("workers.cli.backup:backup", "Take a backup, without downtime"),
    "restore": CommandEntry("workers.cli.backup:restore", "Restore a backup into an empty server"),
    "import": CommandEntry("workers.cli.importing.group:group", "Move comments here from another system"),
    "export": CommandEntry("workers.cli.export:export", "Write a site's comments to a file, for another system"),
    "upgrade": CommandEntry("workers.cli.upgrade:upgrade", "Allow the deployment to use the formats of a new version"),
    "doctor": CommandEntry("workers.cli.doctor:doctor", "Check the servers and the deployment, and suggest changes"),
}
GROUPS: Final = {"Run": RUN, "Read": READ, "Operate": OPERATE}
COMMANDS: Final = RUN | READ | OPERATE

_PAGE: Final = """\
Hansard: comment sections whose every word, change and decision is an event in a Redis stream.

Usage: hansard COMMAND [ARGUMENTS]

{commands}
Start here
  hansard up --sample           a server, the gateway and a discussion to look at
  hansard COMMAND --help        what a command does and takes, with examples

Settings are flags (--port) or environment variables of the same name (HANSARD_PORT).
Exit status: 0 on success, 1 on failure, 2 on a usage error, 130 after Ctrl-C.
"""


class HelpAnswer(NamedTuple):
    """A text to print, and its exit status."""

    text: str
    status: int = 0

    def print(self) -> int:
        """Print the text, on standard error if the status is not 0. Return the status."""
        print(self.text, end="", file=sys.stderr if self.status else sys.stdout)
        return self.status


def answer(arguments: list[str]) -> HelpAnswer | None:
    """Answer without importing a command: help page, version, unknown command. None for any other call."""
    match arguments:
        case []:
            return HelpAnswer(page(), 2)
        case ["--help" | "-h" | "help"]:
            return HelpAnswer(page())
        case ["--version"]:
            return HelpAnswer(f"hansard {version()}\n")
        case [name, *_] if not name.startswith("-") and name not in COMMANDS:
            close = get_close_matches(name, COMMANDS, 1)
            meant = f"did you mean hansard {close[0]}?" if close else "hansard --help lists the commands"
            return HelpAnswer(f"hansard: there is no command {escaping.line(name)}: {meant}\n", 2)
        case _:
            return None


def page() -> str:
    """The page that lists every command."""
    width = max(map(len, COMMANDS))
    lines = []
    for group, commands in GROUPS.items():
        lines.append(group)
        lines += [f"  {name:{width}}  {command.does}" for name, command in commands.items()]
        lines.append("")
    return _PAGE.format(commands="\n".join(lines))


def version() -> str:
    """The version of this installation."""
    from importlib.metadata import version as installed

    return installed("hansard")
