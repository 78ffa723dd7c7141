"""Events of facts about a discussion itself."""

from typing import Final

import msgspec

from core.domain.import_comment_facts import PinnedFact, UnpinnedFact
from core.domain.import_state import FactRefused, ImportState
from core.domain.import_thread_facts import (
    AnchoredFact,
    ClosedFact,
    LabelledFact,
    OpenedFact,
    OverriddenFact,
    ReopenedFact,
    RetitledFact,
)
from core.domain.origins import normalised
from core.domain.policy_fields import checked
from core.domain.rules.registry import check_rules
from core.domain.thread import LONGEST_TITLE
from core.events.comment_events import CommentPinned, CommentUnpinned
from core.events.event import Event
from core.events.thread_events import (
    AnchorClosed,
    AnchorOpened,
    AnchorReopened,
    AnchorReworded,
    PolicyOverridden,
    ThreadArchived,
    ThreadClosed,
    ThreadLabelled,
    ThreadOpened,
    ThreadReopened,
    ThreadRetitled,
)
from core.ids import is_slug, is_thread
from core.policy import PolicyChanges
from core.refusals import BadField, BadRule
from core.text.unicode import is_blank, one_line, quoted, words_or_none

_TURNED: Final = {"closed": ThreadClosed, "archived": ThreadArchived}


def open_thread(fact: OpenedFact, state: ImportState) -> list[Event]:
    """Return the event of an opening, unless the thread is open."""
    if not is_thread(fact.thread):
        raise FactRefused("bad-id", "the id of a thread is out of its grammar")
    if state.thread.exists:
        return []
    url, title = _article(fact)
    return [ThreadOpened(unverified=fact.unverified, labels=_labels(fact.labels), url=url, title=title)]


def retitle(fact: RetitledFact, state: ImportState) -> list[Event]:
    """Return the event of another title or address."""
    del state
    url, title = _article(fact)
    return [ThreadRetitled(url=url, title=title)]


def label(fact: LabelledFact, state: ImportState) -> list[Event]:
    """Return the event of other labels."""
    labels = _labels(fact.labels)
    return [] if labels == state.thread.labels else [ThreadLabelled(labels=labels)]


def close(fact: ClosedFact, state: ImportState) -> list[Event]:
    """Return the event of a closing, or of an archival."""
    if fact.status == state.thread.status:
        return []
    return [_TURNED[fact.status](reason=words_or_none(fact.reason))]


def reopen(fact: ReopenedFact, state: ImportState) -> list[Event]:
    """Return the event of a reopening."""
    return [] if state.thread.status == "open" else [ThreadReopened(reason=words_or_none(fact.reason))]


def override(fact: OverriddenFact, state: ImportState) -> list[Event]:
    """Return the event of the thread's own policy."""
    given = {name: value for name, value in msgspec.structs.asdict(fact.policy).items() if value is not msgspec.UNSET}
    try:
        overrides = PolicyChanges(**checked(given, ""))
        if overrides.rules is not msgspec.UNSET:
            check_rules(overrides.rules, "/rules")
    except (BadField, BadRule) as refusal:
        raise FactRefused("unfit-value", "the policy has a value that it cannot have") from refusal
    return [] if overrides == state.thread.overrides else [PolicyOverridden(overrides=overrides)]


def anchor(fact: AnchoredFact, state: ImportState) -> list[Event]:
    """Return the events of a question: asked, with other words, closed or asked again."""
    if not is_thread(fact.anchor):
        raise FactRefused("bad-id", "the id of an anchor is out of its grammar")
    exact = quoted(fact.exact)
    if is_blank(exact):
        raise FactRefused("unfit-value", "the quoted passage needs a visible character")
    prefix, suffix = (None if words is None else quoted(words) for words in (fact.prefix, fact.suffix))
    words = {"exact": exact, "prefix": prefix, "suffix": suffix, "prompt": words_or_none(fact.prompt)}
    known = state.thread.anchors.get(fact.anchor)
    events: list[Event] = []
    if known is None:
        events.append(AnchorOpened(anchor=fact.anchor, **words))
    elif msgspec.structs.asdict(known.wording) != words:
        events.append(AnchorReworded(anchor=fact.anchor, **words))
    was_closed = known is not None and known.closed
    if fact.closed and not was_closed:
        events.append(AnchorClosed(anchor=fact.anchor))
    if was_closed and not fact.closed:
        events.append(AnchorReopened(anchor=fact.anchor))
    return events


def pin(fact: PinnedFact, state: ImportState) -> list[Event]:
    """Return the events of a pin: one comment of a thread has it."""
    if state.comment(fact.comment).parent is not None:
        raise FactRefused("unfit-value", "a comment that is pinned answers none")
    before = state.thread.pinned
    if before == fact.comment:
        return []
    return [*([] if before is None else [CommentUnpinned(comment=before)]), CommentPinned(comment=fact.comment)]


def unpin(fact: UnpinnedFact, state: ImportState) -> list[Event]:
    """Return the event that ends a pin."""
    return [CommentUnpinned(comment=fact.comment)] if state.thread.pinned == fact.comment else []


def _article(fact: OpenedFact | RetitledFact) -> tuple[str, str]:
    """Address and title as they are stored. The origins of the policy do not bind what is brought."""
    url, title = normalised(fact.url), one_line(fact.title, LONGEST_TITLE)
    if url is None:
        raise FactRefused("unfit-value", "the address of the article is not one of http or https")
    if not title:
        raise FactRefused("unfit-value", "the title needs a visible character")
    return url, title


def _labels(labels: tuple[str, ...]) -> tuple[str, ...]:
    if not all(map(is_slug, labels)):
        raise FactRefused("unfit-value", "a label is a slug")
    return tuple(sorted(set(labels)))
