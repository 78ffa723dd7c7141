"""The plan of an import: records are spooled, articles are mapped to threads, threads become facts."""

import csv
import hashlib
import shutil
import sqlite3
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import anyio
import anyio.to_process
import msgspec

from core.domain.import_comment_facts import PostedFact
from core.domain.import_facts import ImportedFile, ImportHeader
from core.text.spreadsheet import safe_cell
from core.times import DAY_MS, rfc3339
from workers.importers import fact_file
from workers.importers.planning import folder as folders
from workers.importers.planning import report_text
from workers.importers.planning.article_map import ArticleMap, Hosts, read_map, read_threads, write_map
from workers.importers.planning.author_ids import AuthorIds
from workers.importers.planning.ledger import Ledger
from workers.importers.planning.people import People
from workers.importers.planning.plan_options import PlanOptions
from workers.importers.planning.plan_report import PlanReport, ReportedBeside, report_of
from workers.importers.planning.source_discussion import Rules
from workers.importers.planning.spool import Spool, decoded
from workers.importers.planning.standing_facts import standing_fact
from workers.importers.planning.thread_job import Job, JobResult, encode_fact, run, source_text
from workers.importers.readers.input_file import digested
from workers.importers.readers.registry import FORMATS
from workers.importers.source_records import (
    LeftOut,
    Noted,
    Record,
    SourceArticle,
    SourceComment,
    SourceFact,
    SourceMute,
    SourceProfile,
    SourceSubscription,
    SourceSuspension,
    UnfitFile,
)

JOB: Final = 2_000
"""Comments of a job: enough that a process starts seldom, few enough that all are busy."""
ALONE: Final = 4_000
"""Comments up to which no other process is started: a start takes as long as planning these."""

Progress = Callable[[int, int], object]


class PlanError(Exception):
    """The plan cannot be made as it was asked for. The message is one line."""


async def make_plan(options: PlanOptions, progress: Progress = lambda _, __: None) -> PlanReport:
    """Plan an import, and write its folder. Raises PlanError, `UnfitFile`, `MapError`, `FolderError`."""
    for earlier in (options.delta, options.joined):
        if earlier is not None:
            read_header(earlier)
    files = tuple(map(digested, options.files))
    map_file, own_map = options.articles_map, options.into / folders.ARTICLES
    if map_file is None and options.delta is None and own_map.exists():
        map_file = own_map
    rows = {} if map_file is None else read_map(map_file)
    fixed = {} if options.delta is None else read_threads(options.delta / folders.ARTICLES)
    if options.joined is not None:
        fixed |= read_threads(options.joined / folders.ARTICLES)
    with folders.made_in(options.into) as place:
        key, key_file = folders.guest_key(options.guest_key, options.into, options.delta)
        planner = Planner(options, files, place, key)
        try:
            await planner.run(ArticleMap(planner.spool, options, rows, fixed), progress)
            return planner.written(key_file)
        finally:
            planner.spool.close()


