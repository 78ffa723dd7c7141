"""Output of commands: results on standard output, progress on standard error.

No other part of a command prints. All text printed here is escaped (`workers.runtime.escaping`), from any source.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import structlog

from workers.runtime import escaping
from workers.runtime.logs import encoded

if TYPE_CHECKING:  # the import takes a tenth of a second, which --json need not spend
    from rich.console import Console

Progress = Callable[[int, int], None]

STEPS: Final = 10
"""Log lines of a long task if standard error is no terminal."""

_log = structlog.get_logger(__name__)


def document(value: Any) -> None:
    """Print a value as one line of JSON."""
    sys.stdout.buffer.write(escaping.json(encoded(value)) + b"\n")


@contextmanager
def binary() -> Iterator[BinaryIO]:
    """Standard output for the bytes of a file. They are printed as they are: no terminal shows them."""
    yield sys.stdout.buffer
    flush()


def line(text: str = "") -> None:
    """Print a text as one line."""
    print(escaping.line(text))


def flush() -> None:
    """Flush the text and the documents printed so far."""
    sys.stdout.flush()  # the text layer, and the buffer below it


def note(text: str) -> None:
    """Print a message about the work on standard error."""
    print(escaping.block(text), file=sys.stderr, flush=True)


def ask(text: str) -> str:
    """Print a question on standard error and return the line typed in reply."""
    print(escaping.line(text), end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()


def console() -> "Console":
    """A console on standard output, with the colours and width of the terminal, if any, else 80 columns.

    Texts must be escaped before they are printed: the console writes its own control characters between them.
    """
    from rich.console import Console

    class PipedConsole(Console):
        def on_broken_pipe(self) -> None:
            raise  # noqa: PLE0704 - rich calls this while it handles the error, and would exit with status 1

    return PipedConsole(highlight=False, markup=False, emoji=False, soft_wrap=False)


@contextmanager
def progress(doing: str) -> Iterator[Progress]:
    """Show the progress of a long task. The block calls the yielded function with the amounts done and in total.

    Draws a bar on a terminal, else logs a line per tenth. `doing` is snake_case, as in logs.
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
    reported = 0

    def show(done: int, total: int) -> None:
        nonlocal reported
        reached = done * STEPS // max(total, 1)
        if reached > reported:
            reported = reached
            _log.info("work_progressed", work=doing, done=done, total=total)

    return show
