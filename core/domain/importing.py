"""Decider of imports: the facts of one thread, or of a site's members, become events.

An import is the statement of a witness. No policy judges it, but nothing impossible is taken: a fact that does not
follow on those before it is left out, for a reason that has a code. A fact whose event is in the log is known,
however often it is brought (docs/native-format.md).
"""

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from core import heads
from core.domain import import_members, import_texts, import_votes
from core.domain.comment import UNPOSTED, Comment, digest
from core.domain.import_comment_facts import EditedFact, PostedFact
from core.domain.import_fact import Fact
from core.domain.import_facts import SITE_FACTS
from core.domain.import_kinds import DECIDED, OF_PERSONS, OF_TEXTS, OF_THREADS, WITHOUT_EVENTS
from core.domain.import_state import NO_EVENTS, FactFate, FactRefused, ImportState
from core.domain.import_thread_facts import OpenedFact
from core.domain.moderated_comment import Ruled
from core.domain.rules.premoderation import UNDER_REVIEW
from core.events.comment_events import (
    CommentApproved,
    CommentEdited,
    CommentHeld,
    CommentRejected,
    CommentRestored,
    CommentWithdrawn,
)
from core.events.envelope import Stamp
from core.events.event import Event
from core.events.import_events import AuthorReassigned, VotesBrought
from core.ids import is_member


def needs(fact: Fact) -> tuple[str, ...]:
    """Return the heads of the aggregates that a fact is decided on, its thread aside."""
    if isinstance(fact, SITE_FACTS):
        return import_members.heads_of(fact)
    names = (getattr(fact, "comment", None), getattr(fact, "parent", None))
    of_comments = (heads.comment(name) for name in names if name)
    own = import_votes.head_of(fact)
    return tuple(of_comments) if own is None else (*of_comments, own)


def decide(fact: Fact, state: ImportState) -> FactFate:
    """Decide on the next fact of a thread: its events are added to the state, unless they are known.

    Raises FactRefused if the fact is left out, and PositionWanted if the events before have to be appended first.
    """
    if isinstance(fact, WITHOUT_EVENTS):
        raise FactRefused("no-events-yet", "this version records no mutes and no subscriptions")
    _check(fact, state)
    if state.alone is None:
        return _add(DECIDED[type(fact)].decide(fact, state), fact, state)
    # What the facts alone make decides whether a fact is possible: else one that was left out could come later.
    events = DECIDED[type(fact)].decide(fact, state.alone)
    with state.alone.kept_if_wanted(events, state.stamp(fact)):
        return _again(events, fact, state) if events else "known"


def settle(name: str, state: ImportState) -> FactFate:
    """Bring what a comment that was there before has become in its source since. All of its facts were decided on.

    Its text, its status and its votes without voters become those of the facts, unless people here changed them.
    """
    assert state.alone is not None, "nothing was there before"
    there, made = state.alone.comments[name], len(state.made)
    stamp = state.plain_stamp
    up, down = there.tally or (0, 0)
    if (up, down) != (state.comments[name].tally or (0, 0)):
        state.add(VotesBrought(comment=name, up=up, down=down), stamp)
    if name not in state.differing:
        _settle_text(name, there, state, stamp)
    if name not in state.differing:
        _settle_status(name, there, state, stamp)
    if name in state.differing:
        return "differs"
    return "brought" if len(state.made) > made else "known"


def _settle_text(name: str, there: Comment, state: ImportState, stamp: Stamp) -> None:
    here, text = state.comments[name], there.last.digest
    if not text or text == here.last.digest or here.last.redacted is not None:
        return
    if not here.last.imported:
        state.differing.add(name)
        return
    body, original = state.texts[name]
    rule = UNDER_REVIEW if here.holds_edits else None
    edited = CommentEdited(comment=name, revision=here.latest + 1, rule=rule, body=body, original=original)
    state.renumbered[name, there.latest] = edited.revision
    state.add(edited, stamp)


def _settle_status(name: str, there: Comment, state: ImportState, stamp: Stamp) -> None:
    here = state.comments[name]
    if (here.verdict_status, here.withdrawn) == (there.verdict_status, there.withdrawn):
        return
    if not here.has_imported_status:
        state.differing.add(name)
        return
    if here.withdrawn != there.withdrawn:
        turned = CommentWithdrawn if there.withdrawn else CommentRestored
        state.add(turned(comment=name), stamp)
    if here.verdict_status != there.verdict_status:
        revision = state.revision(name, there.standing or there.latest)
        decided = _DECISIONS[there.verdict_status](comment=name, revision=revision)
        state.add(decided, replace(stamp, batch=None))


