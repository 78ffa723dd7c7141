"""docs/moving-in.md is true: its commands, as an operator would run them on small exports, and its tables."""

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Final, get_args

import httpx2
import pytest

from core.domain.import_state import FactFault
from tests.clients.integrating import GATEWAY, TOP
from tests.support.bounds import BOUND
from tests.support.exports import disqus, dsq_post, dsq_thread, wp_comment, wp_item, wxr
from tests.support.facts_of_import import opened, post, write
from tests.support.house import signed
from tests.support.program import Up, environment, up
from tests.workers.importers.readers import test_commento, test_coral, test_isso, test_remark42

GUIDE: Final = TOP / "docs" / "moving-in.md"
SECRET: Final = "change me: 32 bytes or more, random"
SITE: Final = "gazette"
NOT_HERE: Final = ("pip install", "hansard up --data scratch")
"""Blocks that a test has done otherwise: both run already."""


def blocks() -> list[str]:
    """The blocks of commands that a test runs, in the order of the page."""
    found = re.findall(r"```sh\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    return [block for block in found if not block.startswith(NOT_HERE)]


def exports(folder: Path) -> None:
    """A small export of every system, under the names of the page; and a reader's token."""
    old = wp_comment(7, "I took it <b>twice</b>.", user_id="20"), wp_comment(8, "And?", parent="7")
    fields = {"link": "https://gazette.example/a-winter-journey/", "post_name": "a-winter-journey"}
    (folder / "blog.xml").write_text(wxr(wp_item(*old, **fields)))
    late = wp_comment(9, "Once more.", user_id="20", date_gmt="2020-01-03 03:04:05")
    (folder / "blog-later.xml").write_text(wxr(wp_item(*old, late, **fields)))
    (folder / "export.xml.gz").write_bytes(gzip.compress(disqus(dsq_thread(), dsq_post()).encode()))
    (folder / "dump").mkdir()
    test_coral.dump(
        folder / "dump",
        stories=[test_coral.story()],
        users=[test_coral.user("ada")],
        comments=[test_coral.comment(1, "<p>Hello.</p>")],
        commentActions=[],
        commentModerationActions=[],
    )
    (folder / "backup.gz").write_bytes(gzip.compress(test_remark42.backup(test_remark42.comment(1)).encode()))
    test_isso.database(folder, {}).rename(folder / "copy.db")
    (folder / "export.json.gz").write_bytes(gzip.compress(test_commento.first(test_commento.one(1)).encode()))
    write(folder / "facts.jsonl", opened(), post(1), site=SITE)
    claims = {"sub": "20", "name": "Ada", "aud": SITE, "exp": int(time.time()) + 3600}
    (folder / "reader.token").write_text(signed(claims, SECRET))


def run(folder: Path, script: str, at: Up) -> str:
    """What commands print, beside this deployment."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    done = subprocess.run(
        [shutil.which("bash") or "", "-euo", "pipefail", "-c", script.replace(GATEWAY, at.url)],
        cwd=folder,
        env={**environment(), "PATH": path, "HANSARD_DATA": str(at.data), "HANSARD_LOG_LEVEL": "error"},
        capture_output=True,
        text=True,
        timeout=BOUND,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return " ".join(done.stdout.split())


def test_the_page_from_the_export_to_the_way_back(tmp_path: Path) -> None:
    exports(tmp_path)
    found = blocks()
    (ends,) = (number for number, block in enumerate(found) if block == "rm -r scratch\n")
    with up(tmp_path / "scratch", sample=False) as scratch:
        told = run(tmp_path, "\n".join(found[:ends]), scratch)
    for system in ("wordpress", "disqus", "coral", "remark42", "isso", "commento", "hansard"):
        assert re.search(rf"Import \S+ of {system} into site gazette", told), system
    assert "The pages have what was brought." in told
    assert "I took it **twice**." in told
    theirs = told[told.rindex('{ "comments": [') :]
    assert '"id": "wp-7"' in theirs
    assert '"id": "wp-8"' not in theirs
    assert "FROM wp_wc_users_voted" in (tmp_path / "queries.sql").read_text()
    with up(tmp_path / "data", sample=False) as real:
        _open(real)
        told = run(tmp_path, "\n".join(found[ends:]), real)
    assert not (tmp_path / "scratch").exists()
    for words in (
        "20 will own 1 comment (of Ada).",
        "memory for the new ones, and has",
        "3 facts in 1 discussion: 3 brought, 0 known, 0 left out.",
        "gazette: wordpress, begun ",
        "4 facts in 1 discussion: 1 brought, 3 known, 0 left out.",
        "the served views match the log",
        "gazette: remap, begun ",
        "1 comments and votes given back.",
        "2 comments taken back; 0 were not on a page before.",
        "3 facts in 1 discussion: 2 brought, 1 known, 0 left out.",
    ):
        assert words in told, told
    assert "Once more." in (tmp_path / "back.xml").read_text()


def _open(real: Up) -> None:
    """Open the site that stays, as it was opened in the trial."""
    (body,) = re.findall(r'-X PUT "\$B" .*? -d \'(.*?)\'\n', GUIDE.read_text(), re.DOTALL)
    answer = httpx2.put(
        f"{real.url}/v1/sites/{SITE}",
        json=json.loads(body),
        headers={"Authorization": f"Bearer {real.token('--operator')}"},
    )
    assert answer.status_code == 201, answer.text


def test_every_command_of_the_page_is_in_a_block_that_a_test_runs() -> None:
    commands = set(re.findall(r"hansard import (\w+)", "\n".join(blocks())))
    assert commands == {"plan", "apply", "list", "undo", "remap"}


def test_the_table_of_what_is_left_out_has_every_code() -> None:
    (section,) = re.findall(r"\n### What is left out\n(.*?)\n## ", GUIDE.read_text(), re.DOTALL)
    assert set(re.findall(r"^\| `([a-z-]+)` \|", section, re.MULTILINE)) == {*get_args(FactFault), "unreadable"}


@pytest.mark.parametrize("flag", sorted(set(re.findall(r"`(--[a-z-]+)", GUIDE.read_text()))))
def test_every_option_that_the_page_names_is_one(flag: str) -> None:
    known = (TOP / "workers" / "cli" / "importing").glob("*.py")
    name = flag.removeprefix("--").replace("-", "_")
    assert any(re.search(rf"^    {name}: Annotated", path.read_text(), re.MULTILINE) for path in known), flag
