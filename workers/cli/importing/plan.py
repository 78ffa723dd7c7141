"""`hansard import plan`: what would come from another system's export, and a folder with it."""

import os
import re
import shlex
import time
from base64 import urlsafe_b64decode
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import anyio
import msgspec
from cyclopts import Parameter
from msgspec.structs import replace

from core.application.current_state import site_of
from core.ids import is_member, is_site, is_slug
from core.log.redis import RedisLog
from core.refusals import Refusal
from workers.cli import output
from workers.cli.exit_status import UsedWrongly
from workers.cli.options import NOWHERE, Json, Where, typed
from workers.cli.since import start_of
from workers.cli.target import deployment
from workers.importers.against import against as compare
from workers.importers.planning import report_text
from workers.importers.planning.article_map import THREAD_FIELDS, MapError
from workers.importers.planning.author_ids import BadTemplate, checked_template
from workers.importers.planning.folder import FolderError, facts_of
from workers.importers.planning.plan_options import PlanOptions
from workers.importers.planning.plan_report import PlanReport
from workers.importers.planning.planner import PlanError, make_plan
from workers.importers.readers.registry import FORMATS
from workers.importers.source_records import UnfitFile
from workers.runtime.process import Failed
from workers.runtime.settings import Settings

FormatName = Literal["wxr", "disqus", "coral", "remark42", "isso", "commento", "native"]
_LIBRARIES: Final = ("lxml", "html_to_markdown", "bson")
"""Modules of the extra `import`."""
_DAYS: Final = re.compile(r"(\d{1,5})d")


def _option(text: str) -> Parameter:
    return Parameter(help=text, show_default=False, negative="")


def plan(  # noqa: PLR0913 - an export can be read in as many ways
    format_: Annotated[FormatName, Parameter(name="FORMAT", help="What wrote the files.")],
    /,
    *files: Annotated[Path, Parameter(help="Files of one export.")],
    site: Annotated[str | None, _option("Site that the comments go to.")] = None,
    into: Annotated[Path | None, _option("Folder for the plan; made if it does not exist.")] = None,
    origin: Annotated[
        tuple[str, ...],
        _option("Origin of the publication, such as https://gazette.example; others stay out. Can be repeated."),
    ] = (),
    member: Annotated[
        str | None,
        _option("Template of members' ids, such as '{id}': what it makes must be the sub of the publication's tokens."),
    ] = None,
    thread: Annotated[
        str | None,
        _option("Template of threads' ids: '{slug}', '{post_id}' or '{id}'. Default: the slug if it is unique."),
    ] = None,
    source: Annotated[str | None, _option("Prefix of comments' ids. Default: that of the format, such as wp.")] = None,
    pending: Annotated[
        str, Parameter(help="How long comments and reports may have waited for a moderator: 30d, all or none.")
    ] = "30d",
    since: Annotated[str | None, _option("Only discussions with a comment since this date; they come whole.")] = None,
    articles: Annotated[
        Path | None, _option("File with the articles to bring, one address or id in a line; the others stay out.")
    ] = None,
    articles_map: Annotated[
        Path | None, _option("An edited articles.csv to follow. Default: that of an earlier plan in the same folder.")
    ] = None,
    votes: Annotated[
        Literal["ballots", "tally"], Parameter(help="Bring known voters' votes as theirs, or as numbers alone.")
    ] = "ballots",
    guest_key: Annotated[
        Path | None,
        _option("File with the key of guests' ids. Default: guest.key in the folder, made if there is none."),
    ] = None,
    subscriptions: Annotated[
        bool, _option("Also bring the followers of articles, with their confirmed addresses, from tables of wpDiscuz.")
    ] = False,
    tenant: Annotated[str | None, _option("Tenant of Coral, where the dump has several.")] = None,
    from_site: Annotated[
        tuple[str, ...], _option("Only these sites of Coral, by their ids there. Can be repeated.")
    ] = (),
    delta: Annotated[
        Path | None, _option("Folder of an earlier plan: only articles that have changed since are planned.")
    ] = None,
    joined: Annotated[
        Path | None, _option("Folder of the plan of another export: comments that it brings are not brought again.")
    ] = None,
    token: Annotated[
        Path | None, _option("File with a real token of the publication: says what its bearer will own.")
    ] = None,
    against: Annotated[
        bool,
        _option(
            "Compare the plan with the running site: which comments would come after live ones, and whether the "
            "server has room. Needs the server that --data or --redis-url names."
        ),
    ] = False,
    print_sql: Annotated[
        bool, _option("Print the queries that write what the export of WordPress does not have, and do nothing else.")
    ] = False,
    json: Json = False,
    where: Where = NOWHERE,
) -> int:
    """Say what would come from an export, and write a folder with it. Nothing is changed, and no server is needed.

    The folder has `facts.jsonl`, which is applied; the report; `articles.csv`, which says what becomes of each article
    and may be edited: run the same command again to follow it; `redirects.csv`, the addresses of merged articles; and
    `left-out.csv`. Only its owner can read it.

    The formats: wxr is WordPress with or without wpDiscuz, disqus the XML export, coral a dump or the folder with it,
    remark42 the backup, isso the database or the generic JSON, commento the export of Commento and of Comentario,
    native Hansard's own.

    For example:

        hansard import plan wxr blog.xml --site gazette --into plan

        hansard import plan wxr blog.xml --site gazette --into plan --member '{id}'

        hansard import plan disqus export.xml.gz --site gazette --into plan --origin https://gazette.example
    """
    settings = where.quietly()
    known = FORMATS[format_]
    if print_sql:
        return _print_sql(format_)
    sub = None if token is None else subject(token)
    if not files:
        raise UsedWrongly("name the files of the export")
    if site is None or into is None:
        raise UsedWrongly("a plan needs --site and --into")
    _require_libraries()
    options = PlanOptions(
        format=format_,
        files=tuple(inner for path in files for inner in (sorted(path.iterdir()) if path.is_dir() else (path,))),
        site=_site(site),
        into=into,
        now=time.time_ns() // 1_000_000,
        origins=tuple(map(typed, origin)),
        member=_template("--member", member, known.fields),
        thread=_template("--thread", thread, THREAD_FIELDS),
        source=_source(source),
        pending=_pending(pending, format_),
        since=None if since is None else start_of(since),
        articles=articles,
        articles_map=articles_map,
        votes=votes,
        guest_key=guest_key,
        subscriptions=subscriptions,
        tenant=tenant,
        from_sites=from_site,
        delta=delta,
        joined=joined,
        bearer=sub,
        processes=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
    )
    report = anyio.run(_compared, options, settings) if against else anyio.run(_planned, options)
    if json:
        output.document(report)
    else:
        report_text.show(output.console(), report)
        output.line(f"The plan is in {into}. To bring it: hansard import apply {shlex.quote(str(into))}")
    return 0


