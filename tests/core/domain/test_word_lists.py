"""Word lists: put, replaced and taken away by admins; what cannot be a list is refused with what is wrong."""

from typing import Final

import pytest

from core import heads
from core.domain import word_lists
from core.domain.word_lists import MOST_BYTES, MOST_LISTS, MOST_TERMS, Lists, PutList, RemoveList, digest
from core.events.site_events import ListChanged, ListVersion
from core.position import Position
from core.refusals import BadField, NotAllowed, NotFound
from tests.support.people import ADA, ADMIN, MOD
from tests.support.story import before_anything, given_a_site

TERMS: Final = ("fool", "bad word")
PUT: Final = PutList(list="insults", terms=TERMS)
CHANGED: Final = ListChanged(list="insults", count=2, digest=digest(TERMS), terms=TERMS)


def version(name: str, at: Position, terms: tuple[str, ...] = TERMS) -> ListVersion:
    return ListVersion(list=name, at=str(at), count=len(terms), digest=digest(terms))


def test_an_admin_puts_a_list() -> None:
    given_a_site().when(PUT, by=ADMIN).then(CHANGED)
    given_a_site().when(PUT, by=MOD).refused(NotAllowed)
    given_a_site().when(PUT, by=ADA).refused(NotAllowed)
    before_anything().when(PUT, by=ADMIN).refused(NotFound)


def test_the_same_terms_again_change_nothing() -> None:
    story = given_a_site().when(PUT, by=ADMIN).then(CHANGED)
    story.when(PutList(list="insults", terms=("fool", " bad  word ", "fool")), by=ADMIN).nothing_happens(settled=2)


def test_the_head_of_the_lists_knows_all_of_them() -> None:
    story = given_a_site().when(PUT, by=ADMIN).then(CHANGED)
    first = story.last
    more = ("knave",)
    other = ListChanged(list="more", count=1, digest=digest(more), terms=more, others=(version("insults", first),))
    story.when(PutList(list="more", terms=more), by=ADMIN).then(other)
    head = story.heads[heads.LISTS]
    assert word_lists.noted(head.note, head.position) == Lists(
        versions={"insults": version("insults", first), "more": version("more", story.last, more)}, position=story.last
    )


def test_a_list_that_is_taken_away_is_gone_and_the_others_stay() -> None:
    story = given_a_site().when(PUT, by=ADMIN).then(CHANGED)
    first = story.last
    story.when(RemoveList(list="more"), by=ADMIN).refused(NotFound)
    story.when(PutList(list="more", terms=("knave",)), by=ADMIN)
    story.then(
        ListChanged(
            list="more", count=1, digest=digest(("knave",)), terms=("knave",), others=(version("insults", first),)
        )
    )
    second = story.last
    taken = ListChanged(list="insults", removed=True, others=(version("more", second, ("knave",)),))
    story.when(RemoveList(list="insults"), by=ADMIN)
    assert story._decide() == [taken]
    story.record(taken, ADMIN)
    story.refused(NotFound)
    head = story.heads[heads.LISTS]
    assert list(word_lists.noted(head.note, head.position).versions) == ["more"]


@pytest.mark.parametrize(
    ("terms", "pointer"),
    [
        ((), "/terms"),
        (("fool", ""), "/terms/1"),
        (("fool", "\u200b"), "/terms/1"),
        (("*",), "/terms/0"),
        (("fool", "knave", "a\x00"), "/terms/2"),
        (("x" * 201,), "/terms/0"),
        (tuple(f"term {n}" for n in range(MOST_TERMS + 1)), "/terms"),
        (tuple(f"{n:0190}" for n in range(MOST_BYTES // 190 + 1)), "/terms"),
    ],
    ids=["none", "empty", "unseen", "everything", "control", "long", "many", "big"],
)
def test_what_cannot_be_a_list_is_refused_with_what_is_wrong(terms: tuple[str, ...], pointer: str) -> None:
    given_a_site().when(PutList(list="insults", terms=terms), by=ADMIN).refused(BadField, pointer=pointer)


def test_a_list_may_have_as_many_terms_as_are_allowed() -> None:
    given_a_site().when(
        PutList(list="insults", terms=tuple(f"term {n}" for n in range(MOST_TERMS))), by=ADMIN
    ).is_taken()


def test_a_site_has_a_bounded_number_of_lists() -> None:
    full = ListChanged(
        list="last",
        count=2,
        digest=digest(TERMS),
        terms=TERMS,
        others=tuple(version(f"list-{n}", Position(1, n)) for n in range(MOST_LISTS - 1)),
    )
    story = given_a_site(full)
    story.when(PUT, by=ADMIN).refused(BadField, pointer="")
    story.when(PutList(list="list-3", terms=("other",)), by=ADMIN).is_taken()


def test_a_note_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(ValueError, match="malformed"):
        word_lists.noted("no note", Position(1, 1))
