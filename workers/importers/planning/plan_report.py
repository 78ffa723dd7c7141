"""The report of a plan, as data: what will come, what will not and why, and what a person has to decide."""

import json
from pathlib import Path
from typing import Any, Final, NamedTuple

from msgspec import Struct

from core.domain.import_facts import ImportHeader
from workers.importers.against import Against
from workers.importers.planning.article_map import ArticleMap, Hosts
from workers.importers.planning.ledger import Ledger
from workers.importers.planning.spool import Spool
from workers.importers.readers.registry import Format
from workers.importers.room import wanted

_SHOWN: Final = 10
"""Most threads, people and suspects that are listed."""


class Balance(Struct, frozen=True, kw_only=True):
    """Counts of one kind: `found` in the export is the sum of the rest."""

    found: int
    brought: int
    known: int
    left_out: int


class LargeThread(Struct, frozen=True, kw_only=True):
    """A discussion among the largest."""

    thread: str
    title: str
    comments: int


class PlannedAuthor(Struct, frozen=True, kw_only=True):
    """A person whose comments come."""

    id: str
    name: str
    comments: int
    source: dict[str, str] = {}


class MemberSummary(Struct, frozen=True, kw_only=True):
    """Those whose comments their tokens will own, if the ids are right."""

    template: str
    people: int
    comments: int
    hashed: int
    """People whose id in the source makes no valid id."""
    examples: list[PlannedAuthor]
    bearer: PlannedAuthor | None = None
    """The member of the token that was tried, and what they will own."""


class GuestSummary(Struct, frozen=True, kw_only=True):
    """The people whose comments will have no owner."""

    people: int
    comments: int
    key: str
    """File with the key of their ids."""


class ReportedBeside(NamedTuple):
    """Parts of the report beside the counts."""

    template: str
    key: Path
    redirects: int
    bearer: str | None = None


class PlanReport(Struct, frozen=True, kw_only=True):
    """The report of a plan. Bytes are those of the server's memory."""

    import_id: str
    site: str
    system: str
    source: str
    made: str
    files: list[str]
    options: dict[str, Any]
    comments: Balance
    brought: dict[str, dict[str, int]]
    left_out: dict[str, dict[str, int]]
    known: dict[str, int]
    notes: dict[str, int]
    examples: dict[str, list[str]]
    threads: int
    hosts: dict[str, int]
    origins: list[str]
    members: MemberSummary
    guests: GuestSummary
    largest: list[LargeThread]
    same_titles: list[list[str]]
    redirects: int
    bytes: int
    attribute: str | None
    """Attribute of the tag that turns old links into new ones; None if no script knows the prefix of the ids."""
    fragment: str
    against: Against | None = None
    """Comparison with the running site, if one was asked for."""


def report_of(
    spool: Spool,
    ledger: Ledger,
    header: ImportHeader,
    known_format: Format,
    articles: ArticleMap,
    hosts: Hosts,
    more: ReportedBeside,
) -> PlanReport:
    """The report of a plan whose threads are planned."""
    brought, known, left_out = ledger.total("comments")
    titles = dict(articles.same_titles())
    largest = spool.db.execute(
        "SELECT id, title, comments FROM thread WHERE outcome IS NULL AND brought + known > 0 "
        "ORDER BY comments DESC, id LIMIT ?",
        (_SHOWN,),
    )
    ballots = header.counts.get("ballots", 0)
    return PlanReport(
        import_id=header.id,
        site=header.site,
        system=header.system,
        source=header.source,
        made=header.made,
        files=[file.name for file in header.files],
        options=header.options,
        comments=Balance(found=brought + known + left_out, brought=brought, known=known, left_out=left_out),
        brought=_nested(ledger.brought.items()),
        left_out=_nested(ledger.left_out.items()),
        known=dict(sorted(ledger.known.items())),
        notes=dict(sorted(ledger.notes.items())),
        examples={what: examples for what, examples in sorted(ledger.examples.items()) if examples},
        threads=header.counts["threads"],
        hosts=dict(list(hosts.comments.items())[:_SHOWN]),
        origins=list(hosts.origins),
        members=_members(spool, more),
        guests=_guests(spool, more.key),
        largest=[LargeThread(thread=thread, title=title, comments=number) for thread, title, number in largest],
        same_titles=[[thread, others] for thread, others in list(titles.items())[:_SHOWN]],
        redirects=more.redirects,
        bytes=wanted(brought, ballots),
        attribute=f'old="{header.source}"' if known_format.fragment and header.source == known_format.prefix else None,
        fragment=known_format.fragment,
    )


def _members(spool: Spool, more: ReportedBeside) -> MemberSummary:
    rows = spool.db.execute(
        "SELECT id, name, comments, source FROM person WHERE member AND comments > 0 "
        "ORDER BY made DESC, comments DESC, id LIMIT 3"
    )
    people, comments, made = spool.db.execute(
        "SELECT count(*), coalesce(sum(comments), 0), coalesce(sum(made), 0) FROM person WHERE member AND comments > 0"
    ).fetchone()
    examples = [
        PlannedAuthor(id=one, name=name, comments=number, source=json.loads(source))
        for one, name, number, source in rows
    ]
    return MemberSummary(
        template=more.template,
        people=people,
        comments=comments,
        hashed=people - made,
        examples=examples,
        bearer=None if more.bearer is None else _bearer(spool, more.bearer),
    )


def _bearer(spool: Spool, member: str) -> PlannedAuthor:
    found = spool.db.execute("SELECT name, comments FROM person WHERE id = ? AND member", (member,)).fetchone()
    return PlannedAuthor(id=member, name=found[0] if found else "", comments=found[1] if found else 0)


def _guests(spool: Spool, key: Path) -> GuestSummary:
    people, comments = spool.db.execute(
        "SELECT count(*), coalesce(sum(comments), 0) FROM person WHERE NOT member AND comments > 0"
    ).fetchone()
    return GuestSummary(people=people, comments=comments, key=str(key))


def _nested(counts: Any) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for (what, kind), number in sorted(counts):
        if number:
            found.setdefault(what, {})[kind] = number
    return found
