"""Facts of one discussion, from the drafts of its comments and what belongs to them.

Nothing is published here that was not. A comment comes in if it was published, rejected, or waits and is not too old to
wait; a deleted one, or one that waited too long, only as a tombstone under which published replies hang. All others are
left out, and their replies go to the nearest comment above that came.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from core.domain.import_comment_facts import (
    DecidedFact,
    EditedFact,
    FeaturedFact,
    PinnedFact,
    PostedFact,
    RedactedFact,
    SubscribedFact,
)
from core.domain.import_fact import ImportedPerson
from core.domain.import_thread_facts import AnchoredFact, ClosedFact, OpenedFact
from core.events.event import FIRST
from core.ids import is_thread
from core.times import rfc3339
from workers.importers.planning.comment_ids import comment_id
from workers.importers.planning.drafts import Draft, link, ordered
from workers.importers.planning.ledger import Ledger
from workers.importers.planning.people import People
from workers.importers.planning.placing import FEATURE, LAST, PIN, Placed, Steps
from workers.importers.planning.reactions import Reactions
from workers.importers.planning.source_discussion import Rules, SourceDiscussion
from workers.importers.source_records import (
    SourceArticle,
    SourceDecision,
)


class Outcome(Struct, kw_only=True):
    """The facts of a discussion in order, and what was left out of it: id in the source, and why."""

    facts: list[Placed]
    left_out: list[tuple[str, str]]


class DiscussionPlan:
    """One discussion. `run` decides and returns its facts."""

    def __init__(self, discussion: SourceDiscussion, rules: Rules, people: People, ledger: Ledger) -> None:
        self._found = discussion
        self._rules = rules
        self._people = people
        self._ledger = ledger
        self._left_out: list[tuple[str, str]] = []
        self._by_id = discussion.drafts
        self._anchors: dict[str, AnchoredFact] = {}
        """The inline questions by their ids."""
        self._anchor_ids: dict[str, str] = {}
        """The ids of inline questions by every id that comments may name them by."""
        self._decisions: dict[str, list[SourceDecision]] = {}
        for decision in sorted(discussion.decisions, key=lambda one: one.at):
            self._decisions.setdefault(decision.comment, []).append(decision)
        self._reactions = Reactions(discussion, rules, people, ledger, self._decisions)

    def run(self, *, elsewhere: frozenset[str] = frozenset()) -> Outcome:
        """Decide what comes in, and return the facts in order. Without a comment that comes there are none."""
        for what, draft in link(self._by_id, elsewhere=elsewhere):
            self._ledger.note(what, draft.origin)
        self._choose()
        coming = ordered([*self._by_id.values()])
        if not coming:
            return Outcome(facts=[], left_out=self._left_out)
        self._find_anchors()
        self._reactions.find_ballots()
        placed = [fact for draft in coming for fact in self._facts_of(draft)]
        placed += self._reactions.votes()
        placed += self._reactions.reports()
        placed += self._pins(coming)
        placed += self._subscriptions()
        placed.sort(key=lambda one: (one.order, one.rank, one.step))
        return Outcome(facts=[*self._openings(), *placed, *self._closing(placed)], left_out=self._left_out)

    def _choose(self) -> None:
        """Decide which comments come in, which as tombstones, and why the others do not."""
        gone = [draft for draft in self._by_id.values() if not self._comes_as_it_is(draft)]
        needed = self._answered_by_published()
        for draft in gone:
            if draft.is_known:
                self._ledger.known["comments"] += 1
            elif draft.why is None and draft.id in needed:
                draft.comes = draft.is_tombstone = True
                draft.author = self._people.ids.unnamed(draft.id)
            else:
                self._leave_out(draft, draft.why or ("deleted" if draft.state == "deleted" else "waited-too-long"))
        for draft in self._by_id.values():
            if draft.comes:
                self._ledger.bring("comments", "tombstone" if draft.is_tombstone else draft.state)

    def _comes_as_it_is(self, draft: Draft) -> bool:
        since = self._rules.waiting_since
        if not draft.is_known and draft.why is None:
            is_young = since is None or draft.ended >= since
            draft.comes = draft.state in _COMING or (draft.state == "pending" and is_young)
        return draft.comes

    def _answered_by_published(self) -> set[str]:
        """Ids of the comments under which published ones hang, at any depth."""
        needed: set[str] = set()
        for draft in self._by_id.values():
            if draft.state == "published" and draft.comes:
                above = draft.parent
                while above is not None and above.id not in needed:
                    needed.add(above.id)
                    above = above.parent
        return needed

    def _leave_out(self, draft: Draft, why: str) -> None:
        self._ledger.leave_out("comments", why)
        self._left_out.append((draft.origin, why))

    def _openings(self) -> Iterator[Placed]:
        """The opening, at the first moment of anything, and the inline questions."""
        found = self._found
        created = [article.at for article in found.articles if article.at is not None]
        first = min([*created, *(draft.at for draft in self._by_id.values() if draft.comes)])
        opened = OpenedFact(thread=found.thread, at=rfc3339(first), url=found.url, title=found.title)
        yield Placed(first, -2, 0, opened)
        for anchor in self._anchors.values():
            self._ledger.bring("inline questions")
            yield Placed(first, -1, 0, replace(anchor, at=opened.at))

    def _closing(self, placed: Sequence[Placed]) -> Iterator[Placed]:
        """The closing, at the time of the last fact or later, where every article of the thread is closed."""
        if all(self._is_closed(article) for article in self._found.articles):
            last = max(one.order for one in placed)
            closed = [article.closed_at for article in self._found.articles if article.closed_at is not None]
            at = min(max([last, *closed]), self._rules.now)
            yield Placed(at, 0, 0, ClosedFact(thread=self._found.thread, at=rfc3339(at)))
            self._ledger.bring("closings")

    def _is_closed(self, article: SourceArticle) -> bool:
        return article.closed and (article.closed_at is None or article.closed_at <= self._rules.now)

    def _facts_of(self, draft: Draft) -> Iterator[Placed]:
        """The post, its edits, and the decisions about it."""
        steps = Steps(draft)
        thread, comment = self._found.thread, draft.id
        above = draft.answered()
        anchor = None if above is not None or draft.anchor is None else self._anchor_of(draft)
        # Of what was turned down nobody knows that readers saw it before, unless decisions say so.
        is_unseen = draft.state in ("rejected", "spam") and not self._decisions.get(draft.origin)
        waits = draft.waited or draft.state == "pending" or is_unseen
        first = draft.texts[0] if draft.texts else None
        post = PostedFact(
            thread=thread,
            at=rfc3339(draft.at),
            by=draft.author,
            comment=comment,
            origin=draft.origin,
            parent=None if above is None else above.id,
            anchor=anchor,
            waits=waits and not draft.is_tombstone,
        )
        if draft.is_tombstone:
            yield steps.placed(draft.at, post)
            yield steps.placed(draft.at, DecidedFact(thread=thread, at=post.at, comment=comment, verdict="reject"))
            yield steps.placed(draft.at, RedactedFact(thread=thread, at=post.at, comment=comment))
            return
        yield steps.placed(draft.at, post, None if first is None else first.place)
        decisions = self._decided(draft)
        for number, text in enumerate(draft.texts[1:], FIRST + 1):
            yield from self._until(steps, decisions, text.at)
            edit = EditedFact(
                thread=thread,
                at=rfc3339(max(text.at, draft.at)),
                by=self._editor(draft),
                comment=comment,
                revision=number,
                waits=draft.state == "pending" or is_unseen,
            )
            yield steps.placed(text.at, edit, text.place)
        yield from self._until(steps, decisions, None)
        yield from self._ending(draft, steps)
        if (tallied := self._reactions.tally(draft)) is not None:
            yield steps.placed(draft.ended, tallied)

    def _editor(self, draft: Draft) -> ImportedPerson | None:
        """The author, unless another person edited, of whom nothing more is known."""
        own = draft.author.source.get("id")
        return draft.author if draft.edited_by is None or draft.edited_by == own else None

    def _decided(self, draft: Draft) -> list[DecidedFact]:
        """The decisions that the source tells of a comment, in order."""
        made = []
        for decision in self._decisions.get(draft.origin, ()):
            number = draft.number_of(decision.revision, decision.at)
            if decision.verdict == "hold" and decision.person is None and number == FIRST and draft.waited:
                continue  # it waited from the beginning, which the post says
            made.append(
                DecidedFact(
                    thread=self._found.thread,
                    at=rfc3339(max(decision.at, draft.at, draft.texts[number - 1].at)),
                    by=None if decision.person is None else self._people.staff(decision.person),
                    comment=draft.id,
                    revision=number,
                    verdict=decision.verdict,
                    code=decision.code,
                    reason=decision.reason,
                )
            )
        return made

    def _until(self, steps: Steps, decisions: list[DecidedFact], until: int | None) -> Iterator[Placed]:
        """The decisions before an edit; without `until`, the rest."""
        while decisions and (until is None or decisions[0].occurred_at < until):
            decided = decisions.pop(0)
            self._ledger.bring("decisions")
            steps.verdict, steps.decided = decided.verdict, decided.occurred_at
            yield steps.placed(decided.occurred_at, decided)

    def _ending(self, draft: Draft, steps: Steps) -> Iterator[Placed]:
        """The decision that makes the state that of the source, where the decisions before it do not."""
        wanted = {"published": "approve", "rejected": "reject", "spam": "reject"}.get(draft.state)
        is_published = steps.verdict == "approve" or (steps.verdict is None and not draft.waited)
        if wanted is None or wanted == steps.verdict or (wanted == "approve" and is_published):
            return
        at = max(draft.ended, steps.decided)
        yield steps.placed(
            at,
            DecidedFact(
                thread=self._found.thread,
                at=rfc3339(at),
                comment=draft.id,
                revision=draft.latest,
                verdict="approve" if wanted == "approve" else "reject",
                spam=draft.state == "spam",
            ),
        )

    def _pins(self, coming: Sequence[Draft]) -> Iterator[Placed]:
        """The newest pinned comment; the other ones are featured, and so are those that the source features."""
        pinned = [draft for draft in coming if draft.pinned and draft.has_text and draft.state == "published"]
        pinned.sort(key=lambda draft: draft.at)
        for draft in coming:
            if draft.pinned and draft not in pinned:
                self._ledger.leave_out("pins", "not-published")
            featured = draft in pinned[:-1] or draft.featured_at is not None
            if draft.featured_at is not None and draft.state != "published":
                self._ledger.leave_out("editors' picks", "not-published")
                continue
            at = max(draft.featured_at or draft.ended, draft.ended)
            if featured and draft.has_text:
                by = None if draft.featured_by is None else self._people.staff(draft.featured_by)
                fact = FeaturedFact(thread=self._found.thread, at=rfc3339(at), by=by, comment=draft.id)
                self._ledger.bring("editors' picks")
                yield Placed(max(at, draft.order), draft.rank, FEATURE, fact)
        if len(pinned) > 1:
            self._ledger.note("pinned-more", self._found.thread)
        for draft in pinned[-1:]:
            self._ledger.bring("pins")
            pin = PinnedFact(thread=self._found.thread, at=rfc3339(draft.ended), comment=draft.id)
            yield Placed(max(draft.ended, draft.order), draft.rank, PIN, pin)

    def _find_anchors(self) -> None:
        for anchor in self._found.anchors:
            name = anchor.anchor if is_thread(anchor.anchor) else comment_id(self._rules.source, anchor.anchor)
            before = self._anchors.get(name)
            if before is None or (anchor.exact and not before.exact):
                prompt = anchor.prompt or (None if before is None else before.prompt)
                self._anchors[name] = AnchoredFact(
                    thread=self._found.thread, at="", anchor=name, exact=anchor.exact, prompt=prompt
                )
            for named in (anchor.anchor, anchor.number):
                if named is not None:
                    self._anchor_ids[named] = name

    def _anchor_of(self, draft: Draft) -> str | None:
        """The inline question that a comment answers; the only one of the article, where the name is not known."""
        named = self._anchor_ids.get(draft.anchor or "")
        if named is None:
            is_only = len(self._anchors) == 1
            self._ledger.note("anchor-guessed" if is_only else "anchor-lost", draft.origin)
            named = next(iter(self._anchors)) if is_only else None
        return named

    def _subscriptions(self) -> Iterator[Placed]:
        for one in self._found.subscriptions:
            draft = None if one.comment is None else self._by_id.get(one.comment)
            if one.comment is not None and (draft is None or not draft.comes):
                self._ledger.leave_out("subscriptions", "comment-left-out")
                continue
            at = min(max(one.at or 0, 0 if draft is None else draft.at), self._rules.now) or self._rules.now
            fact = SubscribedFact(
                thread=self._found.thread,
                at=rfc3339(at),
                address=one.address,
                what="comments" if one.comment is None else "replies",
                comment=None if draft is None else draft.id,
            )
            self._ledger.bring("subscriptions")
            yield Placed(at if draft is None else max(at, draft.order), 0 if draft is None else draft.rank, LAST, fact)


_COMING: Final = frozenset(("published", "rejected", "spam"))
"""States in which a comment comes in, however old."""
