"""The report of a plan in people's words: what will come, what will not, and what to decide before it is applied."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from workers.importers.planning.folder import REPORT, REPORT_TEXT
from workers.importers.planning.plan_report import PlanReport
from workers.runtime import escaping
from workers.runtime.amounts import size

WIDTH: Final = 80
"""Columns of `report.txt`."""
_INDENT: Final = 2

_STATES: Final = {
    "published": "published",
    "pending": "waiting for a moderator",
    "rejected": "rejected, seen by staff alone",
    "spam": "rejected as spam, seen by staff alone",
    "tombstone": "gone, with replies under them: no text, no author",
    "facts": "as their facts say",
}
_REASONS: Final = {
    "linkback": "pingbacks and trackbacks: no words of readers",
    "private-type": "private or of an unknown type, such as notes of orders and of editors",
    "unknown-state": "in an unknown state, so perhaps not public",
    "not-published": "not published",
    "password": "of articles behind a password",
    "deleted-article": "of deleted articles",
    "no-address": "of articles without an address",
    "unknown-article": "of articles that the export does not have",
    "other-origin": "of another host than the publication's",
    "before-since": "of discussions without a comment since --since",
    "not-named": "of articles that --articles does not name",
    "taken-out": "taken out in articles.csv",
    "deleted": "deleted, and no published reply hangs under them",
    "waited-too-long": "waiting for a moderator for longer than --pending",
    "no-time": "without a time",
    "future": "in the future",
    "empty": "without a visible character",
    "too-long": "longer than 65,536 characters",
    "twice": "in the export twice",
    "unreadable": "unreadable",
    "comment-left-out": "on comments that do not come with their text",
    "unknown-voter": "by voters who are unknown",
    "no-vote": "neither for nor against",
    "changed-later": "changed by the voter later",
    "not-asked-for": "addresses of followers: they come with --subscriptions",
    "over": "over",
    "unknown-person": "about unknown people",
    "other-tenant": "of other tenants or sites",
    "automatic": "raised by a machine",
    "no-equal": "without an equal in Hansard",
    "unconfirmed": "whose addresses were never confirmed",
    "unknown-comment": "about comments that are not there",
    "unknown-revision": "about revisions that are not there",
    "invalid-id": "with an invalid id",
    "no-author": "without an author",
}
_NOTES: Final = {
    "time-inferred": "have a local time only: their time in UTC is inferred from comments near them",
    "parent-missing": "answer a comment that is not there: they begin a conversation of their own",
    "parent-itself": "answer themselves: they begin a conversation of their own",
    "parent-elsewhere": "answer a comment of another article: they begin a conversation of their own",
    "parent-cycle": "began a circle of answers: it is cut there",
    "id-digested": "have an id that Hansard cannot keep: old links do not lead to them",
    "id-twice": "share their id with another comment: both ids got an ending",
    "formatting-lost": "lost some formatting, no word: the original is kept beside the text",
    "body-plain": "could only be kept as plain words, as they were typed",
    "garbled": "have garbled letters, such as “Ã©”, in the export already: they come as they are",
    "anchor-guessed": "name an inline question by an unknown number: the only one of the article is taken",
    "anchor-lost": "name an inline question that the export does not have",
    "pinned-more": "discussions have several pinned comments: the newest stays so, the others become editors' picks",
    "known-as-wp": "came from WordPress originally. If you bring its export too, plan this one with --joined",
    "known-as-dsq": "came from Disqus originally. If you bring its export too, plan this one with --joined",
}
_SETTLED: Final = "settled by the earlier plan: it brings them, or nothing changed in their discussion"
_REGISTERED: Final = ("registered person", "registered people")
_QUIET: Final = frozenset(("body-typed", "body-converted", "body-escaped", "body-empty", "body-too-long"))


def write(folder: Path, report: PlanReport) -> None:
    """Write the report to the folder of its plan: as data, and as text."""
    (folder / REPORT).write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    (folder / REPORT_TEXT).write_text(plain_text(report), encoding="utf-8")


def plain_text(report: PlanReport) -> str:
    """The report as text of 80 columns."""
    written = io.StringIO()
    show(Console(file=written, width=WIDTH, no_color=True, highlight=False, markup=False, emoji=False), report)
    return written.getvalue()


def show(console: Console, report: PlanReport) -> None:
    """Print the report."""
    for part in _parts(report):
        console.print(part)


def _parts(report: PlanReport) -> Iterator[RenderableType]:
    yield Text(_line(f"Import {report.import_id} of {report.system} into site {report.site}"), style="bold")
    yield Text(f"from {_line(', '.join(report.files))}")
    yield from _comments(report)
    yield from _others(report)
    yield from _owners(report)
    yield from _articles(report)
    yield from _notes(report)
    yield from _after(report)


def _comments(report: PlanReport) -> Iterator[RenderableType]:
    balance = report.comments
    yield _heading("Comments")
    rows = [
        ("in the export", balance.found),
        ("will come", balance.brought),
        *((f"  {_STATES.get(state, state)}", number) for state, number in report.brought.get("comments", {}).items()),
        *([(_SETTLED, balance.known)] if balance.known else ()),
        ("stay out", balance.left_out),
        *((f"  {_REASONS.get(why, why)}", number) for why, number in report.left_out.get("comments", {}).items()),
    ]
    yield _numbers(rows)
    if report.comments.brought:
        yield _paragraph(f"They are in {_many(report.threads, 'discussion')}.")


def _others(report: PlanReport) -> Iterator[RenderableType]:
    whats = sorted((report.brought.keys() | report.left_out.keys()) - {"comments"})
    if not whats:
        return
    yield _heading("Also")
    rows = []
    for what in whats:
        brought, left_out = report.brought.get(what, {}), report.left_out.get(what, {})
        if brought:
            rows += [
                (f"{what} that will come{f', {kind}' if kind else ''}", number) for kind, number in brought.items()
            ]
        rows += [(f"{what} that stay out: {_REASONS.get(why, why)}", number) for why, number in left_out.items()]
    yield _numbers(rows)


def _owners(report: PlanReport) -> Iterator[RenderableType]:
    members, guests = report.members, report.guests
    yield _heading("Whose they are")
    if members.people:
        yield _paragraph(
            f"{_many(members.comments, 'comment')} by {_many(members.people, *_REGISTERED)} come under ids made by "
            f"{members.template}, such as:"
        )
        for one in members.examples:
            of = ", ".join(f"{name} {value}" for name, value in one.source.items())
            yield _paragraph(f"{one.id}  ({one.name}; {of}; {_many(one.comments, 'comment')})", indent=2 * _INDENT)
        yield from _tried(report)
    if members.people and (members.bearer is None or not members.bearer.comments):
        yield _paragraph(
            "Each id must equal the claim sub of that person's tokens, or nobody will own these comments. Try it with "
            "a real token: plan again with --token FILE. If the ids are wrong, plan again with --member.",
            style="bold",
        )
    if members.hashed:
        yield _paragraph(
            f"{_many(members.hashed, *_REGISTERED)} with an id that no token can have: nobody will own their comments.",
            style="bold",
        )
    if guests.people:
        yield _paragraph(
            f"{_many(guests.comments, 'comment')} by {_many(guests.people, 'guest')}: nobody will own them. Their ids "
            f"are made with the key in {guests.key}: keep it, and use it in later plans for this site."
        )


def _tried(report: PlanReport) -> Iterator[RenderableType]:
    """The outcome of a try with a real token."""
    bearer = report.members.bearer
    if bearer is not None and bearer.comments:
        yield _paragraph(f"{bearer.id} will own {_many(bearer.comments, 'comment')} (of {bearer.name}).")
    elif bearer is not None:
        yield _paragraph(f"{bearer.id}, whom the token names, owns none of them: see --member.", style="bold")


def _articles(report: PlanReport) -> Iterator[RenderableType]:
    yield _heading("Articles")
    hosts = ", ".join(f"{host} ({number:,})" for host, number in report.hosts.items())
    if hosts:
        yield _paragraph(f"Comments by host: {hosts}. Those of {', '.join(report.origins) or 'none'} come.")
    if report.largest:
        yield _paragraph("The largest discussions:")
        yield _numbers([(f"{one.title}  {one.thread}", one.comments) for one in report.largest], cut=True)
    if report.redirects:
        yield _paragraph(
            f"{_many(report.redirects, 'address', 'addresses')} of merged articles: redirect them as redirects.csv "
            "says."
        )
    if report.same_titles:
        yield _paragraph(
            "These discussions have the same title as another: perhaps one article under two addresses. To join two, "
            "give both rows the same thread in articles.csv, and plan again:"
        )
        for thread, others in report.same_titles:
            yield _paragraph(f"{thread}  and  {others}", indent=2 * _INDENT)


def _notes(report: PlanReport) -> Iterator[RenderableType]:
    rows = [(what, number) for what, number in report.notes.items() if what not in _QUIET]
    if not rows:
        return
    yield _heading("To know")
    for what, number in rows:
        examples = ", ".join(report.examples.get(what, [])[:3])
        told = _NOTES.get(what)
        text = f"{number:,} {told}" if told else f"{number:,} {what.replace('-', ' ')}"
        yield _paragraph(f"{text}{f' ({examples})' if examples else ''}.")


def _after(report: PlanReport) -> Iterator[RenderableType]:
    yield _heading("Next")
    yield from _against(report)
    if report.attribute is not None:
        yield _paragraph(
            f"Old links ({report.fragment}…) keep working with {report.attribute} on the tag of the section."
        )
    yield _paragraph("Nothing has been changed. What stays out is listed in left-out.csv, by id and never by words.")


def _against(report: PlanReport) -> Iterator[RenderableType]:
    """The room on the server; and the comparison with the running site, if one was asked for."""
    found = report.against
    if found is None:
        yield _paragraph(f"The server will need about {size(report.bytes)} of memory for them.")
        return
    if found.known:
        yield _paragraph(f"The site has {_many(found.known, 'comment')} of them already.")
    has = "does not tell how much it has" if found.free is None else f"has {size(found.free)} free"
    yield _paragraph(f"The server will need about {size(found.bytes)} of memory for the new ones, and {has}.")
    if found.free is not None and found.bytes > found.free:
        saved = f", which saves {size(found.tally_saves)}" if found.tally_saves else ""
        yield _paragraph(
            f"That is not enough: give it more, or plan less with --since or --votes tally{saved}.", style="bold"
        )
    if found.late:
        yield _paragraph(
            f"{_many(found.late, 'comment')} would come after {_many(found.live, 'newer live one')} in "
            f"{_many(found.threads, 'discussion')}, such as {', '.join(found.examples)}: a page has the order in which "
            "comments arrive here. Bring these before people write.",
            style="bold",
        )


def _heading(text: str) -> RenderableType:
    return Text(f"\n{text}", style="bold")


def _paragraph(text: str, *, indent: int = _INDENT, style: str = "") -> RenderableType:
    return Padding(Text(_line(text), style=style), (0, 0, 0, indent))


def _numbers(rows: list[tuple[str, int]], *, cut: bool = False) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=cut, overflow="ellipsis" if cut else "fold")
    for text, number in rows:
        table.add_row(Text(f"{number:,}"), Text(_line(text)))
    return Padding(table, (0, 0, 0, _INDENT))


def _many(number: int, one: str, more: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else more or f'{one}s'}"


def _line(text: str) -> str:
    return escaping.line(text)
