"""`hansard replay` and `hansard tail`: the events, and the events as they come."""

import difflib
from functools import partial
from typing import Annotated, Final

import anyio
from cyclopts import Parameter

from core.envelope import Recorded, UnreadableEntry, read
from core.events import EVENTS
from core.ids import is_site, is_thread
from core.log.port import Entry, Log, LostBranch
from core.log.redis import RedisLog
from core.moment import parse_moment, place_of
from core.position import START, Position
from workers.cli import output
from workers.cli.ending import UsedWrongly
from workers.cli.events import Choice, Redacted, add_redacted, merged, one_line, redacted, told
from workers.cli.flags import NOWHERE, Json, Where
from workers.cli.place import deployment, reading
from workers.gateway.auditing import before as place_before
from workers.process import Failed
from workers.settings import Settings

TYPES: Final = tuple(str(event.__struct_config__.tag) for event in EVENTS)

Site = Annotated[str | None, Parameter(help="Only events of this site.")]
Thread = Annotated[str | None, Parameter(help="Only events of this thread; takes --site.")]
Types = Annotated[
    tuple[str, ...],
    Parameter(
        name="--type", negative="", show_default=False, help="Only this type, as comment.posted. May be given again."
    ),
]


def replay(
    *,
    site: Site = None,
    thread: Thread = None,
    from_: Annotated[
        str | None, Parameter(name="--from", help="From this time on; with --thread also a position.")
    ] = None,
    to: Annotated[str | None, Parameter(help="Before this time; with --thread also a position.")] = None,
    types: Types = (),
    json: Json = False,
    where: Where = NOWHERE,
) -> int:
    """Print the events of the log in order, one line each.

    The order is by recorded time, then partition, then sequence; --from and --to mean recorded time, too. Redacted
    text is told to nobody. With --json, an event is what `/audit` tells of it.

    An entry that cannot be read stands in its place as `unreadable`, whichever events were chosen. Where a partition
    cannot be read at all, the events end before it, and the exit status is 1.

    For example:

        hansard replay --site sample --thread night-train

        hansard replay --type comment.rejected --from 2026-10-12T00:00:00Z

        hansard replay --json | jq -r 'select(.type == "vote.cast") | .actor.id' | sort | uniq -c
    """
    choice = _choice(site, thread, types)
    begin = START if from_ is None else _bound("--from", from_, choice)
    before = None if to is None else _bound("--to", to, choice)
    found = where.quietly()
    anyio.run(lambda: _replay(found, choice, place_before(begin), before, json=json))
    return 0


def tail(
    *,
    site: Site = None,
    thread: Thread = None,
    types: Types = (),
    json: Json = False,
    where: Where = NOWHERE,
) -> int:
    """Print events as they come, until interrupted: the same lines as `hansard replay`.

    For example:

        hansard tail

        hansard tail --site sample --type comment.posted --json
    """
    choice = _choice(site, thread, types)
    found = where.quietly()
    anyio.run(lambda: _tail(found, choice, json=json))
    return 0


async def _replay(settings: Settings, choice: Choice, after: Position, before: Position | None, *, json: bool) -> None:
    async with reading(settings) as (log, _):
        gone = await redacted(log, choice.partitions(log.partitions))
        async for partition, recorded in merged(log, choice, after, before):
            _print(partition, recorded, gone, json=json)


async def _tail(settings: Settings, choice: Choice, *, json: bool) -> None:
    async with deployment(settings, start=False) as opened, anyio.create_task_group() as tasks:
        log = RedisLog(opened)
        partitions = choice.partitions(log.partitions)
        begins = {partition: await log.last(partition) for partition in partitions}
        await tasks.start(opened.wakes.run)
        for partition, after in begins.items():
            tasks.start_soon(partial(_follow, log, partition, after, choice, json=json))
        output.note("following")


async def _follow(log: Log, partition: int, after: Position, choice: Choice, *, json: bool) -> None:
    gone: Redacted = {}
    try:
        async for entries in log.follow(partition, after):
            add_redacted(gone, entries)
            for recorded in map(_read, entries):
                if isinstance(recorded, UnreadableEntry) or choice.fits(recorded.envelope):
                    _print(partition, recorded, gone, json=json)
            output.flush()
    except LostBranch as lost:
        raise Failed(f"{lost}: the server lost it, and perhaps more of what was printed") from lost


def _read(entry: Entry) -> Recorded | UnreadableEntry:
    try:
        return read(*entry)
    except UnreadableEntry as error:
        return error


def _print(partition: int, recorded: Recorded | UnreadableEntry, gone: Redacted, *, json: bool) -> None:
    event = told(partition, recorded, gone)
    if json:
        output.document(event)
    else:
        output.line(one_line(event, partition))


def _choice(site: str | None, thread: str | None, types: tuple[str, ...]) -> Choice:
    if thread is not None and site is None:
        raise UsedWrongly("--thread takes --site: a thread's id is only unique within its site")
    if site is not None and not is_site(site):
        raise UsedWrongly(f"{site!r} cannot name a site")
    if thread is not None and not is_thread(thread):
        raise UsedWrongly(f"{thread!r} cannot name a thread")
    for name in types:
        if name not in TYPES:
            close = difflib.get_close_matches(name, TYPES, 1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(TYPES)}"
            raise UsedWrongly(f"there is no event type {name}: {hint}")
    return Choice(site=site, thread=thread, types=frozenset(types))


def _bound(flag: str, text: str, choice: Choice) -> Position:
    try:
        moment = parse_moment(text)
    except ValueError as error:
        raise UsedWrongly(f"{flag} takes a time, as 2026-10-12T00:00:00Z, or a position, not {text!r}") from error
    if isinstance(moment, Position) and choice.thread is None:
        raise UsedWrongly(f"{flag} takes a position only with --thread: elsewhere positions are not in one order")
    return place_of(moment)
