"""`hansard export`, as an operator runs it."""

import json
import stat
from pathlib import Path

import pytest

from tests.support.program import SITE, THREAD, Up, here

FORMATS = ("native", "wxr", "disqus")


def test_an_export_is_a_file_for_its_owner_alone_and_replaces_none(night_train: Up, tmp_path: Path) -> None:
    file = tmp_path / "night-train.jsonl"
    done = night_train.ask("export", SITE, str(file))
    assert (done.status, done.out) == (0, "")
    assert done.err.splitlines()[-1].startswith("hansard: 1 discussion with ")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [file.name]
    head, *facts = map(json.loads, file.read_text().splitlines())
    assert (head["hansard"], head["site"], head["ordered"]) == ("facts/1", SITE, True)
    assert {fact["thread"] for fact in facts if "thread" in fact} == {THREAD}
    again = night_train.ask("export", SITE, str(file))
    assert again.status == 1
    assert again.err.splitlines()[-1] == f"hansard: {file} exists: an export never replaces another"


@pytest.mark.parametrize("format_", FORMATS)
def test_without_a_file_it_is_printed_and_can_be_planned(night_train: Up, format_: str, tmp_path: Path) -> None:
    done = night_train.ask("export", SITE, "--format", format_)
    assert done.status == 0
    (tmp_path / "export").write_text(done.out)
    plan = ["import", "plan", format_, str(tmp_path / "export"), "--site", "gazette", "--into", str(tmp_path / "plan")]
    planned = here(*plan, "--json")
    assert planned.status == 0, planned.err
    assert (tmp_path / "plan" / "facts.jsonl").read_text().count('"do":"post"') > 10


def test_since_leaves_out_what_is_older(night_train: Up) -> None:
    done = night_train.ask("export", SITE, "--since", "2999-01-01")
    assert done.status == 0
    assert done.out.count("\n") == 1 + done.out.count('"member"')
    assert "0 discussions with 0 comments" in done.err


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("nothing",), 1, "there is no such site"),
        (("Not a site",), 2, "is not a valid site id"),
        ((SITE, "--since", "yesterday"), 2, "--since takes a date"),
    ],
)
def test_what_cannot_be_exported_is_one_line(
    night_train: Up, arguments: tuple[str, ...], status: int, said: str, tmp_path: Path
) -> None:
    file = tmp_path / "export"
    done = night_train.ask("export", arguments[0], str(file), *arguments[1:])
    assert (done.status, done.out, done.err.count("\n")) == (status, "", 1)
    assert said in done.err
    assert not file.exists()
