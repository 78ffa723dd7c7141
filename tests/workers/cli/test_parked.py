"""`hansard parked`, beside a running `hansard up` in whose log there is an event that cannot be applied."""

from collections.abc import Iterator

import anyio
import pytest

from core.log.port import Log
from core.log.redis import RedisLog
from core.position import Position
from core.redis.deployment import open_deployment
from projections.read.progress import passed, view_position
from projections.read.served_generation import Served
from tests.support.poisoning import garble, poison
from tests.support.program import SITE, THREAD, Up

WITHIN = 30.0
"""Seconds after which a wait has failed."""


def poisoned(running: Up, *kinds: str) -> list[Position]:
    """Put events that cannot be applied into the log of the sample thread, and wait until the views came to them."""

    async def put() -> list[Position]:
        address = (running.data / "server" / "address").read_text()
        async with open_deployment(f"unix://{address}", partitions=64) as deployment:
            log, served = RedisLog(deployment), Served(deployment)
            found = [await _put(log, kind) for kind in kinds]
            assert await passed(served, SITE, THREAD, found[-1], within=WITHIN)
            assert (await view_position(served, SITE, THREAD)).parked is not None
            return found

    return anyio.run(put)


async def _put(log: Log, kind: str) -> Position:
    return await (poison if kind == "edit" else garble)(log, THREAD, site=SITE)


@pytest.fixture
def running(scribbled: Up) -> Iterator[Up]:
    yield scribbled
    while scribbled.ask("parked", "--json").documents:
        scribbled.ask("parked", "skip", SITE, THREAD, "--reason", "the next test begins")


def test_where_nothing_is_parked_it_says_so(running: Up) -> None:
    assert running.ask("parked") == (0, "no thread is parked\n", "")
    assert running.ask("parked", "--json").out == ""
    for command in (("show",), ("requeue",), ("skip", "--reason", "r")):
        done = running.ask("parked", command[0], SITE, THREAD, *command[1:])
        assert done == (1, "", "hansard: sample/night-train is not parked\n")


def test_a_thread_that_is_parked_is_listed_shown_skipped_and_served_again(running: Up) -> None:
    first, second = poisoned(running, "edit", "garbled")
    listed = running.beside("parked")
    assert listed.status == 0
    assert listed.out.startswith(f"sample/night-train  {first}  comment.edited  since 20")
    assert listed.out.endswith("Z  KeyError\n")
    (document,) = running.ask("parked", "--json").documents
    since = document.pop("since")
    assert document == {
        "site": SITE,
        "thread": THREAD,
        "position": str(first),
        "type": "comment.edited",
        "fault": "KeyError",
    }

    shown = running.ask("parked", "show", SITE, THREAD)
    assert shown.status == 0
    head, event, why = shown.out.splitlines()
    assert head == f"sample/night-train is parked since {since}, at"
    replayed = running.ask("replay", "--site", SITE, "--thread", THREAD, "--from", str(first))
    assert event == replayed.out.splitlines()[0]
    assert why == "It cannot be applied: KeyError"

    verified = running.ask("verify")
    assert verified.status == 1
    assert verified.out.splitlines()[0] == f"parked at {first}  sample/night-train  comment.edited: KeyError"
    told, whole = running.ask("verify", "--json").documents
    assert whole["verified"]["differences"] == 1
    assert (told["thread"], told["difference"], told["position"]) == ("sample/night-train", "parked", str(first))

    examined = running.ask("doctor", "--json")
    assert examined.status == 1
    (found,) = (one for one in examined.documents if one["verdict"] == "wrong")
    assert (found["about"], found["found"][:9]) == ("parked", "1 thread ")
    assert "hansard parked" in found["change"]

    stays = running.ask("parked", "requeue", SITE, THREAD)
    assert (stays.status, stays.out) == (1, "")
    assert stays.err.endswith(f"hansard: sample/night-train is parked: comment.edited at {first}: KeyError\n")

    again = running.ask("parked", "skip", SITE, THREAD, "--reason", "Written by a fault", "--json")
    assert again.status == 1
    (document,) = again.documents
    assert (document["parked"]["position"], document["parked"]["type"]) == (str(second), "vote.cast")
    assert "Written by" not in again.err

    done = running.ask("parked", "skip", SITE, THREAD, "--reason", "Nobody can read it")
    assert (done.status, done.out) == (0, "sample/night-train is no longer parked\n")
    assert [one["data"]["reason"] for one in running.ask("replay", "--type", "event.skipped", "--json").documents][
        -2:
    ] == ["Written by a fault", "Nobody can read it"]
    assert running.ask("verify").status == 0
    assert running.ask("parked").out == "no thread is parked\n"
    assert running.ask("thread", SITE, THREAD).err == ""


def test_the_thread_as_text_says_where_it_stops(running: Up) -> None:
    (bad,) = poisoned(running, "garbled")
    now = running.ask("thread", SITE, THREAD)
    assert now.status == 0
    assert now.err == f"hansard: the views stop before {bad}: see `hansard parked show sample night-train`\n"
    assert running.ask("thread", SITE, THREAD, "--at", "2026-10-12T09:30:00Z").status == 0
    for flags, where in (((), "at that time"), (("--staff",), f"from {bad} on")):
        after = running.ask("thread", SITE, THREAD, "--at", str(bad), *flags)
        assert (after.status, after.out) == (1, "")
        assert after.err.splitlines()[-1] == f"hansard: the thread cannot be shown {where} (unavailable)"


@pytest.mark.parametrize(
    "arguments",
    [("skip", SITE, THREAD), ("skip", SITE, THREAD, "--reason", " "), ("show", SITE), ("requeue",), ("unpark",)],
)
def test_wrong_usage_is_one_line(running: Up, arguments: tuple[str, ...]) -> None:
    done = running.ask("parked", *arguments)
    assert (done.status, done.out, done.err.count("\n")) == (2, "", 1)


@pytest.mark.parametrize("name", ["show", "requeue", "skip"])
def test_each_part_explains_itself_with_an_example(running: Up, name: str) -> None:
    done = running.ask("parked", name, "--help")
    assert (done.status, done.err) == (0, "")
    assert f"hansard parked {name} sample night-train" in done.out.partition("For example:")[2]
