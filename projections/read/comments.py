"""Single rows and whole threads, filtered for a viewer: permalinks, frames, anchors, counts."""

from collections.abc import Mapping, Sequence
from functools import partial
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct

from core.keys import Partition
from core.position import Position, kept
from core.redis.script import Script
from core.throttle import Pace, collected
from projections.read import page_json, pages, viewer_rows
from projections.read.page_json import PageLine
from projections.read.queries import PageAnswer, PageQuery, ThreadSummary, ViewState
from projections.read.served_generation import CommandParts, PartitionCommands, Served
from projections.read.walk import Onward, WalkScript, keys
from projections.thread.state import AnchorState, ThreadState
from projections.views.viewer import PUBLIC, Viewer


class _PublishedCount(Struct):
    """The published-comment count, the only field decoded from a thread's public JSON."""

    comments: int


_ROWS: Final[Script] = WalkScript("rows")
_PERMALINK: Final[Script] = WalkScript("permalink")
_HEAD: Final = msgspec.json.Decoder(dict[str, Any])
_COUNT: Final = msgspec.json.Decoder(_PublishedCount)
_THREAD: Final = msgspec.json.Decoder(ThreadState)
_ROWS_PER_CALL: Final = 500


async def head(served: Served, site: str, thread: str) -> ThreadSummary | None:
    """Read the summary of one thread."""
    return (await heads(served, site, [thread])).get(thread)


async def heads(served: Served, site: str, threads: list[str]) -> dict[str, ThreadSummary]:
    """Read the summaries of threads. Threads that do not exist are absent."""
    return {name: head_of(found) for name, found in (await public_json(served, site, threads)).items()}


def head_of(public: bytes) -> ThreadSummary:
    """Decode a thread summary from `meta.public`."""
    fields = _HEAD.decode(public)
    known = {name: fields[name] for name in ThreadSummary.__struct_fields__ if name in fields}
    return ThreadSummary(**{**known, "position": Position.parse(fields["position"])})


async def public_json(served: Served, site: str, threads: Sequence[str]) -> dict[str, bytes]:
    """Read the stored public JSON of threads. Threads that do not exist are absent."""
    parts = await _read_public_json(served, site, threads)
    return {name: public for _, threads_json in parts for name, public in threads_json.items() if public is not None}


async def _read_public_json(
    served: Served, site: str, threads: Sequence[str]
) -> list[tuple[ViewState, dict[str, bytes | None]]]:
    """Read the public JSON of threads by partition, in one round trip, with a view state no newer than that JSON."""
    by_partition: dict[Partition, list[str]] = {}
    for thread in dict.fromkeys(threads):
        by_partition.setdefault(served.keys.of(site, thread), []).append(thread)
    replies = await served.commands_of(
        [PartitionCommands(one, partial(_public_json, one, site, names)) for one, names in by_partition.items()]
    )
    return [
        (ViewState(one.number, reply.pointer, kept(reply.parts[0])), dict(zip(names, reply.parts[1:], strict=True)))
        for (one, names), reply in zip(by_partition.items(), replies, strict=True)
    ]


def _public_json(partition: Partition, site: str, threads: list[str], generation: int) -> list[CommandParts]:
    # Read the cursor first: a commit in between makes the state look older than the data, never newer.
    first: list[CommandParts] = [("GET", partition.cursor(generation))]
    return first + [("HGET", partition.thread_views(generation, site, name).meta, "public") for name in threads]


class PublishedCounts(NamedTuple):
    """Number of published comments of a thread, and a state of its partition since which the number is valid."""

    comments: int
    state: ViewState


async def read_counts(served: Served, site: str, threads: Sequence[str]) -> dict[str, PublishedCounts]:
    """Read the counts of threads in one round trip; 0 for an unknown thread."""
    found = {
        name: PublishedCounts(0 if public is None else _COUNT.decode(public).comments, state)
        for state, threads_json in await _read_public_json(served, site, threads)
        for name, public in threads_json.items()
    }
    return {name: found[name] for name in threads}


def counts_of(found: Mapping[str, PublishedCounts]) -> PageAnswer:
    """Build the response from counts."""
    states = {count.state for count in found.values()}
    made = answer({"counts": {thread: count.comments for thread, count in found.items()}})
    if len({state.partition for state in states}) < len(states):
        return made  # two states of one partition: neither is valid for both
    return made._replace(states=tuple(sorted(states)))


