"""A thread and an edit history as text for people. Both come escaped (`workers.escaping.document`)."""

from collections.abc import Iterator
from typing import Any, Final

from rich.console import Console
from rich.text import Text

STEP: Final = 3
"""Columns that a reply is indented."""
DEEPEST: Final = 12
"""Levels that are indented; deeper replies stay below the last of them, so that text keeps some width."""

NARROWEST: Final = 20
"""Columns that text keeps at least, however narrow the terminal."""

_GONE: Final = {
    "pending": "waiting for a moderator",
    "rejected": "removed by a moderator",
    "withdrawn": "taken back by its author",
}
_STYLES: Final = {"=": "", "-": "red strike", "+": "green underline"}
_MARKS: Final = {"=": ("", ""), "-": ("[-", "-]"), "+": ("{+", "+}")}


def show_thread(out: Console, page: dict[str, Any]) -> None:
    """Print a page of a thread, replies indented below what they answer."""
    thread = page["thread"]
    count = thread["comments"]
    _print(out, Text(thread["title"], "bold"), 0)
    out.print(Text(thread["url"], "dim"), soft_wrap=True)
    counted = f"{count} comment{'' if count == 1 else 's'}"
    out.print(Text(f"{counted}, {page['sort']} first · {thread['status']} · position {thread['position']}", "dim"))
    for row, level in _walk(page["comments"], 0):
        out.print()
        indent = min(level, DEEPEST) * STEP
        _print(out, heading(row), indent)
        body = row["body"]
        if body is not None:
            _print(out, Text(body), indent + 2)
        if row["replies"]["next"]:
            left = row["replies"]["count"] - len(row["replies"]["comments"])
            _print(out, Text(f"… {left} more below {row['id']}", "dim"), indent + STEP)


def heading(row: dict[str, Any]) -> Text:
    """What stands above a comment: who, when, its marks and votes; of a tombstone, why it is one."""
    told = Text()
    if row["author"] is None:
        told.append(f"[{_GONE[row['status']]}]", "italic dim")
        told.append(f"  {_minute(row['posted_at'])}  {row['id']}", "dim")
        return told
    told.append(row["author"]["name"], "bold cyan")
    for badge in row["author"]["badges"]:
        told.append(f" ({badge})", "cyan")
    votes = row["votes"]
    told.append(f"  {votes['score']:+d}" if votes["score"] else "  0", "bold" if votes["score"] else "dim")
    told.append(f" (▲{votes['up']} ▼{votes['down']})", "dim")
    told.append(f"  {_minute(row['posted_at'])}", "dim")
    if row["edited"] is not None:
        told.append("  edited", "yellow")
    if row["featured"]:
        told.append("  ★ editors' pick", "magenta")
    if row["status"] != "published":
        told.append(f"  [{_GONE[row['status']]}]", "italic red")
    if row["anchor"] is not None and row["parent"] is None:
        told.append(f"  on {row['anchor']}", "blue")
    told.append(f"  {row['id']}", "dim")
    return told


def show_history(out: Console, history: dict[str, Any]) -> None:
    """Print the revisions of a comment, each with what changed in it."""
    for revision in history["revisions"]:
        if revision is not history["revisions"][0]:
            out.print()
        out.print(_revision_heading(revision))
        if revision.get("reason"):
            _print(out, Text(f"“{revision['reason']}”", "italic"), 2)
        _print(out, _changed(revision, colours=out.color_system is not None), 2)


def _revision_heading(revision: dict[str, Any]) -> Text:
    told = Text()
    told.append(f"Revision {revision['revision']}", "bold")
    told.append(f"  {revision['by']['name']}", "bold cyan")
    told.append(f"  {_minute(revision['at'])}", "dim")
    told.append(f"  {revision['status']}", "green" if revision["status"] == "published" else "red")
    if revision["votes_then"] is not None:
        told.append(f"  ▲{revision['votes_then']['up']} ▼{revision['votes_then']['down']}", "dim")
    return told


def _changed(revision: dict[str, Any], *, colours: bool) -> Text:
    """The text; where it follows another, also what went out, and what came in marked. Marks stand in for colours."""
    if revision["body"] is None:
        return Text("[redacted]", "italic dim")
    told = Text()
    for sign, words in revision.get("diff") or [["=", revision["body"]]]:
        before, after = ("", "") if colours else _MARKS[sign]
        told.append(f"{before}{words}{after}", _STYLES[sign])
    return told


def _print(out: Console, text: Text, indent: int) -> None:
    """Print a text indented, wrapped to the width, without blanks at the ends of lines."""
    for line in text.wrap(out, max(out.width - indent, NARROWEST)):
        line.rstrip()
        out.print(Text(" " * indent).append_text(line) if line else Text(), soft_wrap=True)


def _walk(rows: list[dict[str, Any]], level: int) -> Iterator[tuple[dict[str, Any], int]]:
    for row in rows:
        yield row, level
        yield from _walk(row["replies"]["comments"], level + 1)


def _minute(time: str) -> str:
    return f"{time[:10]} {time[11:16]}"
