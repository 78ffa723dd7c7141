"""Events of facts about a discussion itself."""

from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import UNSET
from msgspec.structs import asdict

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
from core.domain.thread import (
    PutAnchor,
    SetThreadStatus,
    anchored,
    checked_title,
    labelled,
    overridden,
    sorted_labels,
    turned,
)
from core.events.comment_events import CommentPinned, CommentUnpinned
from core.events.event import Event
from core.events.thread_events import ThreadOpened, ThreadRetitled
from core.ids import is_slug, is_thread
from core.policy import PolicyChanges
from core.refusals import BadField, BadRule


def open_thread(fact: OpenedFact, state: ImportState) -> list[Event]:
    """Return the event of an opening, unless the thread is open."""
    if not is_thread(fact.thread):
        raise FactRefused("bad-id", "the id of a thread is out of its grammar")
    if state.thread.exists:
        return []
    url, title = _article(fact)
    return [ThreadOpened(unverified=fact.unverified, labels=_checked_labels(fact.labels), url=url, title=title)]


def retitle(fact: RetitledFact, state: ImportState) -> list[Event]:
    """Return the event of another title or address."""
    del state
    url, title = _article(fact)
    return [ThreadRetitled(url=url, title=title)]


def label(fact: LabelledFact, state: ImportState) -> list[Event]:
    """Return the event of other labels."""
    return labelled(state.thread, _checked_labels(fact.labels))


def close(fact: ClosedFact, state: ImportState) -> list[Event]:
    """Return the event of a closing, or of an archival."""
    return turned(SetThreadStatus(status=fact.status, reason=fact.reason), state.thread)


def reopen(fact: ReopenedFact, state: ImportState) -> list[Event]:
    """Return the event of a reopening."""
    return turned(SetThreadStatus(status="open", reason=fact.reason), state.thread)


def override(fact: OverriddenFact, state: ImportState) -> list[Event]:
    """Return the event of the thread's own policy."""
    given = {name: value for name, value in asdict(fact.policy).items() if value is not UNSET}
    with _fitting("the policy has a value that it cannot have"):
        return overridden(PolicyChanges(**given), state.thread)


def anchor(fact: AnchoredFact, state: ImportState) -> list[Event]:
    """Return the events of a question: asked, with other words, closed or asked again."""
    if not is_thread(fact.anchor):
        raise FactRefused("bad-id", "the id of an anchor is out of its grammar")
    command = PutAnchor(
        anchor=fact.anchor,
        exact=fact.exact,
        prefix=fact.prefix,
        suffix=fact.suffix,
        prompt=fact.prompt,
        status="closed" if fact.closed else "open",
    )
    with _fitting("the quoted passage needs a visible character"):
        return anchored(command, state.thread)


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
    url = normalised(fact.url)
    if url is None:
        raise FactRefused("unfit-value", "the address of the article is not one of http or https")
    with _fitting("the title needs a visible character"):
        return url, checked_title(fact.title)


def _checked_labels(labels: tuple[str, ...]) -> tuple[str, ...]:
    if not all(map(is_slug, labels)):
        raise FactRefused("unfit-value", "a label is a slug")
    return sorted_labels(labels)


@contextmanager
def _fitting(otherwise: str) -> Iterator[None]:
    """Leave the fact out where a command with its values would be refused."""
    try:
        yield
    except (BadField, BadRule) as refusal:
        raise FactRefused("unfit-value", otherwise) from refusal
