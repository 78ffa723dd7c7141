import json
import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import anyio
import msgspec
import pytest
import structlog

from core.position import Position
from workers.runtime import logs


@pytest.fixture
def lines(capfdbinary: pytest.CaptureFixture[bytes]) -> Iterator["Lines"]:
    handlers, level = logging.root.handlers, logging.root.level
    yield Lines(capfdbinary)
    structlog.reset_defaults()
    logs.begin()
    logging.root.handlers, logging.root.level = handlers, level


class Lines:
    def __init__(self, captured: pytest.CaptureFixture[bytes]) -> None:
        self._captured = captured

    def take(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.said().splitlines()]

    def said(self) -> str:
        out, err = self._captured.readouterr()
        assert out == b"", "logs never go where results go"
        return err.decode()


def test_a_line_says_when_how_bad_what_and_where(lines: Lines) -> None:
    logs.configure("json")
    logs.begin(request="r-0", comment="c")
    logs.begin(request="r-1")
    logs.about(site="s")
    structlog.get_logger().info("comment_posted", thread="t", position=Position(5, 7), partition=3)
    (line,) = lines.take()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", str(line.pop("at")))
    assert line == {
        "level": "info",
        "event": "comment_posted",
        "request": "r-1",
        "site": "s",
        "thread": "t",
        "position": "5-7",
        "partition": 3,
    }