class Planner:
    """One plan, in its folder."""

    def __init__(self, options: PlanOptions, files: tuple[ImportedFile, ...], place: Path, key: bytes) -> None:
        self._options = options
        self._files = files
        self._place = place
        self._format = FORMATS[options.format]
        self._origins: list[str] = []
        self._is_ordered = self._format.system == "hansard"
        self._source = options.source or self._format.prefix
        self._key = key
        self._ids = self._ids_of(key)
        self._ledger = Ledger()
        self._parts: list[Path] = []
        self._hosts = Hosts(comments={}, origins=())
        self._facts = 0
        self.spool = Spool(place / "records.sqlite", writes=True)

    def _ids_of(self, key: bytes) -> AuthorIds:
        return AuthorIds(source=self._source, template=self._options.member or self._format.member, key=key)

    async def run(self, articles: ArticleMap, progress: Progress) -> None:
        """Read everything, then plan thread by thread."""
        self._map = articles
        self._ingest(self._records())
        self.spool.finish()
        self.spool.infer_times()
        self._read_earlier()
        self._hosts = articles.assign(self._origins)
        self._find_same_ids()
        self._leave_out_articles()
        await self._run_jobs(progress)
        self._write_standings()

    def _records(self) -> Iterator[Record]:
        options = self._options
        more: dict[str, object] = {"subscriptions": options.subscriptions} if options.subscriptions else {}
        if self._format.tenants:
            more |= {"tenant": options.tenant, "sites": options.from_sites}
        return self._format.read(options.files, **more)

    def _ingest(self, records: Iterable[Record]) -> None:
        spool, ledger, sealed = self.spool, self._ledger, self._ids.sealed
        for record in records:
            if isinstance(record, SourceComment):
                person = record.person
                if person is not None and not isinstance(person, str) and person.email is not None:
                    record = msgspec.structs.replace(record, person=sealed(person))  # noqa: PLW2901 - the address goes no further
                spool.add_comment(record)
            elif isinstance(record, SourceArticle):
                spool.add_article(record)
            elif isinstance(record, SourceProfile):
                spool.add_profile(SourceProfile(id=record.id, person=sealed(record.person)))
            elif isinstance(record, LeftOut):
                ledger.leave_out(record.what, record.why, record.number)
                if record.where:
                    ledger.note(f"left-out-{record.why}", record.where, record.number)
            elif isinstance(record, Noted):
                self._note(record)
            elif isinstance(record, SourceSuspension | SourceMute) or (
                isinstance(record, SourceFact) and not record.article
            ):
                spool.add_standing(record)
            elif isinstance(record, SourceSubscription) and not self._options.subscriptions:
                ledger.leave_out("subscriptions", "not-asked-for")
            else:
                spool.add_beside(record)

    def _note(self, record: Noted) -> None:
        if record.what == "origin":
            self._origins.append(record.where)
        elif record.what == "source":
            self._source = self._options.source or record.where
            self._ids = self._ids_of(self._key)
        elif record.what == "unordered":
            self._is_ordered = False
        else:
            self._ledger.note(record.what, record.where)

    def _read_earlier(self) -> None:
        """The digests of the earlier plan, and the comments of a joined one."""
        if self._options.delta is not None:
            path = self._options.delta / folders.DIGESTS
            try:
                with path.open(newline="", encoding="utf-8") as file:
                    rows = map(tuple, csv.reader(file))
                    self.spool.write_many("INSERT OR REPLACE INTO earlier VALUES (?, ?)", rows)
            except (OSError, ValueError, csv.Error, sqlite3.Error) as error:
                raise PlanError(f"{self._options.delta} has no earlier plan that can be read: {error}") from error
            self._require_same(self._options.delta)
        if self._options.joined is not None:
            self.spool.write_many("INSERT OR IGNORE INTO joined VALUES (?, ?)", _brought_by(self._options.joined))

    def _require_same(self, earlier: Path) -> None:
        """Require that an earlier plan was made with the same settings, so that what did not change is as it was."""
        header = read_header(earlier)
        ours = self._header(0).options
        theirs = {name: header.options.get(name) for name in header.options.keys() | ours.keys()}
        differing = [name for name, value in theirs.items() if value != ours.get(name) and name not in _MAY_DIFFER]
        if header.site != self._options.site or header.source != self._source:
            raise PlanError(f"{earlier} is a plan of {header.source} for site {header.site}")
        if differing:
            raise PlanError(f"{earlier} was planned with another {', '.join(sorted(differing))}: use the same")

    def _find_same_ids(self) -> None:
        """Find the ids that several different comments have."""
        rows = self.spool.db.execute("SELECT id FROM comment WHERE excluded = 0 GROUP BY id HAVING count(*) > 1")
        self.spool.write_many("INSERT INTO again VALUES (?)", ((one,) for (one,) in rows if self._differ(one)))

    def _differ(self, origin: str) -> bool:
        rows = self.spool.db.execute(
            "SELECT a.thread, c.at, c.record FROM comment c JOIN article a ON a.key = c.article "
            "WHERE c.id = ? AND a.outcome IS NULL AND c.excluded = 0",
            (origin,),
        )
        return len({(thread, at, _author(record)) for thread, at, record in rows}) > 1

    def _leave_out_articles(self) -> None:
        """Count the comments of articles that do not come in, and list them."""
        found = self.spool.db.execute(
            "SELECT coalesce(a.outcome, CASE WHEN a.key IS NULL THEN 'unknown-article' END), c.id, c.article "
            "FROM comment c LEFT JOIN article a ON a.key = c.article WHERE a.key IS NULL OR a.outcome IS NOT NULL"
        )
        with (self._place / folders.LEFT_OUT).open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("comment", "article", "why"))
            for why, comment, article in found:
                self._ledger.leave_out("comments", why)
                writer.writerow((safe_cell(comment), safe_cell(article), why))

    async def _run_jobs(self, progress: Progress) -> None:
        """Plan the threads, newest first, in as many processes as are worth it."""
        counted = "SELECT coalesce(sum(comments), 0) FROM thread WHERE outcome IS NULL"
        (total,) = self.spool.db.execute(counted).fetchone()
        done = 0
        limiter = anyio.CapacityLimiter(self._options.processes)
        alone = self._options.processes == 1 or total <= ALONE
        room = anyio.Semaphore(2 * self._options.processes)

        async def work(job: Job, comments: int) -> None:
            nonlocal done
            try:
                result = run(job) if alone else await anyio.to_process.run_sync(run, job, limiter=limiter)
            finally:
                room.release()
            self._take(result)
            done += comments
            progress(done, total)

        progress(0, total)
        async with anyio.create_task_group() as tasks:
            for job, comments in self._jobs():
                await room.acquire()
                if alone:
                    await work(job, comments)
                else:
                    tasks.start_soon(work, job, comments)

    def _jobs(self) -> Iterator[tuple[Job, int]]:
        """Jobs of about as many comments each."""
        rules = self._rules()
        threads: list[str] = []
        waiting = 0
        rows = self.spool.db.execute(
            "SELECT id, comments FROM thread WHERE outcome IS NULL ORDER BY last DESC, id"
        ).fetchall()
        for number, (thread, comments) in enumerate(rows, 1):
            threads.append(thread)
            waiting += comments
            if waiting >= JOB or number == len(rows):
                part = self._place / f"part-{len(self._parts):06}"
                self._parts.append(part)
                yield (
                    Job(
                        spool=self.spool.path,
                        threads=tuple(threads),
                        facts=part.with_suffix(".jsonl"),
                        left_out=part.with_suffix(".csv"),
                        ids=self._ids,
                        rules=rules,
                    ),
                    waiting,
                )
                threads, waiting = [], 0

    def _rules(self) -> Rules:
        options = self._options
        waiting_since = None if options.pending is None else options.now - options.pending * DAY_MS
        return Rules(
            source=self._source,
            now=options.now,
            waiting_since=waiting_since,
            tallies=options.votes == "tally",
            ordered=self._is_ordered,
        )

    def _take(self, done: JobResult) -> None:
        """Add the result of a job."""
        self._ledger.add(done.ledger)
        self._facts += done.facts
        self.spool.write_many(
            "UPDATE thread SET brought = ?, known = ?, left_out = ?, digest = ? WHERE id = ?",
            ((one.brought, one.known, one.left_out, one.digest, one.thread) for one in done.threads),
        )
        self.spool.write_many(
            "INSERT INTO person VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET comments = comments + excluded.comments",
            (
                (name, one.name, one.is_member, one.is_made, source_text(one.source), one.comments)
                for name, one in done.people.items()
            ),
        )

    def _write_standings(self) -> None:
        """The facts that belong to no discussion, after all others."""
        people = People(self.spool, self._ids)
        part = self._place / f"part-{len(self._parts):06}"
        self._parts.append(part)
        part.with_suffix(".csv").touch()
        with part.with_suffix(".jsonl").open("wb") as file:
            for one in self.spool.standings():
                fact = standing_fact(one, people, self._options.now, self._ledger)
                if fact is not None:
                    file.write(encode_fact(fact) + b"\n")
                    self._facts += 1

    def _header(self, facts: int) -> ImportHeader:
        brought, _, _ = self._ledger.total("comments")
        threads = self.spool.db.execute("SELECT count(*) FROM thread WHERE brought > 0").fetchone()[0]
        votes = self._ledger.brought["votes", "as ballots"]
        fingerprint = hashlib.blake2b(self._key, digest_size=6).hexdigest()
        return ImportHeader(
            hansard="facts/1",
            id=import_id(self._options.site, self._source, self._files),
            site=self._options.site,
            system=self._format.system,
            source=self._source,
            files=self._files,
            made=rfc3339(self._options.now),
            ordered=True,
            counts={"facts": facts, "threads": threads, "comments": brought, "ballots": votes},
            options=self._options.recorded() | {"guests": fingerprint},
        )

    def written(self, key_file: Path) -> PlanReport:
        """Write the files of the plan."""
        place = self._place
        header = self._header(self._facts)
        with (place / folders.FACTS).open("wb") as facts, (place / folders.LEFT_OUT).open("ab") as left_out:
            facts.write(encode_fact(header) + b"\n")
            for part in self._parts:
                for suffix, into in ((".jsonl", facts), (".csv", left_out)):
                    with part.with_suffix(suffix).open("rb") as file:
                        shutil.copyfileobj(file, into)
                    part.with_suffix(suffix).unlink()
        write_map(place / folders.ARTICLES, self._map.rows())
        moved = _write_rows(place / folders.REDIRECTS, ("from", "to"), self._map.redirects())
        digests = self.spool.db.execute("SELECT id, digest FROM thread WHERE digest IS NOT NULL ORDER BY id")
        _write_rows(place / folders.DIGESTS, (), digests)
        more = ReportedBeside(self._ids.template, key_file, moved, self._options.bearer)
        report = report_of(self.spool, self._ledger, header, self._format, self._map, self._hosts, more)
        report_text.write(place, report)
        return report


