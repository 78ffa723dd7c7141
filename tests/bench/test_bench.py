"""The benchmark works and judges as it says. How fast anything is, no test asks."""

import asyncio
import json
import os
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import cast
from xml.etree.ElementTree import Element, fromstring

import pytest

from core.events.envelope import decode
from core.policy import Policy
from core.position import Position
from tests.bench import __main__ as bench
from tests.bench import compare as comparing
from tests.bench import growth
from tests.bench.alike import differing
from tests.bench.asks import Get
from tests.bench.compare import HERE, compare, verdict
from tests.bench.copying import entries_of
from tests.bench.crowd import Crowd, feed
from tests.bench.driving import Load, Part, drive
from tests.bench.figures import Figure, Target, interval
from tests.bench.histogram import Histogram, joined
from tests.bench.hot import oldest
from tests.bench.http import HEAD_ENDS, Answer
from tests.bench.memory import kind_of
from tests.bench.mix import Discussion
from tests.bench.sizes import QUICK
from tests.bench.svg import Line, Plot, drawn
from tests.bench.table import document, table
from tests.bench.tracing import scripted, tasks
from tests.web import chromium

RATE = Target(of="measured", at_least=1000)
PROMISED = {
    "ratio ≥ 0.60",
    "ratio ≥ 0.45",
    "measured ≤ 50",
    "ratio ≥ 0.80",
    "ratio ≥ 0.85",
    "measured ≤ 100",
    "measured ≤ 200",
    "ratio ≥ 0.20",
    "measured ≤ 1",
    "measured ≤ 1.05",
    "ratio ≤ 1.20",
    "measured ≥ 2,500",
    "measured ≤ 25",
    "measured ≥ 8,000",
    "measured ≥ 30,000",
    "measured ≥ 12,000",
    "ratio ≥ 0.40",
    "measured ≤ 0",
    "measured ≤ 250",
    "measured ≤ 3",
    "measured ≤ 10",
    "measured ≤ 8",
    "measured ≤ 16",
    "ratio ≥ 0.70",
    "measured ≤ 2,750",
    "measured ≤ 400",
    "measured ≤ 1,500",
    "measured ≤ 2",
    "measured ≤ 150",
    "measured ≥ 1,500",
    "ratio ≤ 1",
    "measured ≤ 0.50",
    "ratio ≥ 0.50",
    "ratio ≤ 1.05",
    "ratio ≥ 1.50",
    "measured ≥ 5,000",
}
"""Every target that is set, in the words of the table."""


def figure(*measured: float, limit: tuple[float, ...] = (), target: Target | None = None) -> Figure:
    return Figure(name="a thing", unit="things/s", measured=measured, limit=limit, target=target)