def _add(events: list[Event], fact: Fact, state: ImportState) -> FactFate:
    stamp = state.stamp(fact)
    if any(state.own.get(heads.of(event, stamp.actor), NO_EVENTS).here for event in events):
        return "differs"  # the person voted here, or staff decided about the member here
    for event in events:
        state.add(event, stamp)
    return "brought" if events else "known"


def _again(events: list[Event], fact: Fact, state: ImportState) -> FactFate:
    """Decide on a fact that the facts alone make possible, where something was there before."""
    if isinstance(fact, PostedFact):
        return _post(fact, state)
    name: str = getattr(fact, "comment", "")
    if isinstance(fact, EditedFact) and fact.body is not None:
        state.texts[name] = fact.body, fact.original
    if name in state.taken:
        raise FactRefused("id-taken", "another comment has this id")
    if name in state.posted_here or _is_known(fact, state):
        return "known"
    if type(fact) in OF_TEXTS and name in state.before:
        return _change(events[0], fact, state)
    try:
        return _add(DECIDED[type(fact)].decide(fact, state), fact, state)
    except FactRefused:
        return "differs"  # people here changed what the fact follows on


def _post(fact: PostedFact, state: ImportState) -> FactFate:
    name, there = fact.comment, state.comments.get(fact.comment, UNPOSTED)
    author = None if fact.by is None else fact.by.id
    if fact.body is not None:
        state.texts[name] = fact.body, fact.original
    if not there.exists:
        return _add(import_texts.post(fact, state), fact, state)
    if there.origin is None and fact.origin == name and there.author.id == author:
        state.posted_here.add(name)  # an export of this site comes back
        return "known"
    if there.origin != fact.origin or (there.author.id != author and AuthorReassigned not in there.changed):
        state.taken.add(name)
        raise FactRefused("id-taken", "a comment of another origin or of another author has this id")
    return "known"


def _change(event: Event, fact: Fact, state: ImportState) -> FactFate:
    """Bring a text or a decision about a comment that was there before, unless people here changed that."""
    name: str = getattr(fact, "comment", "")
    here = state.comments[name]
    if isinstance(event, CommentEdited):
        if event.revision <= here.latest and event.body is not None and here.last.digest == digest(event.body):
            state.renumbered[name, event.revision] = here.latest
            return "known"
        changed_here = not here.last.imported
        state.renumbered[name, event.revision] = here.latest + 1
        rule = event.rule or (UNDER_REVIEW if here.holds_edits else None)
        event = replace(event, revision=here.latest + 1, rule=rule)
    else:
        changed_here = not here.has_imported_status
        if (revision := getattr(event, "revision", None)) is not None:
            event = replace(event, revision=state.revision(name, revision))
    if changed_here:
        state.differing.add(name)
        return "differs"
    state.add(event, state.stamp(fact))
    return "brought"


def _check(fact: Fact, state: ImportState) -> None:
    if fact.by is not None and not is_member(fact.by.id):
        raise FactRefused("bad-id", "the id of a person is out of its grammar")
    try:
        at = fact.occurred_at
    except ValueError as error:
        raise FactRefused("unfit-value", "the time of the fact is not one of RFC 3339") from error
    if at > state.now:
        raise FactRefused("in-the-future", "the fact has not happened yet")
    is_of_thread = not isinstance(fact, (*SITE_FACTS, OpenedFact))
    if is_of_thread and not (state.alone or state).thread.exists:
        raise FactRefused("unknown-thread", "the discussion was not opened")


def _is_known(fact: Fact, state: ImportState) -> bool:
    """True if an import brought an event of this fact."""
    at, kinds = fact.occurred_at, DECIDED[type(fact)].makes
    if type(fact) in OF_THREADS:
        name = getattr(fact, "anchor", None) or getattr(fact, "comment", "")
        return any((kind, name, at) in state.thread.brought for kind in kinds)
    if type(fact) in OF_PERSONS:
        own = [state.own[head] for head in needs(fact) if head in state.own]
        return any((kind, at) in one.brought for kind in kinds for one in own)
    comment = state.comments.get(getattr(fact, "comment", ""), UNPOSTED)
    return any((kind, at) in comment.brought for kind in kinds)


_DECISIONS: Final[Mapping[str, type[Ruled]]] = {
    "published": CommentApproved,
    "pending": CommentHeld,
    "rejected": CommentRejected,
}
"""The decision that gives a comment its status."""
