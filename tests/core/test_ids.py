"""Names are checked where they are decoded and where they are asked about, by one grammar."""

import re
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from core import ids

NAMES: list[tuple[Any, Callable[[str], bool], str]] = [
    (ids.SiteId, ids.is_site, "unherd-2"),
    (ids.ThreadId, ids.is_thread, "..power~broker"),
    (ids.AnchorId, ids.is_thread, "q.1"),
    (ids.CommentId, ids.is_comment, "c_-9"),
    (ids.MemberId, ids.is_member, "auth0:u-7"),
]


def fits(kind: Any, text: str) -> bool:
    try:
        msgspec.json.decode(msgspec.json.encode(text), type=kind)
    except msgspec.ValidationError:
        return False
    return True


@pytest.mark.parametrize(("kind", "named", "good"), NAMES)
@pytest.mark.parametrize("wrong", ["", "{}\n", "\n{}", "{} ", "{}/", "ä", "x" * 130])
def test_decoding_a_name_and_asking_about_it_say_the_same(
    kind: Any, named: Callable[[str], bool], good: str, wrong: str
) -> None:
    assert fits(kind, good)
    assert named(good)
    assert not fits(kind, wrong.format(good))
    assert not named(wrong.format(good))


@pytest.mark.parametrize("name", [".", ".."])
def test_a_thread_is_not_named_like_a_folder(name: str) -> None:
    assert not fits(ids.ThreadId, name)
    assert not ids.is_thread(name)


def test_every_pattern_ends_where_the_text_ends() -> None:
    patterns = [value for name, value in vars(ids).items() if name.endswith("_PATTERN")]
    assert len(patterns) == 6
    assert all(pattern.endswith(ids.END) for pattern in patterns)
    assert re.search(f"^a{ids.END}", "a\n") is None
