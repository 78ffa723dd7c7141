"""`hansard replay` and `hansard tail`: the recorded events, and new events as they are appended."""

import difflib
from dataclasses import dataclass
from functools import partial
from itertools import starmap
from typing import Annotated, Final, Literal, get_args

import anyio
from cyclopts import Parameter

from core.events.envelope import Recorded, UnreadableEntry, read_or_error
from core.events.event import tag_of
from core.events.types import EVENTS
from core.ids import is_comment, is_member, is_site, is_thread
from core.log.port import Log, LogDiverged
from core.log.redis import RedisLog
from core.moment import parse_moment, place_of
from core.position import START, Position, is_position
from projections.audit.merge import before as place_before
from projections.audit.records import AuditRecord
from workers.cli import output
from workers.cli.event_lines import Choice, Redacted, add_redacted, merged, one_line, record, redacted
from workers.cli.exit_status import UsedWrongly
from workers.cli.options import NOWHERE, Json, Where, typed
from workers.cli.target import deployment, reading
from workers.runtime.process import Failed
from workers.runtime.settings import Settings

TYPES: Final = tuple(map(tag_of, EVENTS))

Kind = Literal["member", "guest", "staff", "system"]


def _several(name: str, text: str) -> Parameter:
    return Parameter(name=name, negative="", show_default=False, help=f"{text} Can be repeated.")


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Only:
    """Filter options: a flag for each part of a line, which takes the text as the line has it."""

    site: Annotated[str | None, Parameter(help="Only events of this site.")] = None
    thread: Annotated[str | None, Parameter(help="Only events of this thread; needs --site.")] = None
    comment: Annotated[str | None, Parameter(help="Only events of this comment; needs --site.")] = None
    revision: Annotated[int | None, Parameter(help="Only events of this revision; needs --comment.")] = None
    type: Annotated[tuple[str, ...], _several("--type", "Only this type, such as comment.posted.")] = ()
    kind: Annotated[tuple[Kind, ...], _several("--kind", "Only events by this kind of actor.")] = ()
    actor: Annotated[
        tuple[str, ...], _several("--actor", "Only events by this actor, such as wilma or 'staff wilma'.")
    ] = ()
    position: Annotated[str | None, Parameter(help="Only the event at this position; needs --thread.")] = None
    having: Annotated[
        tuple[str, ...], _several("--having", "Only events with this in the rest of their line, such as rule=links.")
    ] = ()


ALL: Final = Only()


def replay(
    *,
    only: Only = ALL,
    from_: Annotated[
        str | None, Parameter(name="--from", help="Start at this time; with --thread also a position.")
    ] = None,
    to: Annotated[str | None, Parameter(help="End before this time; with --thread also a position.")] = None,
    json: Json = False,
    where: Where = NOWHERE,
) -> int:
    """Print the events of the log in order, one line each.

    A line has position, time, type, site/thread/comment:revision, the actor (kind and id), and the rest; each part has
    a flag that takes the text as it stands there. Events are ordered by recorded time, then partition, then sequence;
    --from and --to mean recorded time, too. Redacted text is never printed. With --json, an event is as in `/audit`.

    An unreadable entry is printed in its place as `unreadable`, with any filter. If a partition cannot be read at all,
    the events end before it, and the exit status is 1.

    For example:

        hansard replay --site sample --thread night-train

        hansard replay --type comment.rejected --from 2026-10-12T00:00:00Z

        hansard replay --site sample --comment nt-13

        hansard replay --actor wilma --having rule=links

        hansard replay --json | jq -r 'select(.type == "vote.cast") | .actor.id' | sort | uniq -c
    """
    choice = _choice(only)
    begin = START if from_ is None else _bound("--from", from_, choice)
    before = None if to is None else _bound("--to", to, choice)
    found = where.quietly()
    anyio.run(lambda: _replay(found, choice, place_before(begin), before, json=json))
    return 0


def tail(
    *,
    only: Only = ALL,
    json: Json = False,
    where: Where = NOWHERE,
) -> int:
    """Print new events as they are recorded, until interrupted, in the same lines as `hansard replay`.

    For example:

        hansard tail

        hansard tail --site sample --type comment.posted --json
    """
    choice = _choice(only)
    found = where.quietly()
    anyio.run(lambda: _tail(found, choice, json=json))
    return 0


