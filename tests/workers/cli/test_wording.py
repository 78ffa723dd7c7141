"""The words for rows of a thread."""

from typing import Any, get_args

import pytest

from projections.thread.state import Gone
from workers.cli.wording import heading
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
