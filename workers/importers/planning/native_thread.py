"""Facts of one discussion in the native format: checked, and put in order if they are not.

What cannot be is left out: an unknown comment, a revision that is not the next one, a time in the future, an invalid
id, an empty text. A reply to a comment that is left out hangs under the nearest one above that came.
"""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from core.domain.authoring import LONGEST_BADGE
from core.domain.context import LONGEST_NAME
from core.domain.import_facts import (
    AnchoredFact,
    AnyFact,
    ClosedFact,
    EditedFact,
    ImportedPerson,
    OpenedFact,
    PostedFact,
    SubscribedFact,
    TalliedFact,
)
from core.events.event import FIRST
from core.ids import is_comment, is_member, is_slug, is_thread
from core.text.unicode import normalise, one_line
from core.times import rfc3339
from workers.importers.planning.body_text import LONGEST
from workers.importers.planning.discussion import Rules
from workers.importers.planning.ledger import Ledger
from workers.importers.source_records import SourceFact

_decode: Final = msgspec.json.Decoder(AnyFact).decode
_encode: Final = msgspec.json.Encoder().encode
_WHATS: Final = {
    "open": "openings",
    "close": "closings",
    "anchor": "inline questions",
    "post": "comments",
    "edit": "edits",
    "withdraw": "withdrawals",
    "decide": "decisions",
    "redact": "redactions",
    "feature": "editors' picks",
    "pin": "pins",
    "vote": "votes",
    "tally": "tallied votes",
    "report": "reports",
    "subscribe": "subscriptions",
}
"""Names of the kinds of facts in the report."""


class _Impossible(Exception):
    """The fact cannot be. The message is the reason by its code."""


