"""`hansard report`: figures as files, whose first line says how many imported events were left out."""

import csv
import json
from pathlib import Path

import pytest

from tests.support.program import SITE, Up, here
from tests.workers.cli.test_reading import get

LEFT_OUT = "4 imported events were left out."
"""The sample is an import: two texts that rules held, and two decisions, are in no figure of their day."""
PERIOD = ("--from", "2026-10-01", "--to", "2026-10-20")


def rows(file: Path) -> list[list[str]]:
    with file.open(newline="") as lines:
        return list(csv.reader(lines))


@pytest.mark.parametrize("columns", ["80", "160"])
def test_figures_for_editors_are_tables_and_a_document(night_train: Up, tmp_path: Path, columns: str) -> None:
    done = night_train.ask("report", "moderation", SITE, str(tmp_path), *PERIOD, COLUMNS=columns)
    assert (done.status, done.err) == (0, "")
    first, second, *_, last = done.out.splitlines()
    assert first == LEFT_OUT
    assert second.startswith("0 items in ")
    assert max(map(len, done.out.splitlines()[:-1])) <= 80
    assert last.startswith(f"6 files in {tmp_path}")
    for name in ("days.csv", "reasons.csv", "rules.csv", "moderators.csv", "events.csv"):
        assert rows(tmp_path / name)[0] == [f"{LEFT_OUT} Days are those of UTC."]
    heads, *days = rows(tmp_path / "days.csv")[1:]
    assert heads[0] == "day"
    assert [day[0] for day in days][::18] == ["2026-10-01", "2026-10-19"]
    written = json.loads((tmp_path / "figures.json").read_text())
    assert (written["imported"], written["total"]["items"]) == (4, 0)


def test_as_json_they_are_what_the_gateway_answers(night_train: Up, tmp_path: Path) -> None:
    (told,) = night_train.ask("report", "moderation", SITE, str(tmp_path), *PERIOD, "--json").documents
    staff = ("--sub", "m", "--name", "M", "--role", "moderator")
    asked = {"from": "2026-10-01", "to": "2026-10-20"}
    answer = get(night_train, f"/v1/sites/{SITE}/moderation/figures", *staff, **asked)
    assert answer.pop("next") is None
    assert answer.pop("more") is False
    assert told == answer == json.loads((tmp_path / "figures.json").read_text())


def test_a_transparency_report_has_a_file_per_section_and_notes(night_train: Up, tmp_path: Path) -> None:
    done = night_train.ask("report", "dsa", SITE, str(tmp_path / "new" / "dsa"), *PERIOD)
    assert (done.status, done.err) == (0, "")
    assert done.out.splitlines()[0] == LEFT_OUT
    assert "Counsel decides" in done.out
    made = {path.name: path for path in (tmp_path / "new" / "dsa").iterdir()}
    assert len(made) == 12
    assert LEFT_OUT.removesuffix(".") in made.pop("NOTES.md").read_text()
    for name, path in made.items():
        (first,), heads, *_ = rows(path)
        assert first.startswith("Article")
        assert first.endswith(f"of Regulation (EU) 2022/2065. {LEFT_OUT}")
        assert "Service" in heads or name.startswith("2_")


def test_bare_files_are_the_template_and_own_reasons_have_own_categories(night_train: Up, tmp_path: Path) -> None:
    sorts = tmp_path / "categories.json"
    sorts.write_text(json.dumps({"rude": "CYBER_VIOLENCE/CYBER_HARASSMENT"}))
    night_train.ask("report", "dsa", SITE, str(tmp_path), *PERIOD, "--bare", "--categories", str(sorts))
    heads, *found = rows(tmp_path / "2_categories_names.csv")
    assert heads[0] == "Category label"
    (harassment,) = [row for row in found if row[2] == "KEYWORD_CYBER_HARASSMENT"]
    assert harassment[3] == "Reasons of the site: rude"


def test_a_site_that_there_is_not_has_no_report(night_train: Up, tmp_path: Path) -> None:
    done = night_train.ask("report", "moderation", "nowhere", str(tmp_path))
    assert (done.out, done.status) == ("", 1)
    assert done.err == "hansard: there is no such site (not-found)\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", "yesterday"), "--from: a day, such as 2026-10-12, or a time, such as 2026-10-12T08:00:00Z"),
        (("--from", "2026-10-12", "--to", "2026-10-01"), "--to: the period ends before it begins"),
        (("--to", "2026-02-30"), "--to: there is no such day"),
    ],
)
def test_a_period_that_is_none_is_refused(
    night_train: Up, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = night_train.ask("report", "moderation", SITE, str(tmp_path), *arguments)
    assert (done.out, done.err, done.status) == ("", f"hansard: {said}\n", 2)


@pytest.mark.parametrize(
    ("text", "said"),
    [("[]", "Expected `object`, got `array`"), ('{"rude": "RUDENESS"}', "there is no category RUDENESS")],
)
def test_categories_that_there_are_not_are_refused(tmp_path: Path, text: str, said: str) -> None:
    sorts = tmp_path / "categories.json"
    sorts.write_text(text)
    done = here("report", "dsa", SITE, str(tmp_path), "--categories", str(sorts))
    assert (done.out, done.err, done.status) == ("", f"hansard: --categories: {said}\n", 2)
    done = here("report", "dsa", SITE, str(tmp_path), "--categories", str(tmp_path / "none"))
    assert "cannot be read" in done.err


def test_a_folder_that_cannot_be_written_is_one_line(night_train: Up, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    done = night_train.ask("report", "moderation", SITE, str(file))
    assert (done.status, done.err) == (1, f"hansard: {file} cannot be written: File exists\n")
