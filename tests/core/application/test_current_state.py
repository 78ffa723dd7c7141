from contextlib import suppress

import pytest

from core.application import current_state
from core.application.aggregate_cache import AggregateCache
from core.caller import Caller
from core.domain.handler import Command
from core.domain.member import ReinstateMember, SuspendMember
from core.domain.moderation import Decide
from core.domain.site import ChangePolicy
from core.domain.thread import OverridePolicy, SetThreadStatus
from core.policy import Policy, PolicyChanges
from core.refusals import (
    NotAllowed,
    NotEntitled,
    NotFound,
    Refusal,
    Suspended,
    ThreadIsArchived,
    ThreadIsClosed,
    VotesOff,
)
from tests.support.newsroom import Newsroom
from tests.support.people import ADA, ADMIN, AUDITOR, BEN, GUEST, MOD, SITE, THREAD, edit, post

pytestmark = pytest.mark.anyio


async def test_the_policy_in_force_is_the_sites_with_what_the_thread_overrides() -> None:
    room = await Newsroom().opened(max_body=100)
    assert await current_state.policy_of(room.log, SITE, THREAD) == Policy(max_body=100, grace=0)
    await room.ask(OverridePolicy(overrides=PolicyChanges(max_depth=2)), MOD)
    await room.ask(ChangePolicy(changes=PolicyChanges(max_body=50, max_depth=9)), ADMIN)
    assert await current_state.policy_of(room.log, SITE, THREAD) == Policy(max_body=50, max_depth=2, grace=0)


async def test_a_standing_is_told_for_everyone() -> None:
    room = await Newsroom().opened()
    await room.ask(SuspendMember(member="ada", reason="spam"), MOD)
    suspension = (await current_state.standing_of(room.log, SITE, "ada")).suspension_at(room.log.now)
    assert suspension is not None
    assert (suspension.until, suspension.reason) == (None, "spam")
    await room.ask(ReinstateMember(member="ada"), MOD)
    assert (await current_state.standing_of(room.log, SITE, "ada")).suspension is None
    assert (await current_state.standing_of(room.log, SITE, "nobody")).suspension is None


async def test_site_thread_and_comment_are_told_as_they_are() -> None:
    room = await Newsroom().opened()
    await room.ask(post("c1"))
    await room.ask(edit(1, "other"))
    site = await current_state.site_of(room.log, SITE)
    assert (site.name, site.position) == ("UnHerd", site.opened_at)
    assert (await current_state.thread_of(room.log, SITE, THREAD)).status == "open"
    comment = await current_state.comment_of(room.log, SITE, THREAD, "c1", caller=BEN)
    assert (comment.author.id, comment.standing, comment.visible_to(BEN)) == ("ada", 2, True)


async def test_what_is_not_there_is_not_found() -> None:
    room = Newsroom()
    with pytest.raises(NotFound):
        await current_state.site_of(room.log, SITE)
    with pytest.raises(NotFound):
        await current_state.standing_of(room.log, SITE, "ada")
    with pytest.raises(NotFound):
        await current_state.policy_of(room.log, SITE, THREAD)
    with pytest.raises(NotFound):
        await current_state.comment_of(room.log, SITE, THREAD, "c1", caller=MOD)
    with pytest.raises(NotFound):
        await current_state.refusals(room.log, site=SITE, thread=THREAD, caller=ADA)


async def test_who_sees_a_comment_is_told_from_what_readers_saw_and_who_reads_it_from_what_they_see() -> None:
    room = await Newsroom().opened(premoderation="all")
    await room.ask(post("c1"))
    everybody, some = ["ada", "ben", "adm", "aud", "mod"], ["ada", "aud", "mod"]

    async def seen_by() -> list[str]:
        comment = await current_state.comment_of(room.log, SITE, THREAD, "c1", caller=MOD)
        return [caller.id for caller in (ADA, BEN, ADMIN, AUDITOR, MOD) if comment.visible_to(caller)]

    async def read_by() -> list[str]:
        found = []
        for caller in (ADA, BEN, ADMIN, AUDITOR, MOD):
            with suppress(NotFound):
                await current_state.comment_of(room.log, SITE, THREAD, "c1", caller=caller)
                found.append(caller.id)
        return found

    assert (await seen_by(), await read_by()) == (some, some)
    await room.ask(Decide(comment="c1", verdict="approve", revision=1), MOD)
    assert (await seen_by(), await read_by()) == (everybody, everybody)
    await room.ask(Decide(comment="c1", verdict="reject", revision=1), MOD)
    assert (await seen_by(), await read_by()) == (everybody, some)


@pytest.mark.parametrize(
    ("setup", "caller", "comment", "vote"),
    [
        ([], ADA, None, None),
        ([], GUEST, NotAllowed, NotAllowed),
        ([], AUDITOR, NotAllowed, NotAllowed),
        ([(SuspendMember(member="ada", reason="x"), MOD)], ADA, Suspended, Suspended),
        ([(ChangePolicy(changes=PolicyChanges(comment="anyone")), ADMIN)], GUEST, None, NotAllowed),
        ([(ChangePolicy(changes=PolicyChanges(comment="entitled")), ADMIN)], BEN, NotEntitled, None),
        ([(ChangePolicy(changes=PolicyChanges(votes=False)), ADMIN)], ADA, None, VotesOff),
        ([(SetThreadStatus(status="closed"), MOD)], ADA, ThreadIsClosed, None),
        ([(SetThreadStatus(status="archived"), MOD)], ADA, ThreadIsArchived, ThreadIsArchived),
    ],
)
async def test_why_a_comment_or_a_vote_would_fail_is_told_without_writing(
    setup: list[tuple[Command, Caller]], caller: Caller, comment: type[Refusal] | None, vote: type[Refusal] | None
) -> None:
    room = await Newsroom(AggregateCache()).opened()
    for command, by in setup:
        await room.ask(command, by)
    room.log.appends.clear()
    told = await current_state.refusals(room.log, site=SITE, thread=THREAD, caller=caller, cache=room.cache)
    assert isinstance(told.comment, comment or type(None))
    assert isinstance(told.vote, vote or type(None))
    assert room.log.appends == []
