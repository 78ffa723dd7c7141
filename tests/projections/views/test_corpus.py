"""What was written by earlier versions, frozen: this version reads it, and says where it writes something else.

`corpus/log.jsonl` is a log; `corpus/views-<n>.json` and `corpus/snapshot-<fold>.txt` are what was made of it. None of
them is ever changed. Where what is written changes, the version of that part goes up, and a file is added.
"""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from core.events.envelope import Recorded, decode
from core.position import Position
from projections.thread.fold import fold
from projections.thread.snapshots import kept, marks, same, unpack
from projections.thread.state import FOLD, ThreadState
from projections.views import layout
from projections.views.stored_thread import StoredViews, from_views
from projections.views.versions import LAYOUT
from tests.support.discussions import LEFT_EMPTY, SITE, THREADS

THREAD = THREADS[0]
CORPUS = Path(__file__).parent / "corpus"
LATER = {"batches", *LEFT_EMPTY}
"""Views of events that are newer than the log: what they hold is told by tests/projections/views/listings."""
LAYOUTS = sorted(CORPUS.glob("views-*.json"), key=lambda path: int(path.stem.partition("-")[2]))


def html(body: str) -> str:
    return f"<p>{len(body)}</p>"


def recorded() -> list[Recorded]:
    lines = (json.loads(line) for line in (CORPUS / "log.jsonl").read_text().splitlines())
    return [decode(Position.parse(position), e.encode(), c.encode()) for position, e, c in lines]


@pytest.fixture
def thread() -> ThreadState:
    return fold(ThreadState(site=SITE, id=THREAD), [one for one in recorded() if one.envelope.thread])


def written(path: Path) -> Any:
    return json.loads(path.read_text())


def test_what_is_written_is_what_this_version_wrote_before(thread: ThreadState) -> None:
    last = written(LAYOUTS[-1])
    assert last["fold"] == FOLD, "a new fold: freeze what it writes as the next file"
    assert last["layout"] == LAYOUT, "a new layout: freeze what it writes as the next file"
    views: dict[str, dict[str, Any]] = {view: {} for view in LAYOUT}
    for name, field, value in layout.contents(thread, html):
        views[name.removeprefix("site.")][field] = value if isinstance(value, int) else value.decode()
    assert {view for view, there in views.items() if not there} == LATER, "there is something in every other view"
    for view, there in views.items():
        assert there == last["views"][view], f"where this is meant, raise the version of {view} in LAYOUT, or FOLD"


@pytest.mark.parametrize("path", LAYOUTS, ids=lambda path: path.stem)
def test_a_thread_is_read_back_from_the_views_of_earlier_layouts(path: Path, thread: ThreadState) -> None:
    found = written(path)
    views = {view: {field.encode(): value for field, value in there.items()} for view, there in found["views"].items()}
    hashes = {
        view: {field: value.encode() for field, value in views[view].items()}
        for view in layout.THREAD_HASHES
        if view in views
    }
    sets = {view: views[view] for view in layout.THREAD_SETS if view in views}
    there = from_views(StoredViews(thread.last, hashes, sets), SITE, THREAD)
    if found["layout"] == LAYOUT:
        assert there == thread
    # Earlier ones have not what a snapshot leaves out, nor when the status changed.
    assert same(kept(there), kept(thread))


def test_a_thread_is_read_back_from_a_snapshot_that_was_taken_by_this_fold(thread: ThreadState) -> None:
    path = CORPUS / f"snapshot-{FOLD}.txt"
    assert path.exists(), "a new fold: freeze a snapshot of it"
    assert same(unpack(base64.b64decode(path.read_text())), kept(thread))
    assert marks([f"{thread.last} {thread.now} {FOLD}".encode()]) == [(thread.last, thread.now)]