class NativeThread:
    """The facts of one thread. After `lines`, `left_out` and `authors` are set."""

    def __init__(
        self, thread: str, url: str, title: str, facts: list[SourceFact], rules: Rules, ledger: Ledger
    ) -> None:
        self._thread = thread
        self._url = url
        self._title = title
        self._facts = facts
        self._rules = rules
        self._ledger = ledger
        self._revisions: dict[str, int] = {}
        self._parents: dict[str, str | None] = {}
        self._anchors: set[str] = set()
        self._opened = False
        self.left_out: list[tuple[str, str]] = []
        self.authors: list[ImportedPerson] = []
        """The author of each comment that comes with its text."""

    def lines(self) -> Iterator[bytes]:
        """The facts that can be, encoded: in order of time, but a comment after the one it answers."""
        for fact in self._ordered():
            what = _WHATS[str(fact.__struct_config__.tag)]
            try:
                checked = self._checked(fact)
            except _Impossible as error:
                self._ledger.leave_out(what, str(error))
                if isinstance(fact, PostedFact):
                    self.left_out.append((fact.origin, str(error)))
            else:
                self._ledger.bring(what, _kind(checked))
                yield _encode(checked)

    def _ordered(self) -> list[AnyFact]:
        facts = [_decode(one.fact) for one in self._facts]
        times = [_time(fact) or 0 for fact in facts]
        posted = {fact.comment: at for fact, at in zip(facts, times, strict=True) if isinstance(fact, PostedFact)}
        parents = {fact.comment: fact.parent for fact in facts if isinstance(fact, PostedFact)}
        orders: dict[str, tuple[int, int]] = {}
        for comment in posted:
            line = [comment]
            while (above := parents.get(line[-1])) is not None and above in posted and above not in orders:
                if above in line:
                    break
                line.append(above)
            for one in reversed(line):
                above = parents.get(one)
                at, depth = orders.get(above or "", (0, 0))
                orders[one] = max(posted[one], at), depth + 1

        def place(number: int) -> tuple[int, int, bool, int]:
            fact, at = facts[number], times[number]
            if isinstance(fact, OpenedFact):
                return -1, 0, False, number
            if isinstance(fact, PostedFact):
                return *orders[fact.comment], False, number
            if isinstance(fact, ClosedFact):
                return max(times), len(facts), True, number
            order, depth = orders.get(getattr(fact, "comment", None) or "", (at, 0))
            return max(order, at), depth, True, number

        return [facts[number] for number in sorted(range(len(facts)), key=place)]

    def _checked(self, fact: AnyFact) -> AnyFact:
        """The fact as it may be brought. Raises _Impossible."""
        at = _time(fact)
        if at is None or at > self._rules.now:
            raise _Impossible("no-time" if at is None else "future")
        changed: dict[str, Any] = {"at": rfc3339(at), "thread": self._thread}
        if fact.by is not None:
            changed["by"] = _person(fact.by)
        if isinstance(fact, OpenedFact):
            if self._opened:
                raise _Impossible("twice")
            self._opened = True
            changed |= {"url": self._url, "title": self._title}
        elif isinstance(fact, AnchoredFact):
            if not is_thread(fact.anchor):
                raise _Impossible("invalid-id")
            self._anchors.add(fact.anchor)
        elif isinstance(fact, PostedFact):
            changed |= self._post(fact)
        elif not isinstance(fact, ClosedFact):
            changed |= self._about(fact)
        return replace(fact, **changed)

    def _post(self, fact: PostedFact) -> dict[str, Any]:
        if not is_comment(fact.comment) or fact.by is None:
            raise _Impossible("invalid-id" if fact.by is not None else "no-author")
        if fact.comment in self._revisions:
            raise _Impossible("twice")
        self._parents[fact.comment] = fact.parent
        changed = _body(fact)
        parent = fact.parent
        seen = {fact.comment}
        while parent is not None and parent not in self._revisions and parent not in seen:
            seen.add(parent)
            parent = self._parents.get(parent)
        if parent not in self._revisions:
            parent = None
        if parent != fact.parent:
            self._ledger.note("parent-missing", fact.origin)
        self._revisions[fact.comment] = FIRST
        author = _person(fact.by)
        if fact.body is not None:
            self.authors.append(author)
        anchor = fact.anchor if fact.anchor in self._anchors and parent is None else None
        return changed | {"parent": parent, "anchor": anchor}

    def _about(self, fact: AnyFact) -> dict[str, Any]:
        """Check a fact about a comment."""
        comment = getattr(fact, "comment", None)
        if comment is None and isinstance(fact, SubscribedFact):
            return {}
        latest = self._revisions.get(comment or "")
        if latest is None:
            raise _Impossible("unknown-comment")
        if isinstance(fact, EditedFact):
            if fact.revision != latest + 1:
                raise _Impossible("unknown-revision")
            changed = _body(fact)
            self._revisions[fact.comment] = fact.revision
            return changed
        if not FIRST <= getattr(fact, "revision", FIRST) <= latest:
            raise _Impossible("unknown-revision")
        if isinstance(fact, TalliedFact) and min(fact.up or 0, fact.down or 0) < 0:
            raise _Impossible("no-vote")
        if not is_slug(getattr(fact, "reason", None) or "other") and fact.__struct_config__.tag == "report":
            raise _Impossible("invalid-id")
        if fact.__struct_config__.tag in ("vote", "report") and fact.by is None:
            raise _Impossible("no-author")
        return {}


def _kind(fact: AnyFact) -> str:
    if not isinstance(fact, PostedFact):
        return ""
    if fact.waits:
        return "pending"
    return "facts"


def _body(fact: PostedFact | EditedFact) -> dict[str, Any]:
    """The normalised text of a post or an edit. Raises _Impossible."""
    if fact.body is None:
        return {}
    body = normalise(fact.body)
    if not body or len(body) > LONGEST:
        raise _Impossible("too-long" if body else "empty")
    original = None if fact.original is None or len(fact.original) > LONGEST else fact.original
    return {"body": body, "original": original}


def _person(person: ImportedPerson) -> ImportedPerson:
    """The person with a normalised name. Raises _Impossible for an invalid id."""
    if not is_member(person.id):
        raise _Impossible("invalid-id")
    name = None if person.name is None else one_line(person.name, LONGEST_NAME) or None
    badges = tuple(kept for badge in person.badges if (kept := one_line(badge, LONGEST_BADGE)))
    return replace(person, name=name, badges=badges)


def _time(fact: AnyFact) -> int | None:
    try:
        return fact.occurred_at
    except ValueError:
        return None
