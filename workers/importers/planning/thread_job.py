"""Work on some threads of a spool: bodies are converted, facts are decided and written. It runs in any process."""

import csv
import json
import tempfile
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from core.domain.import_comment_facts import EditedFact, PostedFact
from core.domain.import_fact import ImportedPerson
from workers.importers.planning.author_ids import AuthorIds
from workers.importers.planning.body_text import Body, converted
from workers.importers.planning.comment_ids import comment_id, keeps_origin, told_apart
from workers.importers.planning.discussion import DiscussionPlan
from workers.importers.planning.drafts import Draft, DraftText
from workers.importers.planning.ledger import Ledger
from workers.importers.planning.native_thread import NativeThread
from workers.importers.planning.people import People
from workers.importers.planning.source_discussion import Rules, SourceDiscussion
from workers.importers.planning.spool import Spool, decoded
from workers.importers.source_records import (
    SourceAnchor,
    SourceArticle,
    SourceComment,
    SourceDecision,
    SourceFact,
    SourceReport,
    SourceSubscription,
    SourceVote,
)

_LENGTH: Final = 4
"""Bytes of the length of a body in the file of converted bodies."""
_encode_body: Final = msgspec.msgpack.Encoder().encode
_decode_body: Final = msgspec.msgpack.Decoder(Body).decode
encode_fact: Final = msgspec.json.Encoder().encode


class Job(Struct, frozen=True, kw_only=True):
    """Threads to plan, and the files that their facts and what is left out of them are written to."""

    spool: Path
    threads: tuple[str, ...]
    facts: Path
    left_out: Path
    ids: AuthorIds
    rules: Rules


class ThreadDone(Struct, frozen=True):
    """Counts of a thread, and the digest of its records."""

    thread: str
    brought: int
    known: int
    left_out: int
    digest: str


class PersonDone(Struct):
    """An author of comments that come. `is_made` says that the template made the id, and no hash."""

    name: str
    is_member: bool
    is_made: bool
    source: dict[str, str]
    comments: int = 0


class JobResult(Struct, kw_only=True):
    """Result of a job."""

    ledger: Ledger
    threads: list[ThreadDone]
    people: dict[str, PersonDone]
    facts: int = 0


def run(job: Job) -> JobResult:
    """Plan the threads of a job."""
    spool = Spool(job.spool)
    done = JobResult(ledger=Ledger(), threads=[], people={})
    try:
        with job.facts.open("wb") as facts, job.left_out.open("w", newline="", encoding="utf-8") as left_out:
            people = People(spool, job.ids)
            writer = csv.writer(left_out, lineterminator="\n")
            for thread in job.threads:
                ledger = Ledger()
                with tempfile.TemporaryFile(dir=job.spool.parent) as bodies:
                    work = _ThreadWork(job, spool, people, ledger, bodies)
                    for line in work.lines(thread, done):
                        facts.write(line)
                        facts.write(b"\n")
                        done.facts += 1
                writer.writerows((origin, thread, why) for origin, why in work.left_out)
                done.threads.append(ThreadDone(thread, *ledger.total("comments"), work.digest))
                done.ledger.add(ledger)
    finally:
        spool.close()
    return done


