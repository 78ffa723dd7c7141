"""Text output of threads, histories and trails. The input is escaped (`workers.runtime.escaping.document`)."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from rich.console import Console
from rich.text import Text

from workers.runtime.amounts import counted

STEP: Final = 3
"""Columns of indent per level of replies."""
DEEPEST: Final = 12
"""Most levels of indent. Deeper replies are indented no further, so that the text keeps some width."""

NARROWEST: Final = 20
"""Minimum width of text in columns, on a terminal of any width."""

_HIDDEN: Final = {
    "pending": "waiting for a moderator",
    "rejected": "removed by a moderator",
    "withdrawn": "withdrawn by its author",
}
"""A comment that is not published and shown to staff, by its status."""

_GONE: Final = {
    "moderator": "removed by a moderator",
    "rule": "not published",
    "author": "withdrawn by its author",
    "erased": "erased",
    "unknown": "removed",
}
"""A tombstone, by what the comment is gone."""
_STYLES: Final = {"=": "", "-": "red strike", "+": "green underline"}
_MARKS: Final = {"=": ("", ""), "-": ("[-", "-]"), "+": ("{+", "+}")}


def show_thread(out: Console, page: dict[str, Any]) -> None:
    """Print a page of a thread, replies indented below their parent."""
    thread = page["thread"]
    _print(out, Text(thread["title"] or "(unverified title)", "bold"), 0)
    out.print(Text(thread["url"], "dim"), soft_wrap=True)
    comments = counted(thread["comments"], "comment")
    out.print(Text(f"{comments}, {page['sort']} first · {thread['status']} · position {thread['position']}", "dim"))
    for row, level in _walk(page["comments"], 0):
        out.print()
        indent = min(level, DEEPEST) * STEP
        _print(out, heading(row), indent)
        body = row["body"]
        if body is not None:
            _print(out, Text(body), indent + 2)
        elif row.get("unknown"):
            _print(out, Text(UNKNOWN, "italic dim"), indent + 2)
        if row["replies"]["next"]:
            left = row["replies"]["count"] - len(row["replies"]["comments"])
            _print(out, Text(f"… {left} more below {row['id']}", "dim"), indent + STEP)


def heading(row: dict[str, Any]) -> Text:
    """The heading of a comment: author, badges, votes, time, marks, id; of a tombstone, its reason, time and id."""
    line = Text()
    if row["author"] is None:
        line.append(f"[{_GONE.get(row['gone'], _GONE['unknown'])}]", "italic dim")
        line.append(f"  {_minute(row['posted_at'])}  {row['id']}", "dim")
        return line
    line.append(row["author"]["name"], "bold cyan")
    for badge in row["author"]["badges"]:
        line.append(f" ({badge})", "cyan")
    votes = row["votes"]
    line.append(f"  {votes['score']:+d}" if votes["score"] else "  0", "bold" if votes["score"] else "dim")
    line.append(f" (▲{votes['up']} ▼{votes['down']})", "dim")
    line.append(f"  {_minute(row['posted_at'])}", "dim")
    if row["edited"] is not None:
        line.append("  edited", "yellow")
    if row["featured"]:
        line.append("  ★ editors' pick", "magenta")
    if row["pinned"]:
        line.append("  pinned", "magenta")
    if row["status"] != "published":
        line.append(f"  [{_HIDDEN[row['status']]}]", "italic red")
    if row["anchor"] is not None and row["parent"] is None:
        line.append(f"  on {row['anchor']}", "blue")
    line.append(f"  {row['id']}", "dim")
    return line


def show_history(out: Console, history: dict[str, Any]) -> None:
    """Print the revisions of a comment, each with its changes."""
    for revision in history["revisions"]:
        if revision is not history["revisions"][0]:
            out.print()
        out.print(_revision_heading(revision))
        if revision.get("reason"):
            _print(out, Text(f"“{revision['reason']}”", "italic"), 2)
        for decision in revision.get("decisions", ()):
            _print(out, _decided(decision), 2)
        _print(out, _changed(revision, colours=out.color_system is not None), 2)


def show_trail(out: Console, trail: dict[str, Any]) -> None:
    """Print whether readers see a comment now and why, then its events in order."""
    author = trail["author"]
    line = Text(trail["comment"], "bold")
    line.append(f" in {trail['site']}/{trail['thread']}, by ")
    line.append(author["name"] or author["id"], "bold cyan")
    line.append(f" ({author['id']})")
    _print(out, line, 0)
    _print(out, Text(_stands(trail), "bold green" if trail["status"] == "published" else "bold red"), 0)
    for event in trail["events"]:
        out.print()
        if event["type"] == UNREADABLE:
            _print(out, Text.assemble((UNREADABLE, "bold red"), (f"  {event['position']}", "dim")), 0)
            continue
        heading = Text(f"{_second(event['occurred_at'])}  ", "dim")
        heading.append(event["type"], "bold")
        heading.append(f"  {_who(event)}", "cyan")
        if "revision" in event:
            heading.append(f"  revision {event['revision']}", "dim")
        heading.append(f"  {event['position']}", "dim")
        _print(out, heading, 0)
        for name, value in _details(event):
            _print(out, Text.assemble((f"{name} ", "dim") if name else "", value), 2)


def _stands(trail: dict[str, Any]) -> str:
    """A sentence that says whether readers see the comment, since when and why."""
    status, event = trail["status"], trail["since"]
    if event is None:
        return f"It is {status}."
    since = f"since {_second(event['occurred_at'])}"
    if status == "published":
        return f"Readers see it, {since}."
    if status == "withdrawn":
        return f"Readers do not see it {since}: withdrawn by its author."
    rule = event["data"].get("rule")
    by = f"rule {rule}" if rule is not None else _who(event)
    reason = event["data"].get("reason") if rule is None else None
    did = "rejected" if status == "rejected" else "held"
    return f"Readers do not see it {since}: {did} by {by}." + (f" “{reason}”" if reason else "")


def _details(event: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The data of an event as names and values. The body has no name. Fields in `_PRINTED_APART` are left out."""
    data = event["data"]
    if "answered" in data:
        yield "in reply to", f"{data['answered']}, revision {data.get('answered_revision', 1)}"
    if "rule" in data:
        by = "rejected by rule" if data.get("rejected") else "held by rule"
        yield by, ": ".join(filter(None, (data["rule"], data.get("match"))))
    for name in ("reason", "note", "tells", "text", "explanation"):
        if data.get(name):
            yield name, f"“{data[name]}”"
    for name, value in data.items():
        if name not in _PRINTED_APART and value not in (None, [], (), ""):
            yield name, value if isinstance(value, str) else msgspec.json.encode(value).decode()
    if event["type"] in ("comment.posted", "comment.edited"):
        yield "", data.get("body") or (UNKNOWN if data.get("unknown") else REDACTED)


