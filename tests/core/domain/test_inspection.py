"""Looking at how one person voted is recorded: once per auditor, person and day of the site's time zone."""

import pytest

from core.caller import Caller
from core.domain.inspection import InspectVotes
from core.events.member_events import MemberSuspended, VotesInspected
from core.refusals import NotAllowed, NotFound
from tests.support.people import ADMIN, AUDITOR, BEN, MOD, policy
from tests.support.story import before_anything, by, given

LOOK = InspectVotes(member="ben")
LOOKED = VotesInspected(member="ben")
DAY = 24 * 3600.0


def test_the_first_look_of_a_day_is_recorded() -> None:
    story = given().when(LOOK, by=AUDITOR).then(LOOKED)
    story.when(LOOK, by=AUDITOR).nothing_happens(settled=3)
    story.when(LOOK, by=AUDITOR, later=DAY).is_taken()


def test_each_auditor_and_each_person_counts() -> None:
    other = Caller(id="ida", name="Ida", roles=frozenset({"auditor", "moderator"}))
    story = given(by(AUDITOR, LOOKED))
    story.when(LOOK, by=other).then(LOOKED)
    story.when(InspectVotes(member="eve"), by=AUDITOR).then(VotesInspected(member="eve"))


def test_a_day_is_one_of_the_sites_time_zone() -> None:
    # The stories begin at 22:13 in London, and at 09:13 of the next day in Sydney.
    hours = 2 * 3600.0
    given(by(AUDITOR, LOOKED)).when(LOOK, by=AUDITOR, later=hours).is_taken()
    sydney = policy(timezone="Australia/Sydney")
    given(sydney, by(AUDITOR, LOOKED)).when(LOOK, by=AUDITOR, later=hours).nothing_happens()


def test_a_suspended_auditor_reads_and_is_recorded() -> None:
    given(MemberSuspended(member="aud")).when(LOOK, by=AUDITOR).then(LOOKED)


@pytest.mark.parametrize("caller", [BEN, MOD, ADMIN], ids=lambda caller: caller.name)
def test_only_auditors_look(caller: Caller) -> None:
    given().when(LOOK, by=caller).refused(NotAllowed)


def test_without_a_site_there_is_nobody() -> None:
    before_anything().when(LOOK, by=AUDITOR).refused(NotFound)
