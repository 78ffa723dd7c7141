from typing import Any

import pytest

from core.caller import Caller
from core.domain.site import ChangePolicy, OpenSite, RekeySite
from core.events.member_events import MemberSuspended
from core.events.site_events import SiteOpened, SiteRekeyed
from core.policy import Policy, PolicyChanges
from core.refusals import BadField, NotAllowed, NotFound, SiteExists, Suspended
from tests.support.people import ADA, ADMIN, AUDITOR, MOD, policy
from tests.support.story import before_anything, given_a_site

OPEN = OpenSite(name="UnHerd", policy=Policy(), keys_kind="hs256", keys_number=1)
REKEY = RekeySite(kind="jwks", number=2, keys_digest="d")
MEMBERS_ONLY = ChangePolicy(changes=PolicyChanges(comment="member", edit_window=None))


def test_an_operator_opens_a_site() -> None:
    before_anything().when(OPEN).then(SiteOpened(name="UnHerd", policy=Policy()))


def test_the_policy_is_recorded_whole_with_its_defaults_of_today() -> None:
    strict = OpenSite(name="UnHerd", policy=Policy(premoderation="all"), keys_kind="hs256", keys_number=1)
    before_anything().when(strict).then(SiteOpened(name="UnHerd", policy=Policy(premoderation="all")))


def test_the_name_of_a_site_is_one_line_without_unseen_characters() -> None:
    messy = OpenSite(name=" Un\u202eHerd\n ", policy=Policy(), keys_kind="hs256", keys_number=1)
    before_anything().when(messy).then(SiteOpened(name="UnHerd", policy=Policy()))


def test_a_site_that_was_opened_before_names_had_one_form_is_opened_again_alike() -> None:
    before_anything(SiteOpened(name="Un\u200bHerd", policy=Policy())).when(OPEN).nothing_happens(settled=1)


def test_a_site_has_a_name_that_can_be_seen() -> None:
    nameless = OpenSite(name="\u200b ", policy=Policy(), keys_kind="hs256", keys_number=1)
    before_anything().when(nameless).refused(BadField, pointer="/name")


@pytest.mark.parametrize("caller", [ADA, MOD, ADMIN, AUDITOR], ids=lambda caller: caller.name)
def test_nobody_but_an_operator_opens_or_rekeys_a_site(caller: Caller) -> None:
    before_anything().when(OPEN, by=caller).refused(NotAllowed)
    given_a_site().when(OPEN, by=caller).refused(NotAllowed)
    given_a_site().when(REKEY, by=caller).refused(NotAllowed)


def test_opening_a_site_again_alike_changes_nothing_also_after_its_policy_changed() -> None:
    given_a_site(policy(votes=False)).when(OPEN).nothing_happens(settled=1)


@pytest.mark.parametrize(
    ("other", "pointer"), [({"name": "Herd"}, "/name"), ({"policy": Policy(votes=False)}, "/policy/votes")]
)
def test_opening_a_site_again_otherwise_is_refused_and_says_what_differs(other: Any, pointer: str) -> None:
    given_a_site().when(
        OpenSite(**{"name": "UnHerd", "policy": Policy(), "keys_kind": "hs256", "keys_number": 1, **other})
    ).refused(SiteExists, pointer=pointer)


def test_new_keys_are_recorded_by_kind_and_number_only() -> None:
    given_a_site().when(REKEY).then(SiteRekeyed(kind="jwks", number=2))


def test_a_site_that_was_never_opened_is_not_found() -> None:
    before_anything().when(REKEY).refused(NotFound)
    before_anything().when(MEMBERS_ONLY).refused(NotFound)
    before_anything().when(MEMBERS_ONLY, by=ADA).refused(NotFound)


def test_an_admin_changes_the_policy_and_only_what_differs_is_recorded() -> None:
    changes = PolicyChanges(comment="member", votes=False, origins=("https://unherd.com",))
    given_a_site().when(ChangePolicy(changes=changes)).then(policy(votes=False, origins=("https://unherd.com",)))


def test_a_policy_that_is_in_force_already_is_not_changed_again() -> None:
    given_a_site(policy(votes=False)).when(ChangePolicy(changes=PolicyChanges(votes=False))).nothing_happens(settled=2)
    given_a_site(SiteRekeyed(kind="hs256", number=1)).when(MEMBERS_ONLY).nothing_happens(settled=1)


def test_an_edit_window_can_be_taken_away_again() -> None:
    always = ChangePolicy(changes=PolicyChanges(edit_window=None))
    given_a_site(policy(edit_window=60)).when(always).then(policy(edit_window=None))


@pytest.mark.parametrize("caller", [ADA, MOD, AUDITOR], ids=lambda caller: caller.name)
def test_nobody_but_an_admin_changes_the_policy(caller: Caller) -> None:
    given_a_site().when(ChangePolicy(changes=PolicyChanges(votes=False)), by=caller).refused(NotAllowed)


def test_an_admin_whom_an_admin_suspended_changes_nothing() -> None:
    suspended = MemberSuspended(member="adm", by_role="admin")
    given_a_site(suspended).when(MEMBERS_ONLY).refused(Suspended, until=None)


def test_an_admin_whom_a_moderator_suspended_goes_on() -> None:
    changes = ChangePolicy(changes=PolicyChanges(votes=False))
    given_a_site(MemberSuspended(member="adm")).when(changes).then(policy(votes=False))
