"""Staff trust or hold a member, warn, and note; a member acknowledges a warning before the next text."""

import pytest

from core.domain.member import SuspendMember
from core.domain.standing import MOST_WARNINGS, AcknowledgeWarning, AddNote, GiveWarning, SetStanding
from core.events.member_events import MemberSuspended, NoteAdded, StandingChanged, WarningAcknowledged, WarningGiven
from core.policy import Reason
from core.refusals import BadField, NotAllowed, NotFound, UnknownCode, WarningOpen
from tests.support.people import ADA, ADMIN, AUDITOR, BEN, MOD, edit, policy, post, posted
from tests.support.story import Story, by, given

RUDE = Reason(code="rude", ground="terms", tells={"en": "Please stay polite."})
WARN = GiveWarning(member="ada", reason="No insults.")
WARNED = by(MOD, WarningGiven(member="ada", reason="No insults."))


def acknowledging(story: Story) -> AcknowledgeWarning:
    return AcknowledgeWarning(member="ada", warning=str(story.last))


def test_a_warned_member_writes_nothing_until_the_warning_is_acknowledged() -> None:
    story = given(posted(), WARNED)
    story.when(post(), ADA).refused(WarningOpen, reason="No insults.")
    story.when(edit(1, "other words"), ADA).refused(WarningOpen)
    acknowledge = acknowledging(story)
    story.when(acknowledge, ADA).then(WarningAcknowledged(member="ada", warning=acknowledge.warning))
    story.when(post(), ADA).is_taken()
    given(posted(), WARNED).when(post(), BEN).is_taken()


def test_each_of_two_warnings_is_acknowledged() -> None:
    story = given(WARNED)
    first = acknowledging(story)
    story.record(WARNED.event, MOD)
    second = acknowledging(story)
    story.when(first, ADA).then(WarningAcknowledged(member="ada", warning=first.warning))
    story.when(post(), ADA).refused(WarningOpen)
    story.when(second, ADA).then(WarningAcknowledged(member="ada", warning=second.warning))
    story.when(post(), ADA).is_taken()


def test_nobody_acknowledges_the_warning_of_another_or_one_that_never_was() -> None:
    story = given(WARNED)
    for caller in (BEN, MOD, ADMIN):
        story.when(acknowledging(story), caller).refused(NotFound)
    story.when(AcknowledgeWarning(member="ada", warning="1-1"), ADA).refused(NotFound)


def test_a_code_gives_the_words_of_a_warning_and_of_a_suspension() -> None:
    reasons = policy(reasons=(RUDE,))
    warned = given(reasons).when(GiveWarning(member="ada", code="rude"), MOD)
    assert warned.events() == [WarningGiven(member="ada", code="rude", reason="Please stay polite.")]
    given(reasons).when(SuspendMember(member="ada", code="rude"), MOD).then(
        MemberSuspended(member="ada", by_role="moderator", code="rude", ground="terms", reason="Please stay polite.")
    )
    for command in (GiveWarning(member="ada", code="none"), SuspendMember(member="ada", code="none")):
        given(reasons).when(command, MOD).refused(UnknownCode)
    for silent in (GiveWarning(member="ada"), SuspendMember(member="ada")):
        given(reasons).when(silent, MOD).refused(BadField, pointer="/reason")


def test_a_standing_is_set_once_and_trust_given_again_counts_anew() -> None:
    held = StandingChanged(member="ada", standing="held")
    story = given().when(SetStanding(member="ada", standing="held"), MOD).then(held)
    story.when(SetStanding(member="ada", standing="held"), MOD).nothing_happens()
    trusted = by(MOD, StandingChanged(member="ada", standing="trusted"))
    given(trusted).when(SetStanding(member="ada", standing="trusted"), MOD).is_taken()


def test_a_note_is_for_staff_and_needs_words() -> None:
    given().when(AddNote(member="ada", text="A press\u202e officer."), MOD).is_taken()
    given().when(AddNote(member="ada", text="\u200b"), MOD).refused(BadField, pointer="/text")
    noted = by(MOD, NoteAdded(member="ada", text="A press officer."))
    given(noted).when(post(), ADA).is_taken()


@pytest.mark.parametrize(
    "command",
    [SetStanding(member="ada", standing="held"), WARN, AddNote(member="ada", text="x")],
    ids=["standing", "warning", "note"],
)
def test_only_moderators_do_so(command: object) -> None:
    for caller in (ADA, BEN, AUDITOR, ADMIN):
        given().when(command, caller).refused(NotAllowed)  # type: ignore[arg-type] # a command


def test_nobody_sets_their_own_standing_or_is_warned_without_end() -> None:
    for command in (SetStanding(member="mod", standing="trusted"), GiveWarning(member="mod", reason="Me.")):
        given().when(command, MOD).refused(NotAllowed)
    given(*[WARNED] * MOST_WARNINGS).when(WARN, MOD).refused(NotAllowed)