async def anchors(served: Served, site: str, thread: str) -> PageAnswer | None:
    """The inline questions of a thread with the number of published comments on each."""
    partition = served.keys.of(site, thread)
    reply = await served.commands(
        partition, lambda g: [("HGET", partition.thread_views(g, site, thread).meta, "source")]
    )
    (source,) = reply.parts
    if source is None:
        return None
    found = _THREAD.decode(source).anchors
    return answer({"anchors": [anchor_fields(name, anchor) for name, anchor in found.items()]})


async def lines(
    served: Served, site: str, thread: str, comments: list[str], *, with_source: bool
) -> tuple[bytes | None, dict[str, PageLine]]:
    """Read `meta.public` and the stored rows of comments. Up to 500 rows are of one moment.

    With `with_source`, a line includes SOURCE. Comments that do not exist are absent.
    """
    public: bytes | None = None
    found: dict[str, PageLine] = {}
    for start in range(0, len(comments) or 1, _ROWS_PER_CALL):
        chunk = comments[start : start + _ROWS_PER_CALL]
        reply = await served.thread(_ROWS, site, thread, keys, (int(with_source), *chunk))
        public, stored = reply.parts
        found.update((name, line) for name, line in zip(chunk, page_json.read(stored), strict=True) if line.header)
    return public, found


async def row(served: Served, site: str, thread: str, comment: str, viewer: Viewer = PUBLIC) -> bytes | None:
    """One row as the viewer may see it, without its replies."""
    with_source = viewer != PUBLIC
    _, found = await lines(served, site, thread, [comment], with_source=with_source)
    if comment not in found:
        return None
    return viewer_rows.row(found[comment], thread, viewer, Onward(site, thread))


async def frame_rows(
    served: Served, site: str, thread: str, comments: list[str]
) -> tuple[ThreadSummary | None, dict[str, bytes]]:
    """The public rows of comments and their thread, of one moment. Comments that the page does not show are absent."""
    public, found = await lines(served, site, thread, comments, with_source=False)
    if public is None:
        return None, {}
    shown = {name: page_json.begun(line) + b"}" for name, line in found.items() if line.public}
    return head_of(public), shown


async def permalink(served: Served, site: str, thread: str, comment: str, viewer: Viewer) -> PageAnswer | None:
    """A comment with its ancestors and its replies."""
    size = PageQuery()
    reply = await served.thread(_PERMALINK, site, thread, keys, (comment, size.depth, size.replies))
    if not reply.parts:
        return None
    public, above, below = reply.parts
    onward = Onward(site, thread)
    first, *rest = page_json.read(below)
    top = viewer_rows.cell(first, thread, viewer, onward)
    if top is None or viewer_rows.is_tombstone(top):
        return None
    pace = Pace()
    ancestors = await collected(
        (viewer_rows.place(line, thread, viewer, onward) for line in page_json.read(above)), pace
    )
    answers = await collected((viewer_rows.place(line, thread, viewer, onward) for line in rest), pace)
    body = b'{"thread":%b,"ancestors":[%b],"comment":%b}' % (
        public,
        page_json.nested(ancestors),
        page_json.nested([top, *answers]),
    )
    return PageAnswer(body, pages.tag(reply.pointer, public) if viewer == PUBLIC else digest(body))


def answer(value: Any) -> PageAnswer:
    """Build a JSON response whose tag is a digest of its body."""
    body = msgspec.json.encode(value)
    return PageAnswer(body, digest(body))


def digest(body: bytes) -> str:
    """Digest of a response body."""
    return blake2b(body, digest_size=12).hexdigest()


def anchor_fields(name: str, anchor: AnchorState) -> dict[str, Any]:
    """An inline question as everyone sees it."""
    quote = {"exact": anchor.exact, "prefix": anchor.prefix, "suffix": anchor.suffix}
    return {
        "id": name,
        "quote": {part: text for part, text in quote.items() if text is not None or part == "exact"},
        "prompt": anchor.prompt,
        "status": anchor.status,
        "comments": anchor.comments,
    }