UNREADABLE: Final = "unreadable"
"""Type of an unreadable entry."""
REDACTED: Final = "[redacted]"
UNKNOWN: Final = "[The text of this version is not known.]"
"""Stands for a text of which an import knew that it was there, but not its words."""

_PRINTED_APART: Final = frozenset(
    {
        "answered",
        "answered_revision",
        "avatar",
        "badges",
        "body",
        "by_policy",
        "by_standing",
        "depth",
        "entitlement",
        "explanation",
        "match",
        "name",
        "note",
        "parent",
        "reason",
        "rejected",
        "rule",
        "spans",
        "tells",
        "text",
        "unknown",
    }
)
"""Fields printed separately, or of no interest in the history of one comment; `--json` has them all."""


def _who(event: dict[str, Any]) -> str:
    return f"{event['actor']['kind']} {event['actor']['id']}"


def _revision_heading(revision: dict[str, Any]) -> Text:
    line = Text()
    line.append(f"Revision {revision['revision']}", "bold")
    line.append(f"  {revision['by']['name']}", "bold cyan")
    line.append(f"  {_minute(revision['at'])}", "dim")
    line.append(f"  {revision['status']}", "green" if revision["status"] == "published" else "red")
    if revision["votes_then"] is not None:
        line.append(f"  ▲{revision['votes_then']['up']} ▼{revision['votes_then']['down']}", "dim")
    return line


def _decided(decision: dict[str, Any]) -> Text:
    """A hold or a decision: its verdict, actor or rule, time and reason."""
    did = _DONE[decision["verdict"]]
    by = f"rule {decision['rule']}" if "rule" in decision else f"{decision['by']['kind']} {decision['by']['id']}"
    line = Text.assemble((f"{did} by {by}", "green" if did == "approved" else "red"))
    line.append(f"  {_minute(decision['at'])}", "dim")
    for name in ("match", "reason", "note"):
        if decision.get(name):
            line.append(f"  {name} ", "dim")
            line.append(f"“{decision[name]}”")
    return line


_DONE: Final = {
    "approve": "approved",
    "hold": "held",
    "reject": "rejected",
    "reverse": "decision reversed",
    "redact": "redacted",
}


def _changed(revision: dict[str, Any], *, colours: bool) -> Text:
    """The text of a revision, with removed and added words marked if it has a diff, by colours or by brackets."""
    if revision["body"] is None:
        return Text(UNKNOWN if revision["status"] == "unknown" else REDACTED, "italic dim")
    line = Text()
    for sign, words in revision.get("diff") or [["=", revision["body"]]]:
        before, after = ("", "") if colours else _MARKS[sign]
        line.append(f"{before}{words}{after}", _STYLES[sign])
    return line


def _print(out: Console, text: Text, indent: int) -> None:
    """Print a text indented and wrapped to the width, without trailing spaces."""
    for line in text.wrap(out, max(out.width - indent, NARROWEST)):
        line.rstrip()
        out.print(Text(" " * indent).append_text(line) if line else Text(), soft_wrap=True)


def _walk(rows: list[dict[str, Any]], level: int) -> Iterator[tuple[dict[str, Any], int]]:
    for row in rows:
        yield row, level
        yield from _walk(row["replies"]["comments"], level + 1)


def _second(time: str) -> str:
    return f"{time[:10]} {time[11:19]}"


def _minute(time: str) -> str:
    return f"{time[:10]} {time[11:16]}"