async def _planned(options: PlanOptions) -> PlanReport:
    try:
        with output.progress("import_plan") as show:
            return await make_plan(options, show)
    except (UnfitFile, MapError, FolderError, PlanError) as error:
        raise Failed(str(error)) from error


async def _compared(options: PlanOptions, settings: Settings) -> PlanReport:
    """Plan, and compare the plan with the running site. A site that does not exist is refused first."""
    async with deployment(settings) as opened:
        log = RedisLog(opened)
        try:
            await site_of(log, options.site)
            report = await _planned(options)
            compared = replace(report, against=await compare(log, opened.topology, facts_of(options.into)))
        except Refusal as refusal:
            raise Failed(f"{refusal.detail} ({refusal.code})") from refusal
    report_text.write(options.into, compared)
    return compared


def _print_sql(format_: FormatName) -> int:
    if format_ != "wxr":
        raise UsedWrongly("--print-sql is for wxr: only WordPress has tables that its export leaves out")
    from workers.importers.readers.wordpress_tables import queries

    for text in queries().splitlines():
        output.line(text)
    return 0


def subject(path: Path) -> str:
    """The member whom a real token names: its claim `sub`, or that of Coral. The signature is not checked."""
    try:
        parts = path.read_text(encoding="utf-8").strip().split(".")
        payload = urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        claims = msgspec.json.decode(payload, type=dict[str, Any])
    except (OSError, ValueError, IndexError) as error:
        raise Failed(f"{path} has no token that can be read") from error
    user = claims.get("user")
    found = claims.get("sub") or (user.get("id") if isinstance(user, dict) else None)
    if not isinstance(found, str) or not is_member(found):
        raise Failed(f"the token in {path} names no member: it has no claim sub that may be an id")
    return found


def _require_libraries() -> None:
    missing = [name for name in _LIBRARIES if find_spec(name) is None]
    if missing:
        raise Failed(
            f"Reading exports needs the extra `import`, of which {', '.join(missing)} is missing: "
            "pip install 'hansard[import]'"
        )


def _site(text: str) -> str:
    if not is_site(text):
        raise UsedWrongly(f"{text!r} is not a valid site id: 1 to 40 of a-z, 0-9 and -")
    return text


def _template(flag: str, text: str | None, fields: tuple[str, ...]) -> str | None:
    try:
        return None if text is None else checked_template(typed(text), fields)
    except BadTemplate as error:
        raise UsedWrongly(f"{flag} {error}") from error


def _source(text: str | None) -> str | None:
    if text is not None and (not is_slug(text) or len(text) > 20):  # noqa: PLR2004 - leaves room for the source's ids
        raise UsedWrongly(f"--source takes 1 to 20 of a-z, 0-9 and -, not {text!r}")
    return text


def _pending(text: str, name: str) -> int | None:
    """Days; None for all."""
    days = _DAYS.fullmatch(text)
    if text == "all" or name == "native":
        return None
    if text == "none":
        return 0
    if days is None:
        raise UsedWrongly(f"--pending takes a number of days such as 30d, all or none, not {text!r}")
    return int(days[1])
