"""`hansard import plan --against`: a plan beside the site that it is for, while people write there."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx2
import msgspec
import pytest
from msgspec.structs import replace

from core.domain.import_fact import Fact
from tests.support.facts_of_import import THREAD, opened, post, write
from tests.support.program import Ended, Up, here, up
from workers.importers.planning.plan_report import PlanReport
from workers.importers.planning.report_text import plain_text


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with up(tmp_path_factory.mktemp("against") / "data") as started:
        yield started


def planned(running: Up, place: Path, *facts: Fact, site: str = "sample", more: tuple[str, ...] = ()) -> Ended:
    """What is said of a plan of these facts beside the running site; the plan is in the folder `plan`."""
    export = write(place / "export.jsonl", *facts, site=site)
    into = ("--site", site, "--into", str(place / "plan"))
    return running.ask("import", "plan", "native", str(export), *into, "--against", *more)


def live(running: Up, thread: str) -> str:
    """Somebody writes in a thread; the id of the comment."""
    answer = httpx2.post(
        f"{running.url}/v1/sites/sample/threads/{thread}/comments",
        json={"body": "I am here now."},
        headers={
            "Authorization": f"Bearer {running.token('--sub', 'bea', '--name', 'Bea', '--entitlement', 'subscriber')}"
        },
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["comment"]["id"])


def told(done: Ended) -> str:
    """The report in one line."""
    return " ".join(done.out.split())


def test_it_says_what_would_come_after_live_comments_and_what_is_there(running: Up, tmp_path: Path) -> None:
    done = planned(running, tmp_path, opened(), post(1), post(5))
    assert done.status == 0, done.err
    assert "memory for the new ones, and has" in told(done)
    assert "would come after" not in told(done), "nobody writes there yet"
    applied = running.ask("import", "apply", str(tmp_path / "plan"))
    assert applied.status == 0, applied.err
    live(running, THREAD)
    live(running, THREAD)
    done = planned(running, tmp_path, opened(), post(1), post(2), post(3), post(5), more=("--json",))
    document = json.loads(done.out)
    assert document == json.loads((tmp_path / "plan" / "report.json").read_text())
    found = document["against"]
    assert (found["known"], found["late"], found["live"], found["threads"], found["examples"]) == (2, 2, 2, 1, [THREAD])
    assert found["bytes"] < document["bytes"]
    done = planned(running, tmp_path, opened(), post(1), post(2), post(3), post(5))
    assert "The site has 2 comments of them already." in told(done)
    assert f"2 comments would come after 2 newer live ones in 1 discussion, such as {THREAD}: a page" in told(done)
    assert told(done).startswith(" ".join((tmp_path / "plan" / "report.txt").read_text().split()))


def test_it_says_that_the_server_has_no_room_and_what_would_help(running: Up, tmp_path: Path) -> None:
    done = planned(running, tmp_path, opened(), post(1), more=("--json",))
    report = msgspec.json.decode(done.out, type=PlanReport)
    assert report.against is not None
    assert report.against.free is not None
    assert "not enough" not in plain_text(report)
    full = replace(report.against, free=100, bytes=5 * 2**20, tally_saves=2**20)
    said = " ".join(plain_text(replace(report, against=full)).split())
    assert "need about 5.0 MiB of memory for the new ones, and has 0.0 MiB free. That is not enough" in said
    assert "--since or --votes tally, which saves 1.0 MiB." in said


def test_a_site_that_does_not_exist_is_refused_before_anything_is_read(running: Up, tmp_path: Path) -> None:
    done = planned(running, tmp_path, opened(), site="nowhere")
    assert (done.status, done.out) == (1, "")
    assert "there is no such site" in done.err
    assert not (tmp_path / "plan").exists()


def test_without_a_deployment_it_is_refused_in_one_line(tmp_path: Path) -> None:
    export = write(tmp_path / "export.jsonl", opened())
    into = ("--site", "sample", "--into", str(tmp_path / "plan"))
    done = here("import", "plan", "native", str(export), *into, "--against", "--data", str(tmp_path / "nothing"))
    assert (done.status, done.out) == (1, "")
    assert "There is no data in" in done.err
