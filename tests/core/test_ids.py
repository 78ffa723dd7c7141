"""Names are checked where they are decoded and where they are asked about, by one grammar."""

import re
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from core import heads, ids

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


MADE: list[tuple[Callable[..., str], int, int]] = [
    (ids.comment_id, 4, 22),
    (ids.command_key, 5, 16),
    (ids.vote_id, 2, 16),
    (ids.item_key, 3, 22),
    (ids.batch_id, 4, 22),
]


@pytest.mark.parametrize(("make", "parts", "length"), MADE)
def test_what_is_made_of_names_is_the_same_for_the_same_ones_alone(
    make: Callable[..., str], parts: int, length: int
) -> None:
    """Wherever one name ends and the next begins, and none looks like an option of a command line."""
    names = ["ab", "a", "b", "", "c"]
    given = [tuple(names[(at + place) % 5] for place in range(parts)) for at in range(5)]
    # The same letters in all, cut elsewhere.
    cut = [("abc"[:at], "abc"[at:], *["d"] * (parts - 2)) for at in range(4)] if parts > 1 else []
    made = [make(*one) for one in given + cut]
    assert len(set(made)) == len(made)
    assert made == [make(*one) for one in given + cut]
    assert all(re.fullmatch(rf"[A-Za-z0-9_][A-Za-z0-9_-]{{{length - 1}}}", one) for one in made)


def test_the_votes_on_a_comment_and_of_a_member_each_have_a_head_of_their_own() -> None:
    pairs = [(f"c{comment}", f"m{member}") for comment in range(30) for member in range(30)]
    assert len({heads.vote(*pair) for pair in pairs}) == len(pairs)
