"""The tours of the README, as a reader of it would run them."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.integrating import GATEWAY, TOP
from tests.support.bounds import BOUND
from tests.support.program import Up, environment, up


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with up(tmp_path_factory.mktemp("tour") / ".data") as found:
        yield found


def toured(run: Up, title: str) -> str:
    """What the commands of a section print, in the order of their lines."""
    (section,) = re.findall(rf"\n## {title}\n(.*?)\n## ", (TOP / "README.md").read_text(), re.DOTALL)
    script = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)[-1].replace(GATEWAY, run.url)
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    done = subprocess.run(
        [shutil.which("bash") or "", "-euo", "pipefail", "-c", script],
        cwd=run.data.parent,
        env={**environment(), "PATH": path, "HANSARD_DATA": str(run.data), "TMPDIR": str(run.data.parent)},
        capture_output=True,
        text=True,
        timeout=BOUND,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_tour_in_five_minutes(run: Up) -> None:
    told = toured(run, "A tour in five minutes")
    for words in ("*three times*", "counted again", "Off topic.", "rejected by staff wilma", "match the log"):
        assert words in told


def test_the_tour_of_people_and_policy(run: Up) -> None:
    told = toured(run, "A tour of people and policy")
    flood = re.search(r"^ +(\d+) 201\n +(\d+) 429$", told, re.MULTILINE)
    assert flood is not None, told
    taken, refused = (int(number) for number in flood.groups())
    assert (taken + refused, taken >= 10) == (30, True)
    assert "A word in it is not for this page." in told
    assert "'match': 'cl0wn', 'spans': [[17, 22]]" in told
    assert json.dumps("rejected") in told
    assert "/problems/own-decision" in told
    assert "{'action': 'approve', 'ground': 'law'" in told
    events = re.findall(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  (\S+)  (\S+ \S+)", told, re.MULTILINE)
    assert [name for name, _ in events] == [
        "comment.posted",
        "comment.rejected",
        "statement.told",
        "appeal.filed",
        "comment.approved",
        "appeal.decided",
        "notice.filed",
        "comment.approved",
    ]
    assert "the served views match the log" in told
    assert re.search(r"The Gazette,[^,]+,TOTAL,,1,0,1,0,", told)