class _ThreadWork:
    """Work on one thread. After `lines`, `left_out` and `digest` are set."""

    def __init__(self, job: Job, spool: Spool, people: People, ledger: Ledger, bodies: BinaryIO) -> None:
        self._job = job
        self._spool = spool
        self._people = people
        self._ledger = ledger
        self._bodies = bodies
        self._sum = 0
        self.left_out: list[tuple[str, str]] = []

    @property
    def digest(self) -> str:
        """Digest of the records, whatever their order."""
        return f"{self._sum:032x}"

    def lines(self, thread: str, done: JobResult) -> Iterator[bytes]:
        """The facts of a thread, encoded. None if it is the same as in an earlier plan."""
        articles = self._spool.articles_of(thread)
        known = self._unchanged(thread, articles)
        if known is not None:
            self._ledger.known["comments"] += known
            return
        url, title = self._spool.db.execute("SELECT url, title FROM thread WHERE id = ?", (thread,)).fetchone()
        beside = [decoded(record) for record in self._spool.beside_of(thread)]
        native = [one for one in beside if isinstance(one, SourceFact)]
        if native:
            work = NativeThread(thread, url, title, native, self._job.rules, self._ledger)
            yield from work.lines()
            self.left_out = work.left_out
            for person in work.authors:
                self._count(done, person)
            return
        discussion = SourceDiscussion(
            thread=thread,
            url=url,
            title=title,
            articles=articles,
            drafts=self._drafts(thread),
            anchors=[one for one in beside if isinstance(one, SourceAnchor)],
            votes=[self._timed(one) for one in beside if isinstance(one, SourceVote)],
            reports=[one for one in beside if isinstance(one, SourceReport)],
            decisions=[one for one in beside if isinstance(one, SourceDecision)],
            subscriptions=[one for one in beside if isinstance(one, SourceSubscription)],
        )
        plan = DiscussionPlan(discussion, self._job.rules, self._people, self._ledger)
        outcome = plan.run()
        self.left_out += outcome.left_out
        for placed in outcome.facts:
            fact = placed.fact
            if isinstance(fact, PostedFact | EditedFact) and placed.body is not None:
                body = self._body(placed.body)
                fact = replace(fact, body=body.text, original=body.original)
            yield encode_fact(fact)
        for draft in discussion.drafts.values():
            if draft.has_text:
                self._count(done, draft.author)

    def _unchanged(self, thread: str, articles: list[SourceArticle]) -> int | None:
        """Digest the records of a thread. Returns the number of its comments if they are as in the earlier plan."""
        comments = 0
        for article in articles:
            self._sum_up(_encode_body(article))
        for stored in self._spool.comments_of(thread):
            self._sum_up(stored.record)
            comments += 1
        for record in self._spool.beside_of(thread):
            self._sum_up(record)
        earlier = self._spool.db.execute("SELECT digest FROM earlier WHERE thread = ?", (thread,)).fetchone()
        return comments if earlier is not None and earlier[0] == self.digest else None

    def _sum_up(self, record: bytes) -> None:
        self._sum = (self._sum + int.from_bytes(blake2b(record, digest_size=16).digest(), "big")) % 2**128

    def _drafts(self, thread: str) -> dict[str, Draft]:
        drafts: dict[str, Draft] = {}
        for at, record in self._spool.comments_of(thread):
            comment = decoded(record)
            assert isinstance(comment, SourceComment)
            draft = self._draft(thread, comment, at)
            before = drafts.get(draft.origin)
            if before is not None:
                if (before.at, before.author.id) == (draft.at, draft.author.id):
                    self._ledger.leave_out("comments", "twice")
                    self.left_out.append((draft.origin, "twice"))
                    drafts[draft.origin] = draft
                    continue
                drafts[f"{draft.origin}\0{len(drafts)}"] = draft
            else:
                drafts[draft.origin] = draft
        return drafts

    def _draft(self, thread: str, comment: SourceComment, at: int | None) -> Draft:
        rules = self._job.rules
        why = comment.why
        if why is None and at is None:
            why = "no-time"
        elif why is None and at is not None and at > rules.now:
            why = "future"
        if comment.at is None and at is not None:
            self._ledger.note("time-inferred", comment.id)
        texts: list[DraftText] = []
        if why is None and comment.state != "deleted":
            texts, why = self._texts(comment, at or 0)
        made = comment_id(rules.source, comment.id)
        if why is None and not keeps_origin(rules.source, comment.id):
            self._ledger.note("id-digested", comment.id)
        author = self._people.named(comment.person, thread, made)
        if self._spool.db.execute("SELECT 1 FROM again WHERE id = ?", (comment.id,)).fetchone() is not None:
            made = told_apart(made, comment.article, at, author.id)
            self._ledger.note("id-twice", comment.id)
        is_known = comment.known_as is not None and self._spool.is_joined(comment.known_as)
        if is_known:
            made = comment.known_as or made
        elif comment.known_as is not None and why is None:
            self._ledger.note(f"known-as-{comment.known_as.partition('-')[0]}", comment.id)
        return Draft(
            id=made,
            origin=comment.id,
            at=at or 0,
            state=comment.state,
            author=author,
            texts=texts,
            why=why,
            parents=comment.parents,
            waited=comment.waited,
            edited_by=comment.edited_by,
            up=comment.up,
            down=comment.down,
            score=comment.score,
            anchor=comment.anchor,
            pinned=comment.pinned,
            featured_at=comment.featured_at,
            featured_by=comment.featured_by,
            is_known=is_known,
        )

    def _texts(self, comment: SourceComment, at: int) -> tuple[list[DraftText], str | None]:
        """The revisions with their bodies converted; or the reason for which the latest cannot be brought."""
        texts = []
        why: str | None = None
        latest = at
        for number, text in enumerate(comment.texts, 1):
            latest = max(latest, min(text.at or latest, self._job.rules.now))
            place = None
            if text.text is not None:
                body = converted(text.text, comment.markup)
                if number == len(comment.texts):
                    why = body.how if body.how in ("empty", "too-long") else None
                    self._note_body(comment.id, body)
                if body.text:
                    place = self._keep(body)
            texts.append(DraftText(at=latest, id=text.id, place=place))
        if not texts or texts[-1].place is None:
            why = why or "empty"
        return texts, why

    def _note_body(self, origin: str, body: Body) -> None:
        self._ledger.note(f"body-{body.how}", origin if body.how in ("plain", "escaped") else "")
        if body.original is not None:
            self._ledger.note("formatting-lost", origin)
        if body.garbled:
            self._ledger.note("garbled", origin)

    def _keep(self, body: Body) -> int:
        place = self._bodies.seek(0, 2)
        data = _encode_body(body)
        self._bodies.write(len(data).to_bytes(_LENGTH, "big") + data)
        return place

    def _body(self, place: int) -> Body:
        self._bodies.seek(place)
        length = int.from_bytes(self._bodies.read(_LENGTH), "big")
        return _decode_body(self._bodies.read(length))

    def _timed(self, vote: SourceVote) -> SourceVote:
        if vote.at is not None or vote.local is None:
            return vote
        return replace(vote, at=vote.local - self._spool.offset_near(vote.local))

    def _count(self, done: JobResult, person: ImportedPerson) -> None:
        """Count a comment of its author."""
        found = done.people.get(person.id)
        if found is None:
            is_made = person.kind != "guest" and self._job.ids.made(person.source) == person.id
            found = done.people[person.id] = PersonDone(
                person.name or "", person.kind != "guest", is_made or not person.source, person.source
            )
        found.comments += 1


def source_text(source: dict[str, str]) -> str:
    """The other system's fields of a person as one text."""
    return json.dumps(source, ensure_ascii=False, sort_keys=True)
