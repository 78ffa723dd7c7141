"""Events of facts about votes and reports."""

from core import heads
from core.caller import Actor
from core.domain.import_comment_facts import (
    ReportedFact,
    RetractedFact,
    TalliedFact,
    UnvoidedFact,
    VoidedFact,
    VotedFact,
)
from core.domain.import_fact import Fact
from core.domain.import_state import NO_EVENTS, FactRefused, ImportState
from core.domain.void import restored, voided
from core.domain.vote import Vote
from core.events.event import Event
from core.events.import_events import VotesBrought
from core.events.report_events import ReportFiled
from core.events.vote_events import VoteCast, VoteRetracted
from core.ids import is_slug
from core.text.unicode import words_or_none


def cast(fact: VotedFact, state: ImportState) -> list[Event]:
    """Return the event of a vote."""
    _require_revision(fact, state)
    vote = _vote(fact.comment, _voter(fact), state)
    if vote.voided is not None:
        raise FactRefused("unknown-vote", "the vote is void, and is not cast again")
    if (vote.value, vote.revision) == (fact.value, fact.revision):
        return []
    return [VoteCast(comment=fact.comment, revision=fact.revision, value=fact.value)]


def retract(fact: RetractedFact, state: ImportState) -> list[Event]:
    """Return the event of a retraction."""
    _require_revision(fact, state)
    vote = _vote(fact.comment, _voter(fact), state)
    if not vote.value:
        return []
    return [VoteRetracted(comment=fact.comment, revision=fact.revision, voided=vote.voided)]


def void(fact: VoidedFact, state: ImportState) -> list[Event]:
    """Return the event that voids a vote."""
    comment, vote = state.comment(fact.comment), _vote(fact.comment, fact.voter, state)
    if not vote.value or vote.voided is not None:
        raise FactRefused("unknown-vote", "there is no such vote")
    state.written(vote.cast)  # the event names it
    return [voided(comment, vote, fact.voter, fact.reason)]


def unvoid(fact: UnvoidedFact, state: ImportState) -> list[Event]:
    """Return the event that makes a void vote count again."""
    vote = _vote(fact.comment, fact.voter, state)
    if vote.voided != fact.batch:
        raise FactRefused("unknown-vote", "there is no such void vote")
    if vote.cast is not None:
        state.written(vote.cast)  # the event names it
    return [restored(fact.comment, vote, fact.voter, fact.batch)]


def tally(fact: TalliedFact, state: ImportState) -> list[Event]:
    """Return the event of votes without known voters. Of a difference alone, it is for or against."""
    comment = state.comment(fact.comment)
    up, down = fact.up or 0, fact.down or 0
    is_score = fact.up is None and fact.down is None
    if is_score:
        score = fact.score or 0
        up, down = max(score, 0), max(-score, 0)
    if up < 0 or down < 0:
        raise FactRefused("unfit-value", "there are no fewer votes than none")
    if (up, down) == (comment.tally or (0, 0)):
        return []
    return [VotesBrought(comment=comment.id, up=up, down=down, score=is_score)]


def report(fact: ReportedFact, state: ImportState) -> list[Event]:
    """Return the event of a report."""
    _require_revision(fact, state)
    _voter(fact)
    if not is_slug(fact.reason):
        raise FactRefused("unfit-value", "the reason of a report is a slug")
    return [
        ReportFiled(comment=fact.comment, revision=fact.revision, reason=fact.reason, note=words_or_none(fact.note))
    ]


def head_of(fact: Fact) -> str | None:
    """Return the head of the person's own aggregate that a fact is about; None if it is about none."""
    actor = Actor(id="" if fact.by is None else fact.by.id)
    match fact:
        case VotedFact() | RetractedFact():
            return heads.vote(fact.comment, actor.id)
        case VoidedFact() | UnvoidedFact():
            return heads.vote(fact.comment, fact.voter)
        case ReportedFact():
            return heads.report(fact.comment, actor.id)
        case _:
            return None


def _voter(fact: Fact) -> str:
    if fact.by is None:
        raise FactRefused("no-author", "a vote and a report are a person's")
    return fact.by.id


def _vote(comment: str, voter: str, state: ImportState) -> Vote:
    return state.own.get(heads.vote(comment, voter), NO_EVENTS).vote


def _require_revision(fact: VotedFact | RetractedFact | ReportedFact, state: ImportState) -> None:
    if fact.revision not in state.comment(fact.comment).texts:
        raise FactRefused("unknown-revision", "the comment has no such revision")
