"""The thread aggregate: lifecycle, policy overrides, and anchors. Managed by moderators.

Commands about the thread itself are allowed while it is closed or archived: otherwise it could not be reopened.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, assert_never

from msgspec import UNSET, Struct
from msgspec.structs import replace

from core import heads
from core.domain.context import Context, ThreadStatus
from core.domain.handler import Command, Handler, Handlers, Loaded, Needs
from core.domain.origins import normalised
from core.domain.policy_fields import check_overridable, checked
from core.domain.rules.registry import check_rules
from core.events.comment_events import CommentPinned, CommentUnpinned
from core.events.envelope import Recorded
from core.events.event import Event
from core.events.import_events import IMPORT
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
from core.policy import Policy, PolicyChanges
from core.position import Position
from core.refusals import BadField, ThreadNotOpened
from core.text.unicode import is_blank, one_line, quoted, words_or_none


class OpenThread(Command, frozen=True, kw_only=True, tag="open-thread"):
    """Open the thread of an article, retitle it, or confirm an unverified title."""

    url: str
    title: str
    labels: tuple[str, ...] | None = None
    """The new labels; None: as they are."""


class SetThreadStatus(Command, frozen=True, kw_only=True, tag="set-thread-status"):
    """Open, close or archive a thread."""

    status: ThreadStatus
    reason: str | None = None


class OverridePolicy(Command, frozen=True, kw_only=True, tag="override-policy"):
    """Replace the thread's overrides of the site's policy."""

    overrides: PolicyChanges


class PutAnchor(Command, frozen=True, kw_only=True, tag="put-anchor"):
    """Open, reword, close or reopen an inline question."""

    anchor: str
    exact: str
    prefix: str | None = None
    suffix: str | None = None
    prompt: str | None = None
    status: Literal["open", "closed"] = "open"


ThreadCommand = OpenThread | SetThreadStatus | OverridePolicy | PutAnchor

LONGEST_TITLE: Final = 500

_QUOTED: Final = ("exact", "prefix", "suffix")
_NO_OVERRIDES: Final = PolicyChanges()
_MOST_MERGED: Final = 256
_MERGED: Final[dict[tuple[int, int], tuple[Policy, PolicyChanges, Policy]]] = {}
"""Policies of threads by the identity of the site's and of the overrides, which never change."""


class Wording(Struct, frozen=True, kw_only=True):
    """The passage that an inline question refers to, and its prompt."""

    exact: str | None = None
    prefix: str | None = None
    suffix: str | None = None
    prompt: str | None = None


class Anchor(Struct, frozen=True, kw_only=True):
    """An inline question. `position` is that of its last event."""

    wording: Wording
    closed: bool = False
    position: Position


class Thread(Struct, frozen=True, kw_only=True):
    """A thread folded from its own events; comments are aggregates of their own."""

    url: str | None = None
    title: str | None = None
    unverified: bool = False
    """True if the title came with a member's first comment, and neither staff nor the publication confirmed it."""
    labels: tuple[str, ...] = ()
    labelled_at: Position | None = None
    titled_at: Position | None = None
    """Position of the event that last set url and title; None if the thread was never opened."""
    opened_at: Position | None = None
    opened_time: int | None = None
    """Time of the opening, in milliseconds since 1970 (original time if imported)."""
    status: ThreadStatus = "open"
    status_at: Position | None = None
    overrides: PolicyChanges = _NO_OVERRIDES
    overridden_at: Position | None = None
    anchors: Mapping[str, Anchor] = MappingProxyType({})
    pinned: str | None = None
    """The comment that comes first on the page."""
    pinned_at: Position | None = None
    """Position of the event that last set `pinned`."""
    brought: frozenset[tuple[type[Event], str, int]] = frozenset()
    """The thread's own events that imports brought: type, the anchor or the comment that it names, and time."""
    position: Position | None = None
    """Position of the thread's own last event, not of its comments'."""

    @property
    def exists(self) -> bool:
        """True if the thread was opened."""
        return self.titled_at is not None

    def policy(self, site: Policy) -> Policy:
        """The policy in force in this thread, given the site's policy."""
        overrides = self.overrides
        if overrides == _NO_OVERRIDES:
            return site
        key = id(site), id(overrides)
        known = _MERGED.get(key)
        if known is None:
            if len(_MERGED) >= _MOST_MERGED:
                _MERGED.clear()
            # The entry keeps both, so that their ids stay their own.
            known = _MERGED[key] = site, overrides, site.with_changes(overrides)
        return known[2]


