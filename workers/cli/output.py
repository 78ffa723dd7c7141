"""Where results and progress go: results to standard output, progress to standard error.

Nothing else in a command prints. What is printed here is escaped (`workers.runtime.escaping`), whoever wrote it.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import structlog

from workers.runtime import escaping
from workers.runtime.logs import encoded

if TYPE_CHECKING:  # it takes a tenth of a second, which --json need not spend
    from rich.console import Console

Progress = Callable[[int, int], None]

STEPS: Final = 10
"""How many lines long work logs where there is no terminal to draw on."""

_log = structlog.get_logger(__name__)


def document(value: Any) -> None:
    """Print a value as one line of JSON."""
    sys.stdout.buffer.write(escaping.json(encoded(value)) + b"\n")


def line(text: str = "") -> None:
    """Print one line, which is all that the text takes."""
    print(escaping.line(text))


def flush() -> None:
    """Let whoever reads have what was printed, as text or as documents."""
    sys.stdout.flush()  # the text and what lies below it


def note(text: str) -> None:
    """Say something about the work on standard error, where a person looks."""
    print(escaping.block(text), file=sys.stderr, flush=True)


def ask(text: str) -> str:
    """Ask a person something on standard error; the line that they type."""
    print(escaping.line(text), end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()


def counted(number: int, what: str) -> str:
    """So many of something, in words."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def console() -> "Console":
    """Standard output for people: colours and the width of the terminal where there is one, else 80 columns.

    What it is given to print has been escaped: it writes its own controls between texts.
    """
    from rich.console import Console

    class Told(Console):
        def on_broken_pipe(self) -> None:
            raise  # noqa: PLE0704 - rich calls this while it handles the error, and would exit with status 1

    return Told(highlight=False, markup=False, emoji=False, soft_wrap=False)


@contextmanager
def progress(doing: str) -> Iterator[Progress]:
    """Show how far long work has come; the block calls what it gets with how much is done, and of how much.

    A bar on a terminal, a log line a tenth elsewhere. `doing` is snake_case, as in logs.
    """
    if sys.stderr.isatty():
        with _bar(doing.replace("_", " ")) as show:
            yield show
    else:
        yield _lines(doing)


@contextmanager
def _bar(doing: str) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as drawn:
        task = drawn.add_task(doing, total=None)
        yield lambda done, total: drawn.update(task, completed=done, total=total)


def _lines(doing: str) -> Progress:
    told = 0

    def show(done: int, total: int) -> None:
        nonlocal told
        reached = done * STEPS // max(total, 1)
        if reached > told:
            told = reached
            _log.info("work_progressed", work=doing, done=done, total=total)

    return show
