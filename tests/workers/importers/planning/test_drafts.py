"""Laws of the order in which comments come, whatever the export says of parents and times."""

from hypothesis import given
from hypothesis import strategies as st

from core.domain.import_fact import ImportedPerson
from workers.importers.planning.drafts import Draft, link, ordered

NAMES = st.sampled_from([f"c{number}" for number in range(8)])


@st.composite
def drafts(draw: st.DrawFn) -> dict[str, Draft]:
    found = {}
    for name in draw(st.lists(NAMES, unique=True, min_size=1)):
        found[name] = Draft(
            id=f"x-{name}",
            origin=name,
            at=draw(st.integers(0, 5)),
            state="published",
            author=ImportedPerson(id="a"),
            texts=[],
            parents=tuple(draw(st.lists(NAMES, max_size=3))),
            comes=draw(st.booleans()),
            is_known=False,
        )
    return found


@given(found=drafts())
def test_parents_come_first_and_nothing_is_in_a_circle(found: dict[str, Draft]) -> None:
    link(found)
    coming = ordered([*found.values()])
    assert {draft.id for draft in coming} == {draft.id for draft in found.values() if draft.comes}
    place = {draft.id: at for at, draft in enumerate(coming)}
    for draft in coming:
        above = draft.answered()
        assert above is None or (place[above.id] < place[draft.id] and above.order <= draft.order)
        assert draft.order >= draft.at
        seen = {draft.id}
        higher = draft.parent
        while higher is not None:
            assert higher.id not in seen
            seen.add(higher.id)
            higher = higher.parent


@given(found=drafts())
def test_a_comment_answers_the_last_of_its_parents_that_is_there(found: dict[str, Draft]) -> None:
    wrong = {draft.id: what for what, draft in link(found)}
    for draft in found.values():
        there = [name for name in draft.parents if name in found and name != draft.origin]
        if draft.id not in wrong:
            assert (draft.parent and draft.parent.origin) == (there[-1] if there else None)
        elif wrong[draft.id] != "parent-cycle":
            assert not there


def test_a_circle_is_cut_at_its_oldest_comment_alone() -> None:
    made = [("a", 3, "b"), ("b", 1, "c"), ("c", 2, "a"), ("d", 0, "a")]
    found = {
        name: Draft(
            id=name, origin=name, at=at, state="published", author=ImportedPerson(id="a"), texts=[], parents=(above,)
        )
        for name, at, above in made
    }
    assert [(what, draft.id) for what, draft in link(found)] == [("parent-cycle", "b")]
    assert [found[name].parent and found[name].parent.id for name in "abcd"] == ["b", None, "a", "a"]  # type: ignore[union-attr] # it was asked first


def test_depth_has_no_bound() -> None:
    found = {
        str(number): Draft(
            id=str(number),
            origin=str(number),
            at=0,
            state="published",
            author=ImportedPerson(id="a"),
            texts=[],
            parents=(str(number - 1),),
            comes=True,
        )
        for number in range(5_000)
    }
    link(found)
    assert [draft.depth for draft in ordered([*found.values()])] == list(range(1, 5_001))
