"""The comment aggregate as a value."""

from hypothesis import given, settings

from core.domain.comment import UNPOSTED, Comment, evolve
from tests.support.discussions import Move, events, moves, played


@settings(max_examples=20, deadline=None)
@given(moves())
async def test_a_comment_is_never_changed_once_folded(some: list[Move]) -> None:
    states: dict[str, Comment] = {}
    for recorded in await events(await played(some)):
        name = recorded.envelope.comment
        if name is not None:
            before = states.get(name, UNPOSTED)
            was = repr(before)
            states[name] = evolve(before, recorded)
            assert repr(before) == was, recorded.envelope.type
