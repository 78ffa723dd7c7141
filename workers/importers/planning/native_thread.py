"""Facts of one discussion in the native format: checked, and put in order if they are not.

What cannot be is left out: an unknown comment, a revision that is not the next one, a time in the future, an invalid
id, an empty text. A reply to a comment that is left out hangs under the nearest one above that came.
"""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from core.domain.import_comment_facts import EditedFact, PostedFact, SubscribedFact, TalliedFact
from core.domain.import_fact import ImportedPerson
from core.domain.import_facts import AnyFact
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
from core.domain.thread import LONGEST_TITLE
from core.events.event import FIRST
from core.ids import is_comment, is_slug, is_thread
from core.policy import Overrides
from core.refusals import BadField
from core.text.unicode import normalise, one_line
from workers.importers.fact_file import fact_of
from workers.importers.planning.body_text import LONGEST
from workers.importers.planning.ledger import Ledger
from workers.importers.planning.native_checks import Impossible, common, person_of, time_of, what_of
from workers.importers.planning.source_discussion import Rules
from workers.importers.source_records import SourceFact

_encode: Final = msgspec.json.Encoder().encode


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
        self._anchor_of: dict[str, str | None] = {}
        self._opened = False
        self.left_out: list[tuple[str, str]] = []
        self.authors: list[ImportedPerson] = []
        """The author of each comment that comes with its text."""

    def lines(self) -> Iterator[bytes]:
        """The facts that can be, encoded: as they are ordered, else by time, but a comment after the one it answers."""
        for fact in self._ordered():
            what = what_of(fact)
            try:
                checked = self._checked(fact)
            except Impossible as error:
                self._ledger.leave_out(what, str(error))
                if isinstance(fact, PostedFact):
                    self.left_out.append((fact.origin, str(error)))
            else:
                self._ledger.bring(what, _kind(checked))
                yield _encode(checked)

    def _ordered(self) -> list[AnyFact]:
        facts = [fact_of(one.fact) for one in self._facts]
        if self._rules.ordered:
            return facts
        times = [time_of(fact) or 0 for fact in facts]
        reopens = any(isinstance(fact, ReopenedFact) for fact in facts)
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
            if isinstance(fact, ClosedFact) and not reopens:
                return max(times), len(facts), True, number
            order, depth = orders.get(getattr(fact, "comment", None) or "", (at, 0))
            return max(order, at), depth, True, number

        return [facts[number] for number in sorted(range(len(facts)), key=place)]

    def _checked(self, fact: AnyFact) -> AnyFact:
        """The fact as it may be brought. Raises Impossible."""
        changed = common(fact, self._rules.now) | {"thread": self._thread}
        match fact:
            case OpenedFact():
                if self._opened:
                    raise Impossible("twice")
                self._opened = True
                changed |= {"url": self._url, "title": self._title, "labels": _labels(fact.labels)}
            case RetitledFact():
                changed |= _titled(fact)
            case LabelledFact():
                changed["labels"] = _labels(fact.labels)
            case OverriddenFact():
                changed["policy"] = _policy(fact)
            case AnchoredFact():
                if not is_thread(fact.anchor):
                    raise Impossible("invalid-id")
                self._anchors.add(fact.anchor)
            case PostedFact():
                changed |= self._post(fact)
            case ClosedFact() | ReopenedFact():
                pass
            case _:
                changed |= self._about(fact)
        return replace(fact, **changed)

    def _post(self, fact: PostedFact) -> dict[str, Any]:
        if not is_comment(fact.comment) or fact.by is None:
            raise Impossible("invalid-id" if fact.by is not None else "no-author")
        if fact.comment in self._revisions:
            raise Impossible("twice")
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
        author = person_of(fact.by)
        if fact.body is not None:
            self.authors.append(author)
        seen_text = fact.parent_revision
        if parent != fact.parent or not FIRST <= seen_text <= self._revisions.get(parent or "", FIRST):
            changed["parent_revision"] = FIRST
        if fact.depth is not None and (parent is None or fact.depth < 1):
            changed["depth"] = None
        anchor = self._anchor_of.get(parent) if parent is not None else fact.anchor
        anchor = self._anchor_of[fact.comment] = anchor if anchor in self._anchors else None
        return changed | {"parent": parent, "anchor": anchor}

    def _about(self, fact: AnyFact) -> dict[str, Any]:
        """Check a fact about a comment."""
        comment = getattr(fact, "comment", None)
        if comment is None and isinstance(fact, SubscribedFact):
            return {}
        latest = self._revisions.get(comment or "")
        if latest is None:
            raise Impossible("unknown-comment")
        if isinstance(fact, EditedFact):
            if fact.revision != latest + 1:
                raise Impossible("unknown-revision")
            changed = _body(fact)
            self._revisions[fact.comment] = fact.revision
            return changed
        if not FIRST <= getattr(fact, "revision", FIRST) <= latest:
            raise Impossible("unknown-revision")
        if isinstance(fact, TalliedFact) and min(fact.up or 0, fact.down or 0) < 0:
            raise Impossible("no-vote")
        return {}


def _kind(fact: AnyFact) -> str:
    if not isinstance(fact, PostedFact):
        return ""
    if fact.waits or (fact.rule is not None and not fact.rule.rejected):
        return "pending"
    return "facts"


def _labels(labels: tuple[str, ...]) -> tuple[str, ...]:
    """Labels in order, without repeats. Raises Impossible."""
    if not all(map(is_slug, labels)):
        raise Impossible("invalid-id")
    return tuple(sorted(set(labels)))


def _titled(fact: RetitledFact) -> dict[str, Any]:
    """The address and the title, normalised. Raises Impossible."""
    url, title = normalised(fact.url), one_line(fact.title, LONGEST_TITLE)
    if url is None or not title:
        raise Impossible("no-address" if url is None else "empty")
    return {"url": url, "title": title}


def _policy(fact: OverriddenFact) -> Overrides:
    """The policy of a discussion, normalised. Raises Impossible."""
    try:
        return Overrides(**checked(fact.policy.given(), ""))
    except BadField as error:
        raise Impossible("invalid-policy") from error


def _body(fact: PostedFact | EditedFact) -> dict[str, Any]:
    """The normalised text of a post or an edit. Raises Impossible."""
    if fact.body is None:
        return {}
    body = normalise(fact.body)
    if not body or len(body) > LONGEST:
        raise Impossible("too-long" if body else "empty")
    original = None if fact.original is None or len(fact.original) > LONGEST else fact.original
    return {"body": body, "original": original}