def evolve(thread: Thread, recorded: Recorded) -> Thread:
    """Apply one event to the thread."""
    event, position = recorded.event, recorded.position
    thread = replace(thread, position=position)
    if recorded.envelope.cause == IMPORT:
        name = getattr(event, "anchor", None) or recorded.envelope.comment or ""
        thread = replace(thread, brought=thread.brought | {(type(event), name, recorded.occurred_at)})
    match event:
        case ThreadOpened():
            opened = replace(thread, url=event.url, title=event.title, titled_at=position, status_at=position)
            opened = replace(opened, unverified=event.unverified, labels=event.labels)
            return replace(opened, opened_at=position, opened_time=recorded.occurred_at)
        case ThreadRetitled():
            return replace(thread, url=event.url, title=event.title, unverified=False, titled_at=position)
        case ThreadLabelled():
            return replace(thread, labels=event.labels, labelled_at=position)
        case ThreadReopened():
            return replace(thread, status="open", status_at=position)
        case ThreadClosed():
            return replace(thread, status="closed", status_at=position)
        case ThreadArchived():
            return replace(thread, status="archived", status_at=position)
        case PolicyOverridden():
            return replace(thread, overrides=event.overrides, overridden_at=position)
        case CommentPinned():
            return replace(thread, pinned=event.comment, pinned_at=position)
        case CommentUnpinned():
            return replace(thread, pinned=None, pinned_at=position)
        case AnchorOpened() | AnchorReworded() | AnchorClosed() | AnchorReopened():
            anchor = _anchor(thread.anchors.get(event.anchor), event, position)
            return replace(thread, anchors=MappingProxyType({**thread.anchors, event.anchor: anchor}))
        case _:
            return thread


def decide(command: ThreadCommand, context: Context, loaded: Loaded) -> list[Event]:
    """Return the events of a command about a thread.

    Raises NotFound, NotAllowed, Suspended, UrlNotAllowed, BadRule, BadField.
    """
    thread: Thread = loaded.thread
    if isinstance(command, OpenThread):
        context.require_site()
    else:
        context.require_thread()
    context.require_role("moderator")
    match command:
        case OpenThread():
            return _open(command, thread, context)
        case SetThreadStatus():
            return turned(command, thread)
        case OverridePolicy():
            return overridden(command.overrides, thread)
        case PutAnchor():
            return anchored(command, thread)
        case _:
            assert_never(command)


def _needs(_: ThreadCommand, _caller: str) -> Needs:
    return Needs(folded=(heads.THREAD,), expected=(heads.THREAD,))


def _unchanged_since(command: ThreadCommand, _: Context, loaded: Loaded) -> Position | None:
    thread: Thread = loaded.thread
    match command:
        case OpenThread():
            return max(filter(None, (thread.titled_at, thread.labelled_at)), default=None)
        case SetThreadStatus():
            return thread.status_at
        case OverridePolicy():
            return thread.overridden_at or thread.titled_at
        case PutAnchor():
            return thread.anchors[command.anchor].position if command.anchor in thread.anchors else None
        case _:
            assert_never(command)


def opening(url: str | None, title: str | None, context: Context) -> ThreadOpened:
    """The event by which a first comment opens its thread. Raises ThreadNotOpened, UrlNotAllowed, BadField."""
    signed = context.signed_opening
    if signed is not None:
        return ThreadOpened(
            url=context.address(signed.url, signed=True),
            title=checked_title(signed.title),
            labels=sorted_labels(signed.labels),
        )
    if not context.caller.is_staff and context.policy.opening == "signed":
        raise ThreadNotOpened("the thread is not open yet: a token that carries thread, url and title opens it")
    if not context.caller.is_staff and context.policy.opening == "staff":
        raise ThreadNotOpened("the thread is not open yet, and only staff can open threads here")
    if url is None or title is None:
        missing = [name for name, value in (("url", url), ("title", title)) if value is None]
        if not context.may_open:
            raise ThreadNotOpened("the thread is not open yet, and only staff can open threads here", *missing)
        raise ThreadNotOpened("the thread is not open yet: a first comment with url and title opens it", *missing)
    return ThreadOpened(url=context.address(url), title=checked_title(title), unverified=not context.caller.is_staff)


def confirmed(thread: Thread, context: Context) -> list[Event]:
    """The events by which a signed token confirms an unverified title. Raises UrlNotAllowed, BadField."""
    signed = context.signed_opening
    if signed is None or not thread.unverified:
        return []
    title, url = checked_title(signed.title), context.address(signed.url, signed=True)
    return [ThreadRetitled(url=url, title=title), *labelled(thread, signed.labels or None)]