def import_id(site: str, source: str, files: Iterable[ImportedFile]) -> str:
    """The id of the import of these files: the same whenever they are planned for the same site."""
    digest = hashlib.blake2b(digest_size=16)
    for part in (site, source, *sorted(file.sha256 for file in files)):
        digest.update(len(part).to_bytes(4, "big") + part.encode())
    return f"i{urlsafe_b64encode(digest.digest())[:21].decode()}"


def read_header(folder: Path) -> ImportHeader:
    """The header of an earlier plan. Raises PlanError."""
    try:
        return fact_file.header(folder / folders.FACTS)
    except UnfitFile as error:
        raise PlanError(f"{folder} has no earlier plan that can be read: {error}") from error


def _author(record: bytes) -> str:
    comment = decoded(record)
    assert isinstance(comment, SourceComment)
    person = comment.person
    return str(person if isinstance(person, str) or person is None else (sorted(person.fields.items()), person.name))


def _brought_by(folder: Path) -> Iterator[tuple[str, str]]:
    """The comments that the plan of another export brings."""
    with (folder / folders.FACTS).open("rb") as file:
        file.readline()
        for line in file:
            if b'"do":"post"' in line:
                fact = msgspec.json.decode(line, type=PostedFact)
                yield fact.comment, fact.thread


def _write_rows(path: Path, head: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> int:
    """Write a table. Returns the number of its rows."""
    number = 0
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        if head:
            writer.writerow(head)
        for row in rows:
            writer.writerow([safe_cell(cell) for cell in row])
            number += 1
    return number


_MAY_DIFFER: Final = frozenset(("since", "articles", "origins", "subscriptions"))
"""Settings that may differ from those of the earlier plan."""
