"""The words for rows of a thread."""

from io import StringIO
from typing import Any, get_args

import pytest
from rich.console import Console

from projections.thread.state import Gone
from workers.cli.wording import REDACTED, UNKNOWN, heading, show_history, show_thread, show_trail
from workers.gateway.shapes.rows import EXAMPLE_ROW

TOMBSTONE: dict[str, Any] = {**EXAMPLE_ROW, "author": None, "status": "rejected", "pinned": None, "votes": None}


def test_the_pinned_comment_is_marked() -> None:
    assert "pinned" not in heading(EXAMPLE_ROW).plain
    assert "  pinned" in heading({**EXAMPLE_ROW, "pinned": True}).plain


@pytest.mark.parametrize("gone", get_args(Gone))
def test_a_tombstone_says_by_what_the_comment_is_gone(gone: str) -> None:
    words = heading({**TOMBSTONE, "gone": gone}).plain
    assert words.startswith("[")
    assert ("moderator" in words, "author" in words) == (gone == "moderator", gone == "author")


def test_a_tombstone_that_is_gone_by_something_later_says_that_it_is_gone() -> None:
    assert heading({**TOMBSTONE, "gone": "of a later version"}).plain.startswith("[removed]")


def told(show: Any, document: dict[str, Any]) -> str:
    out = StringIO()
    show(Console(file=out, width=100), document)
    return out.getvalue()


def test_a_text_that_nobody_knows_is_told_apart_from_one_that_was_redacted() -> None:
    row = {**EXAMPLE_ROW, "body": None, "html": None, "unknown": True}
    row["replies"] = {"count": 0, "comments": [], "next": None}
    thread = {"title": "T", "url": "u", "comments": 1, "status": "open", "position": "1-1"}
    assert UNKNOWN in told(show_thread, {"thread": thread, "sort": "top", "comments": [row]})
    revision = {"revision": 1, "by": {"name": "Ada"}, "at": EXAMPLE_ROW["posted_at"], "votes_then": None, "body": None}
    for status, said in (("unknown", UNKNOWN), ("redacted", REDACTED)):
        history = {"comment": "c1", "revisions": [{**revision, "status": status}], "next": None}
        assert said in told(show_history, history)
    event = {"type": "comment.posted", "occurred_at": EXAMPLE_ROW["posted_at"], "position": "1-1"}
    event |= {"actor": {"kind": "member", "id": "ada"}, "data": {"unknown": True}}
    trail = {"comment": "c1", "site": "s", "thread": "t", "author": {"id": "ada", "name": "Ada"}, "since": None}
    shown = told(show_trail, {**trail, "status": "published", "events": [event]})
    assert UNKNOWN in shown
    assert REDACTED not in shown