async def _replay(settings: Settings, choice: Choice, after: Position, before: Position | None, *, json: bool) -> None:
    async with reading(settings) as (log, _):
        redactions = await redacted(log, choice.partitions(log.partitions))
        async for partition, recorded in merged(log, choice, after, before):
            _print(partition, recorded, redactions, choice, json=json)


async def _tail(settings: Settings, choice: Choice, *, json: bool) -> None:
    async with deployment(settings, start=False) as opened, anyio.create_task_group() as tasks:
        log = RedisLog(opened)
        partitions = choice.partitions(log.partitions)
        begins = {partition: await log.last(partition) for partition in partitions}
        await tasks.start(opened.pubsub.run)
        for partition, after in begins.items():
            tasks.start_soon(partial(_follow, log, partition, after, choice, json=json))
        output.note("following")


async def _follow(log: Log, partition: int, after: Position, choice: Choice, *, json: bool) -> None:
    redactions: Redacted = {}
    try:
        async for entries in log.follow(partition, after):
            add_redacted(redactions, entries)
            for recorded in starmap(read_or_error, entries):
                if isinstance(recorded, UnreadableEntry) or choice.fits(recorded.envelope):
                    _print(partition, recorded, redactions, choice, json=json)
            output.flush()
    except LogDiverged as lost:
        raise Failed(f"{lost}: the server lost it, and perhaps other events that were printed") from lost


def _print(
    partition: int, recorded: Recorded | UnreadableEntry, redactions: Redacted, choice: Choice, *, json: bool
) -> None:
    event = record(partition, recorded, redactions)
    if isinstance(event, AuditRecord) and not choice.fits_record(event):
        return
    if json:
        output.document(event)
    else:
        output.line(one_line(event, partition))


def _choice(only: Only) -> Choice:
    _check_place(only)
    for name in only.type:
        if name not in TYPES:
            close = difflib.get_close_matches(name, TYPES, 1)
            hint = f"did you mean {close[0]}?" if close else f"the types are {', '.join(TYPES)}"
            raise UsedWrongly(f"there is no event type {name}: {hint}")
    for text in only.actor:
        kind, _, name = text.rpartition(" ")
        if not is_member(name) or (kind and kind not in get_args(Kind)):
            raise UsedWrongly(
                f"--actor takes an id, such as wilma, or kind and id, such as 'staff wilma', not {text!r}"
            )
    return Choice(
        site=only.site,
        thread=only.thread,
        comment=only.comment,
        revision=only.revision,
        actors=frozenset(only.actor),
        kinds=frozenset(only.kind),
        types=frozenset(only.type),
        position=only.position,
        data=tuple(_named(text) for text in only.having),
    )


def _check_place(only: Only) -> None:
    if only.thread is not None and only.site is None:
        raise UsedWrongly("--thread needs --site: a thread's id is only unique within its site")
    if only.comment is not None and only.site is None:
        raise UsedWrongly("--comment needs --site: a comment's id is only unique within its site")
    if only.revision is not None and only.comment is None:
        raise UsedWrongly("--revision needs --comment: each comment numbers its own revisions")
    if only.position is not None and only.thread is None:
        raise UsedWrongly("--position needs --thread: elsewhere positions have no common order")
    for name, value, good in (
        ("site id", only.site, is_site),
        ("thread id", only.thread, is_thread),
        ("comment id", only.comment, is_comment),
        ("position", only.position, is_position),
    ):
        if value is not None and not good(value):
            raise UsedWrongly(f"{value!r} is not a valid {name}")


def _named(text: str) -> tuple[str, str]:
    name, sign, value = typed(text).partition("=")
    if not sign:
        raise UsedWrongly(f"--having takes a name and a value, such as rule=links, not {text!r}")
    return name, value


def _bound(flag: str, text: str, choice: Choice) -> Position:
    try:
        moment = parse_moment(text)
    except ValueError as error:
        raise UsedWrongly(f"{flag} takes a time, such as 2026-10-12T00:00:00Z, or a position, not {text!r}") from error
    if isinstance(moment, Position) and choice.thread is None:
        raise UsedWrongly(f"{flag} takes a position only with --thread: elsewhere positions have no common order")
    return place_of(moment)