def test_a_quick_run_measures_everything_on_servers_of_its_own(tmp_path: Path) -> None:
    told = tmp_path / "figures" / "bench.json"
    command = [sys.executable, "-m", "tests.bench", "--quick", "--json", str(told)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    found = {one["name"]: one for one in json.loads(told.read_text())["figures"]}
    for name, one in found.items():
        assert name in ran.stdout
        assert "MISSED" not in ran.stdout, "a quick run judges nothing"
        least = min(one["measured"]["rounds"])
        assert least > 0 if one["unit"].endswith("/s") else least >= 0, one
    assert {one["target"] for one in found.values()} >= PROMISED
    errors = [one for name, one in found.items() if name.startswith("errors")]
    assert [one["met"] for one in errors] == [True] * 5, "no post or vote fails, however slow it is"
    compared = [one for one in found.values() if one["target"] is not None and one["limit"] is not None]
    assert all(len(one["ratio"]["rounds"]) == QUICK.rounds for one in compared)


def test_sections_can_be_picked_and_another_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = tmp_path / "bench.json"
    command = [sys.executable, "-m", "tests.bench", "--quick", "--only", "rows", "--rounds", "1", "--json", str(told)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    (only,) = json.loads(told.read_text())["figures"]
    assert only["name"] == "page of 100 rows, time in Redis"
    assert len(only["measured"]["rounds"]) == 1
    with pytest.raises(SystemExit):
        bench.main(["--only", "rows,columns"])
    assert "columns" in capsys.readouterr().err


BUDGETS = {"measured ≤ 50", "measured ≤ 20", "measured ≤ 150", "measured ≤ 4"}
"""Those of a phone, where there is a browser."""


@pytest.mark.parametrize("browser", [True, False])
def test_pages_are_measured_in_a_browser_where_there_is_one_and_it_is_said_where_not(
    browser: bool, tmp_path: Path
) -> None:
    if browser:
        chromium.require()
    told = tmp_path / "bench.json"
    command = [sys.executable, "-m", "tests.bench", "--quick", "--only", "pages", "--rounds", "1", "--json", str(told)]
    given = os.environ | ({} if browser else {chromium.NAMED: "/nowhere/chromium"})
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=given)
    assert ran.returncode == 0, ran.stderr
    figures = json.loads(told.read_text())["figures"]
    seen = [one for one in figures if one["name"].startswith(("desk: ", "phone: "))]
    assert len(figures) - len(seen) == 2, "of the gateway"
    assert (len(seen), "no Chromium found" in ran.stderr) == ((16, False) if browser else (0, True))
    assert {one["target"] for one in seen if one["target"]} == (BUDGETS if browser else set())
    assert [one["limit"]["name"] for one in seen if one["limit"]] == ["bare article"] * (8 if browser else 0)


def traced(*spans: tuple[str, float, float], thread: int = 1) -> list[dict[str, object]]:
    return [
        {"ph": "X", "name": name, "pid": 1, "tid": thread, "ts": 0, "tts": start * 1000, "tdur": (end - start) * 1000}
        for name, start, end in spans
    ]


def marked(*moments: float, thread: int = 1) -> list[dict[str, object]]:
    return [{"ph": "R", "name": "measured", "pid": 1, "tid": thread, "ts": 0, "tts": at * 1000} for at in moments]


NAMES = [
    {"ph": "M", "name": "thread_name", "pid": 1, "tid": thread, "args": {"name": name}}
    for thread, name in ((1, "CrRendererMain"), (2, "Compositor"), (3, "CrRendererMain"))
]


def test_script_of_the_page_with_marks_counts_once_between_them_and_without_the_layout_that_it_sets_off() -> None:
    events = [
        *marked(2, 30, 50),
        *traced(
            ("FunctionCall", 0, 10),
            ("v8.callFunction", 0, 20),
            ("Layout", 5, 9),
            ("UpdateLayoutTree", 8, 12),
            ("Layout", 25, 40),
            ("FunctionCall", 28, 60),
        ),
        *traced(("FunctionCall", 0, 1000), thread=2),
        *traced(("EvaluateScript", 1, 20), thread=3),
    ]
    trace = json.dumps({"traceEvents": [*NAMES, *events]}).encode()
    assert scripted(trace) == pytest.approx([18 - 7 + 0, 20 - 10])


def test_script_that_measures_does_not_count() -> None:
    [look, drain] = traced(("FunctionCall", 2, 5), ("FunctionCall", 6, 7))
    events = [
        *marked(0, 10),
        *traced(("v8.callFunction", 1, 8)),
        look | {"args": {"data": {"url": ""}}},
        drain | {"args": {"data": {"url": "http://gateway.example/section/feed.js"}}},
    ]
    assert scripted(json.dumps({"traceEvents": [*NAMES, *events]}).encode()) == pytest.approx([7 - 3])


def test_tasks_are_those_that_began_in_the_page_with_marks_after_the_first() -> None:
    events = [
        *marked(5, 300),
        *traced(
            ("ThreadControllerImpl::RunTask", 0, 100),
            ("ThreadControllerImpl::RunTask", 100, 140),
            ("FunctionCall", 100, 400),
        ),
        *traced(("ThreadControllerImpl::RunTask", 10, 1000), thread=2),
        *traced(("ThreadControllerImpl::RunTask", 10, 1000), thread=3),
    ]
    assert tasks(json.dumps({"traceEvents": [*NAMES, *events]}).encode()) == pytest.approx([40])


def test_a_trace_of_no_page_with_marks_is_no_measurement() -> None:
    with pytest.raises(AssertionError, match="no page of the trace has marks"):
        scripted(json.dumps({"traceEvents": [*NAMES, *traced(("FunctionCall", 0, 1))]}).encode())


def read(svg: str) -> Element:
    return fromstring(svg)  # noqa: S314 - what the bench has drawn itself


def test_how_cost_grows_is_drawn(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.bench.growth", "--quick", "--into", str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert {path.stem for path in tmp_path.iterdir()} == set(growth.DRAWN)
    for path in tmp_path.iterdir():
        assert read(path.read_text()).tag == "{http://www.w3.org/2000/svg}svg"


def test_a_point_lies_by_the_logarithm_of_its_value() -> None:
    plot = Plot(
        title="<cost>", across="x", up="y", lines=(Line(name="a & b", points=((1, 1), (10, 100), (100, 10_000))),)
    )
    root = read(drawn(plot))
    at = [(float(one.get("cx", "")), float(one.get("cy", ""))) for one in root.iter() if one.tag.endswith("circle")]
    assert at[1] == pytest.approx(((at[0][0] + at[2][0]) / 2, (at[0][1] + at[2][1]) / 2))
    assert at[0][0] < at[2][0]
    assert at[0][1] > at[2][1], "up is up"


@pytest.mark.parametrize(("arguments", "status"), [([], 1), (["--quick"], 0)])
def test_a_missed_target_is_the_exit_status_unless_the_run_was_quick(
    arguments: list[str], status: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def measured(*_: object) -> list[Figure]:
        return [figure(2000, target=RATE), figure(999, target=RATE), figure(1)]

    monkeypatch.setattr(bench, "measured", measured)
    assert bench.main([*arguments, "--json", str(tmp_path / "bench.json")]) == status


def test_no_missed_target_is_success(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def measured(*_: object) -> list[Figure]:
        return [figure(2000, target=RATE), figure(1)]

    monkeypatch.setattr(bench, "measured", measured)
    assert bench.main(["--json", str(tmp_path / "bench.json")]) == 0


def test_a_figure_is_judged_by_the_median_of_its_rounds() -> None:
    assert figure(1, 1001, 5000, target=RATE).met is True
    assert figure(1, 999, 5000, target=RATE).met is False
    assert figure(1, 999, 5000).met is None


def test_a_ratio_is_of_values_of_the_same_round() -> None:
    compared = figure(10, 20, 90, limit=(10, 10, 100), target=Target(of="ratio", at_most=1.5))
    assert list(compared.ratios) == [1, 2, 0.9]
    assert compared.met is True, "2 and 0.9 lie on either side of the median, which counts"


def test_the_table_tells_ratio_spread_target_and_verdict() -> None:
    missed = figure(10, 30, 20, limit=(10, 10, 10), target=Target(of="ratio", at_most=1.5))
    (line,) = table([missed]).splitlines()[2:]
    assert " ".join(line.split()) == "a thing 20 things/s 10 things/s 2 1 to 3 ratio ≤ 1.50 MISSED"
    assert "MISSED" not in table([missed], judged=False)


def test_the_document_has_every_round() -> None:
    told = document(figure(10, 30, 20, target=RATE))
    assert told["measured"] == {"low": 10, "median": 20, "high": 30, "rounds": [10, 30, 20]}
    assert told["limit"] is None
    assert told["met"] is False


def test_a_percentile_is_as_good_as_a_hundredth_and_never_flatters() -> None:
    values = [value / 1000 for value in range(100, 0, -1)]
    times = Histogram.of(values)
    for share in (0.01, 0.5, 0.99, 1):
        exact = sorted(values)[round(share * 100) - 1]
        assert exact <= times.percentile(share) <= exact * 1.01
    assert times.total == 100


def test_histograms_of_parts_are_that_of_the_whole() -> None:
    parts = [Histogram.of([0.0, 0.0101, -1.0]), Histogram.of([0.01, 5.0])]
    whole = joined(parts)
    assert whole == Histogram.of([0.0, 0.0101, -1.0, 0.01, 5.0])
    assert whole.mean == pytest.approx((0.0101 + 0.01 + 5) / 5, rel=0.01)


@pytest.mark.skipif(not (HERE / ".git").exists(), reason="revisions are compared where git has them")
def test_another_revision_is_measured_by_turns_and_leaves_nothing(tmp_path: Path) -> None:
    def trees() -> set[str]:
        listed = ["git", "-C", str(HERE), "worktree", "list", "--porcelain"]
        lines = subprocess.run(listed, check=True, capture_output=True, text=True).stdout.splitlines()
        return {line for line in lines if line.startswith("worktree ")}  # commits of other trees may move meanwhile

    before, told = trees(), tmp_path / "compare.json"
    command = [sys.executable, "-m", "tests.bench.compare", "HEAD", "--quick", "--only", "rows", "--turns", "1"]
    ran = subprocess.run([*command, "--json", str(told)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    (only,) = json.loads(told.read_text())["figures"]
    assert only["ratios"] == [only["here"] / only["base"]]
    assert trees() <= before


def benchmark(root: Path, **modules: str) -> Path:
    for name, text in modules.items():
        path = root.joinpath("tests", *name.split("__")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_benchmarks_whose_modules_moved_are_alike(tmp_path: Path) -> None:
    one = benchmark(
        tmp_path / "one",
        bench__hot='"""Hot."""\nimport core.heads\nfrom core.log import wire\nx = wire.out(core.heads.of(1))\n',
        bench__house="from tests.servers import started\n",
        servers="import core.redis.connection\n",
        bench__test_hot="assert True\n",
    )
    other = benchmark(
        tmp_path / "other",
        bench__hot='"""Cold."""\nfrom core.scripts import out\nimport core.names\nx = out.out(core.names.of(1))\n',
        bench__house="from tests.support.servers import started\n",
        support__servers="import core.redis.connection\n",
        bench__test_hot="assert 1\n",
    )
    assert differing(one, other) == []


def test_benchmarks_that_measure_otherwise_are_named(tmp_path: Path) -> None:
    house = "from tests.support.servers import started\nstarted()\n"
    one = benchmark(
        tmp_path / "one",
        bench__hot="from a import b\nx = b(1)\n",
        bench__house=house,
        support__servers="y = 1\n",
        bench__same="z = 1\n",
    )
    other = benchmark(
        tmp_path / "other",
        bench__hot="from a import c\nx = c(1)\n",
        bench__house=house,
        support__servers="y = 2\n",
        bench__same="z = 1\n",
    )
    (other / "tests" / "bench" / "new.py").write_text("")
    assert differing(one, other) == ["tests/bench/hot.py", "tests/bench/new.py", "tests/support/servers.py"]


@pytest.mark.skipif(not (HERE / ".git").exists(), reason="revisions are compared where git has them")
def test_benchmarks_that_differ_are_refused_before_anything_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(comparing, "differing", lambda *_: ["tests/bench/hot.py", "tests/support/servers.py"])
    told = tmp_path / "compare.json"
    assert comparing.main(["HEAD", "--own-benchmark", "--json", str(told)]) == 2
    assert capsys.readouterr().err == (
        "the benchmarks differ in more than imports: tests/bench/hot.py, tests/support/servers.py\n"
    )
    assert not told.exists()


def test_an_interval_leaves_out_what_chance_puts_at_the_ends() -> None:
    assert interval(list(range(15, 0, -1))) == (4, 8, 12)
    assert interval([1, 2, 3, 4, 5, 6]) == (1, 3.5, 6)
    assert interval([1, 2, 3, 4, 5]) is None, "five values all lie above the median once in 32 times"


def test_what_the_turns_show_is_said_plainly() -> None:
    assert verdict([0.9, 1.0, 1.1] * 5) == "within the noise"
    assert verdict([1.02, 1.03, 1.04] * 5) == "3 % more"
    assert verdict([0.90, 0.91, 0.92] * 5) == "9 % less, wholly beyond 5 %"
    assert verdict([0.5]) == "too few turns"


def test_revisions_are_compared_turn_by_turn() -> None:
    base = [document(figure(10, limit=(20,))), document(figure(30, limit=(20,)))]
    here = [document(figure(20, limit=(40,))), document(figure(33, limit=(44,)))]
    found = compare("a thing", base, here)
    assert found is not None
    assert found["ratios"] == [2, 1.1]
    assert found["beside_limits"] == [1, 0.5]
    assert (found["base"], found["here"]) == (20, 26.5)
    assert compare("a thing", [], here) is None, "of what only one has there is no ratio"


async def test_at_a_rate_requests_go_out_when_they_are_due_whatever_is_answered() -> None:
    waiting: list[asyncio.StreamWriter] = []
    served: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.append(cast("asyncio.Task[None]", asyncio.current_task()))
        await reader.readuntil(HEAD_ENDS)
        waiting.append(writer)
        if len(waiting) == 20:
            for one in waiting:
                one.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await reader.read()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as there:
        url = f"http://127.0.0.1:{there.sockets[0].getsockname()[1]}"
        load = await drive(url, Part(asks=Get(paths=("/",)), clients=1, rate=100), 0.2)
        await asyncio.gather(*served)
    assert load.count(200) == load.answers == 20
    # Nobody was answered before the last was due, 190 ms after the first.
    assert load.all_times.percentile(1) >= 0.185


async def test_what_was_said_last_is_waited_for_and_a_frame_in_two_parts_counts_once() -> None:
    said = b'id: 1-1\nevent: comment.posted\ndata: {"comment":"c1","row":{}}\n\n'
    told = asyncio.Event()
    served: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.append(cast("asyncio.Task[None]", asyncio.current_task()))
        await reader.readuntil(HEAD_ENDS)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await writer.drain()
        writer.write(b"retry: 2000\n\n")
        await told.wait()
        writer.write(said[:30])
        await writer.drain()
        await asyncio.sleep(0)
        writer.write(said[30:])
        with suppress(ConnectionError):  # whoever leaves does so at once
            await reader.read()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as there:
        crowd = Crowd()
        await crowd.follow(f"http://127.0.0.1:{there.sockets[0].getsockname()[1]}", {feed("t"): 3}, stalled=1)
        crowd.from_here()
        crowd.acknowledged(Answer(201, b'{"comment":{"id":"c1","thread":"t"}}', b""))
        crowd.acknowledged(Answer(201, b'{"comment":{"id":"c2","thread":"elsewhere"}}', b""))
        told.set()
        await crowd.all_told()
        assert crowd.deliveries == crowd.times.total == 2, "the third reads nothing"
        crowd.leave()
        await asyncio.gather(*served)


def test_an_answer_is_as_old_as_the_first_commit_that_it_lacks() -> None:
    load = Load(last_seen={"1-1": 10.0, "1-2": 10.5, "1-3": 11.0})
    commits = [(9.98, Position(1, 2)), (10.2, Position(1, 3))]
    assert oldest(load, commits) == pytest.approx(0.3), "1-2 came 0.3 s after what it lacks; 1-3 lacks nothing"


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("hansard:{p07.3}:log", "log"),
        ("hansard:{p07.3}:heads:bench/article:1", "heads"),
        ("hansard:{p07.3}:commands:20000", "commands"),
        ("hansard:{p07.3}:g1:thread:bench/article-1:rows", "rows"),
        ("hansard:{p07.3}:g1:site:bench:authors", "site authors"),
        ("hansard:{p07.3}:feed:trimmed", "feed"),
        ("hansard:deployment", "deployment"),
    ],
)
def test_memory_is_told_by_kind_of_key(key: str, kind: str) -> None:
    assert kind_of(key) == kind


async def test_the_mix_has_the_shares_that_are_promised() -> None:
    discussion = Discussion(5, partitions=2)
    await discussion.open(Policy())
    await discussion.go_on(200)
    entries = [entry for some in await entries_of(discussion.log) for entry in some]
    types = Counter(decode(*entry).envelope.type for entry in entries)
    assert types["vote.cast"] == 140
    assert types["comment.posted"] == 40
    assert types["comment.edited"] == 10
    assert types["comment.approved"] + types["comment.held"] + types["comment.rejected"] == 10
    bodies = [decode(*entry) for entry in entries if decode(*entry).envelope.type == "comment.posted"]
    assert {len(one.event.body) for one in bodies} == {300}  # type: ignore[attr-defined] # of posts
