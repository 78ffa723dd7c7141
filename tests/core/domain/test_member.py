from typing import Any

import pytest
from msgspec.structs import replace

from core.caller import Caller, Role
from core.domain.handler import Command
from core.domain.member import ReinstateMember, SuspendMember
from core.events.member_events import MemberReinstated, MemberSuspended
from core.refusals import BadField, NotAllowed, NotFound, Suspended
from core.times import rfc3339
from tests.support.people import ADA, ADMIN, AUDITOR, BOTH, EVE, MOD, OTHER_MOD, post
from tests.support.story import BEGIN, before_anything, given, given_a_site

SOON = BEGIN + 60_000
EVE_SUSPENDED = MemberSuspended(member="eve", until=SOON, reason="spam", by_role="moderator")


def suspend(**fields: Any) -> SuspendMember:
    return SuspendMember(**{"member": "eve", "reason": "spam", "until": SOON, **fields})


def test_a_moderator_suspends_a_member_for_a_while() -> None:
    given_a_site().when(suspend()).then(EVE_SUSPENDED)


def test_a_moderator_bans_a_member_by_naming_no_end() -> None:
    given_a_site().when(suspend(until=None)).then(MemberSuspended(member="eve", reason="spam", by_role="moderator"))


def test_suspending_again_alike_changes_nothing() -> None:
    given_a_site(EVE_SUSPENDED).when(suspend(), by=OTHER_MOD).nothing_happens(settled=2)


@pytest.mark.parametrize("other", [{"until": None}, {"until": SOON + 1}, {"reason": "insults"}])
def test_a_suspension_can_be_changed(other: Any) -> None:
    fields = {"member": "eve", "until": SOON, "reason": "spam", "by_role": "moderator", **other}
    given_a_site(EVE_SUSPENDED).when(suspend(**other)).then(MemberSuspended(**fields))


def test_a_suspension_does_not_end_before_it_begins() -> None:
    given_a_site().when(suspend(until=BEGIN)).refused(BadField, pointer="/until")


def test_a_moderator_lifts_a_suspension() -> None:
    given_a_site(EVE_SUSPENDED).when(ReinstateMember(member="eve")).then(MemberReinstated(member="eve"))


def test_whoever_is_not_suspended_is_not_reinstated() -> None:
    reinstate = ReinstateMember(member="eve")
    given_a_site().when(reinstate).nothing_happens(settled=1)
    given_a_site(EVE_SUSPENDED).when(reinstate, later=60).nothing_happens(settled=2)
    given_a_site(EVE_SUSPENDED, MemberReinstated(member="eve")).when(reinstate).nothing_happens(settled=3)


def test_a_suspension_ends_at_the_moment_that_it_names() -> None:
    suspended = given(EVE_SUSPENDED)
    suspended.when(post(), by=EVE, later=57.999).refused(Suspended, until=rfc3339(SOON))
    suspended.when(post(), by=EVE, later=58).is_taken()


def test_a_ban_never_ends() -> None:
    given(MemberSuspended(member="eve")).when(post(), by=EVE, later=10**9).refused(Suspended, until=None)


def test_staff_may_be_suspended_and_then_decides_nothing() -> None:
    given_a_site(MemberSuspended(member="mod")).when(suspend(), by=MOD).refused(Suspended)
    given_a_site(MemberSuspended(member="mod")).when(ReinstateMember(member="mod"), by=MOD).refused(Suspended)


def test_a_suspension_says_by_which_role_it_was_set() -> None:
    by_admin = MemberSuspended(member="eve", until=SOON, reason="spam", by_role="admin")
    given_a_site().when(suspend(), by=BOTH).then(by_admin)
    given_a_site(EVE_SUSPENDED).when(suspend(), by=BOTH).then(by_admin)
    unsaid = MemberSuspended(member="eve", until=SOON, reason="spam")
    given_a_site(unsaid).when(suspend(), by=MOD).nothing_happens(settled=2)
    given_a_site(by_admin).when(suspend(), by=BOTH).nothing_happens(settled=2)
    given_a_site(by_admin).when(suspend(), by=MOD).nothing_happens(settled=2)


@pytest.mark.parametrize("caller", [ADMIN, BOTH], ids=lambda caller: caller.name)
def test_who_has_the_role_admin_is_held_by_no_suspension_but_an_admins(caller: Caller) -> None:
    given(MemberSuspended(member=caller.id)).when(post(), by=caller).is_taken()
    for roles in (frozenset[Role](), frozenset[Role]({"moderator"})):
        lesser = replace(caller, roles=roles)
        given(MemberSuspended(member=caller.id)).when(post(), by=lesser).refused(Suspended, until=None)
    given(MemberSuspended(member=caller.id, by_role="admin")).when(post(), by=caller).refused(Suspended, until=None)
    given(MemberSuspended(member="eve", by_role="admin")).when(post(), by=EVE).refused(Suspended, until=None)


def test_an_admin_whom_a_moderator_suspended_lifts_that() -> None:
    held = MemberSuspended(member=BOTH.id)
    given_a_site(held).when(ReinstateMember(member=BOTH.id), by=BOTH).then(MemberReinstated(member=BOTH.id))


def test_nobody_suspends_themselves() -> None:
    given_a_site().when(suspend(member="mod"), by=MOD).refused(NotAllowed)


@pytest.mark.parametrize("caller", [ADA, ADMIN, AUDITOR], ids=lambda caller: caller.name)
@pytest.mark.parametrize("command", [suspend(), ReinstateMember(member="eve")], ids=["suspend", "reinstate"])
def test_nobody_but_a_moderator_judges_a_standing(caller: Caller, command: Command) -> None:
    given_a_site().when(command, by=caller).refused(NotAllowed)


def test_on_a_site_that_was_never_opened_nobody_is_found() -> None:
    before_anything().when(suspend()).refused(NotFound)