def _open(command: OpenThread, thread: Thread, context: Context) -> list[Event]:
    title = checked_title(command.title)
    url = context.address(command.url)
    if not thread.exists:
        return [ThreadOpened(url=url, title=title, labels=sorted_labels(command.labels or ()))]
    relabelled = labelled(thread, command.labels)
    # Stored values may predate the normalisation of addresses and titles.
    stored = normalised(thread.url or ""), one_line(thread.title or "", LONGEST_TITLE)
    if stored == (url, title) and not thread.unverified:
        return relabelled
    return [ThreadRetitled(url=url, title=title), *relabelled]


def labelled(thread: Thread, labels: tuple[str, ...] | None) -> list[Event]:
    """Return the events that replace the labels of a thread; none if they are the same, or None."""
    wanted = None if labels is None else sorted_labels(labels)
    return [] if wanted in (None, thread.labels) else [ThreadLabelled(labels=wanted)]


def sorted_labels(labels: tuple[str, ...]) -> tuple[str, ...]:
    """Return the labels without repeats, in order: what they are is a set."""
    return tuple(sorted(set(labels)))


def checked_title(text: str) -> str:
    """Return a title as it is stored. Raises BadField if it has no visible character."""
    title = one_line(text, LONGEST_TITLE)
    if not title:
        raise BadField("/title", "the title needs a visible character")
    return title


def turned(command: SetThreadStatus, thread: Thread) -> list[Event]:
    """Return the events that give a thread another status."""
    if command.status == thread.status:
        return []
    reason = words_or_none(command.reason)
    match command.status:
        case "open":
            return [ThreadReopened(reason=reason)]
        case "closed":
            return [ThreadClosed(reason=reason)]
        case "archived":
            return [ThreadArchived(reason=reason)]


def overridden(given: PolicyChanges, thread: Thread) -> list[Event]:
    """Return the events that replace a thread's own policy. Raises BadField, BadRule."""
    before, fields = thread.overrides, given.given()
    check_overridable(fields)
    overrides = replace(given, **checked(fields, ""))
    if overrides == before:
        return []
    if overrides.rules is not UNSET and overrides.rules != before.rules:
        check_rules(overrides.rules, "/rules")
    return [PolicyOverridden(overrides=overrides)]


def anchored(command: PutAnchor, thread: Thread) -> list[Event]:
    """Return the events that open, reword, close or reopen an inline question. Raises BadField."""
    anchor = thread.anchors.get(command.anchor)
    if is_blank(command.exact):
        raise BadField("/quote/exact", "the quoted passage needs a visible character")
    # The visible text of the quote is kept verbatim, because it is searched for in the article.
    prompt = words_or_none(command.prompt)
    wanted = _tidied(Wording(exact=command.exact, prefix=command.prefix, suffix=command.suffix, prompt=prompt))
    closed = command.status == "closed"
    events: list[Event] = []
    if anchor is None:
        events.append(_worded(AnchorOpened, command.anchor, wanted))
    elif _tidied(anchor.wording) != wanted:
        events.append(_worded(AnchorReworded, command.anchor, wanted))
    if closed and (anchor is None or not anchor.closed):
        events.append(AnchorClosed(anchor=command.anchor))
    if not closed and anchor is not None and anchor.closed:
        events.append(AnchorReopened(anchor=command.anchor))
    return events


def _tidied(wording: Wording) -> Wording:
    """The wording without invisible characters in its quote. Stored wordings may contain such characters."""
    quote = {name: quoted(words) for name in _QUOTED if (words := getattr(wording, name)) is not None}
    return replace(wording, **quote)


def _worded(kind: type[AnchorOpened | AnchorReworded], anchor: str, words: Wording) -> Event:
    return kind(anchor=anchor, exact=words.exact, prefix=words.prefix, suffix=words.suffix, prompt=words.prompt)


def _anchor(
    anchor: Anchor | None,
    event: AnchorOpened | AnchorReworded | AnchorClosed | AnchorReopened,
    position: Position,
) -> Anchor:
    match event:
        case AnchorOpened() | AnchorReworded():
            wording = Wording(exact=event.exact, prefix=event.prefix, suffix=event.suffix, prompt=event.prompt)
            return Anchor(wording=wording, closed=anchor is not None and anchor.closed, position=position)
        case AnchorClosed() | AnchorReopened():
            wording = Wording() if anchor is None else anchor.wording
            return Anchor(wording=wording, closed=isinstance(event, AnchorClosed), position=position)
        case _:
            assert_never(event)


_HANDLER: Final = Handler(needs=_needs, decide=decide, unchanged_since=_unchanged_since)

HANDLERS: Final[Handlers] = {
    OpenThread: _HANDLER,
    SetThreadStatus: _HANDLER,
    OverridePolicy: _HANDLER,
    PutAnchor: _HANDLER,
}