def test_the_time_of_a_line_is_that_of_the_clock(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    logs.configure("json")
    times = (
        (1_700_000_000_000_001_999, "2023-11-14T22:13:20.000001Z"),
        (1_700_000_000_999_999_999, "2023-11-14T22:13:20.999999Z"),
        (1_700_000_001_000_000_000, "2023-11-14T22:13:21.000000Z"),
    )
    for now, told in times:
        monkeypatch.setattr("time.time_ns", lambda now=now: now)
        structlog.get_logger().info("looked")
        assert [line["at"] for line in lines.take()] == [told]


@pytest.mark.parametrize(
    "field",
    [
        "body",
        "name",
        "title",
        "token",
        "secret",
        "admin_secret",
        "display_name",
        "redis_url",
        "reason",
        "note",
        "quote",
        "match",
        "html",
        "email",
        "authorization",
        "Authorization",
        "badges",
        "avatar",
        "prompt",
    ],
)
def test_a_field_named_like_text_or_a_secret_is_withheld_whoever_logs_it(lines: Lines, field: str) -> None:
    logs.configure("json")
    structlog.get_logger().info("thing_done", **{field: "words of a person", "inner": {field: "words"}})
    (line,) = lines.take()
    assert line[field] == "[withheld]"
    assert line["inner"] == {field: "[withheld]"}
    assert "words" not in json.dumps(line)


def test_a_string_too_long_for_an_id_is_cut_and_bytes_are_withheld(lines: Lines) -> None:
    logs.configure("json")
    structlog.get_logger().info("thing_done", thread="x" * 1000, raw=b"words", items=["y" * 1000, 4])
    (line,) = lines.take()
    assert line["thread"] == "x" * 199 + "…"
    assert line["raw"] == "[withheld]"
    assert line["items"] == ["y" * 199 + "…", 4]


def test_an_exception_shows_where_and_not_what_the_value_was(lines: Lines) -> None:
    logs.configure("json")
    body = "words of a person"
    try:
        try:
            int(body)
        except ValueError as error:
            raise RuntimeError("the number is missing") from error
    except RuntimeError:
        structlog.get_logger().exception("thing_failed")
    (line,) = lines.take()
    told = str(line["exception"])
    assert "ValueError\nwhich caused:\n" in told
    assert told.endswith("RuntimeError: the number is missing")
    assert __file__ in told
    assert "words of a person" not in told


def test_every_exception_of_a_group_is_told(lines: Lines) -> None:
    logs.configure("json")
    group = ExceptionGroup("two things", [KeyError("words"), OSError("no space left")])
    structlog.get_logger().error("thing_failed", exc_info=group)
    (line,) = lines.take()
    told = str(line["exception"])
    assert "1 of 2:\nKeyError\n2 of 2:\nOSError: no space left" in told
    assert "words" not in told


def test_what_msgspec_could_not_take_is_not_repeated() -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert("words of a person", int)
    assert logs.error_text(caught.value) == "msgspec.ValidationError"


def test_libraries_speak_through_the_same_lines_from_warnings_up(lines: Lines) -> None:
    logs.configure("json")
    logging.getLogger("uvicorn.error").info("Started server process [%d]", 4)
    logging.getLogger("uvicorn.error").warning("ASGI '%s' protocol unsupported", "lifespan")
    (line,) = lines.take()
    assert (line["event"], line["library"]) == ("library_logged", "uvicorn.error")
    assert line["said"] == "ASGI 'lifespan' protocol unsupported"


def test_below_the_level_nothing_is_said(lines: Lines) -> None:
    logs.configure("json", "warning")
    structlog.get_logger().info("thing_done")
    structlog.get_logger().warning("thing_failed")
    assert [line["event"] for line in lines.take()] == ["thing_failed"]


def test_a_person_gets_columns(lines: Lines) -> None:
    logs.configure("console")
    structlog.get_logger().info("thing_done", thread="t", title="words")
    said = lines.said()
    assert said.startswith("[info     ] thing_done")
    assert "thread=t" in said
    assert "title=[withheld]" in said


async def counted(lines: Lines) -> list[dict[str, object]]:
    """The lines until one has a count."""
    found: list[dict[str, object]] = []
    while not any("times" in line for line in found):
        await anyio.lowlevel.checkpoint()
        found += lines.take()
    return found


async def test_what_all_partitions_say_is_one_line_and_one_with_a_count(lines: Lines) -> None:
    logs.configure("json", every=0.01)
    log = structlog.get_logger()
    logs.begin(request="r-1")
    for tries in (1, 2):
        for partition in range(64):
            log.warning(
                "projection_retried", partition=partition, position=f"{partition}-{tries}", fault="TimeoutError"
            )
            log.warning("call_failed", call=f"call-{partition}", error=f"error-{partition % 2}")
    first = lines.take()
    assert [(line["event"], line.get("partition")) for line in first] == [
        ("projection_retried", 0),
        ("call_failed", None),
    ]
    again = await counted(lines)
    while len(again) < 2:
        again += await counted(lines)
    retried, failed = sorted(again, key=lambda line: str(line["event"]), reverse=True)
    for line in (retried, failed):
        del line["at"]
    assert retried == {
        "level": "warning",
        "event": "projection_retried",
        "times": 127,
        "partitions": 64,
        "fault": "TimeoutError",
    }
    # Of `call` there are too many to name.
    assert failed == {"level": "warning", "event": "call_failed", "times": 127, "error": ["error-1", "error-0"]}


async def test_after_a_count_without_repetitions_the_next_is_a_line_of_its_own(lines: Lines) -> None:
    logs.configure("json", every=0.001)
    log = structlog.get_logger()
    found: list[dict[str, object]] = []
    while [line.get("times") for line in found].count(None) < 3:
        log.warning("lease_not_renewed", partition=3)
        # As soon as nothing is counted any more, the next is said at once.
        await anyio.sleep(0.001)
        found += lines.take()
    assert {line["event"] for line in found} == {"lease_not_renewed"}


async def test_what_was_counted_is_said_before_the_end(lines: Lines) -> None:
    logs.configure("json", every=3600)
    for partition in range(3):
        structlog.get_logger().warning("lease_not_released", partition=partition)
    assert len(lines.take()) == 1
    logs.flush()
    (line,) = lines.take()
    assert (line["times"], line["partitions"]) == (2, 2)


async def test_what_needs_a_person_is_never_counted(lines: Lines) -> None:
    logs.configure("json")
    for number in range(3):
        structlog.get_logger().error("thread_parked", partition=1, thread=f"t-{number}")
    assert [line["thread"] for line in lines.take()] == ["t-0", "t-1", "t-2"]


def test_without_an_event_loop_nobody_would_say_the_count_and_every_line_is_said(lines: Lines) -> None:
    logs.configure("json")
    for partition in range(3):
        structlog.get_logger().warning("lease_not_released", partition=partition)
    assert [line["partition"] for line in lines.take()] == [0, 1, 2]


def test_a_library_whose_line_does_not_fit_fails_nobody(lines: Lines) -> None:
    logs.configure("json")
    logging.getLogger("uvicorn.error").warning("%d connections", "many")
    (line,) = lines.take()
    assert line["said"] == "%d connections"


def test_a_line_that_cannot_be_written_fails_nobody() -> None:
    code = (
        "import structlog; from workers.runtime import logs; logs.configure('json');"
        "structlog.get_logger().info('thing_done')"
    )
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", f"{code}; print('it goes on')"],
            stdout=subprocess.PIPE,
            stderr=full,
            check=False,
            cwd=Path(__file__).parents[3],
        )
    assert done.stdout == b"it goes on\n"
