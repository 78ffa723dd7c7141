"""Where there is no browser, the tests in one are skipped with a word that helps, or fail where it is insisted upon."""

import re
from pathlib import Path

import pytest

from tests.web import chromium

TOP = Path(__file__).parents[2]


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """A machine with no Chromium on its PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(chromium.NAMED, raising=False)
    monkeypatch.delenv(chromium.NEEDS, raising=False)
    return monkeypatch


@pytest.mark.parametrize("named", [None, "/nowhere/chromium"])
def test_without_a_browser_it_is_said_how_to_get_one(without: pytest.MonkeyPatch, named: str | None) -> None:
    if named is not None:
        without.setenv(chromium.NAMED, named)
    with pytest.raises(pytest.skip.Exception, match=r"no Chromium found; apt-get install chromium, or name one in"):
        chromium.require()


def test_where_a_browser_is_insisted_upon_its_absence_is_a_failure(without: pytest.MonkeyPatch) -> None:
    without.setenv(chromium.NEEDS, "1")
    with pytest.raises(pytest.fail.Exception, match="no Chromium found"):
        chromium.require()


def test_a_browser_is_found_by_name_or_where_it_is_named(without: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("google-chrome", "mine"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    assert chromium.program() == str(tmp_path / "google-chrome")
    without.setenv(chromium.NAMED, str(tmp_path / "mine"))
    assert chromium.program() == str(tmp_path / "mine")


def test_a_browser_without_playwright_is_not_enough(without: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "chromium").write_text("#!/bin/sh\n")
    (tmp_path / "chromium").chmod(0o755)
    without.setattr(chromium, "find_spec", lambda _: None)
    assert "no Playwright found" in (chromium.missing() or "")


def test_make_looks_for_it_by_the_same_names_and_ci_insists() -> None:
    makefile = (TOP / "Makefile").read_text().replace("\\\n", " ")
    (names,) = re.findall(r"\$\(foreach name,([^,]*),", makefile)
    assert tuple(names.split()) == chromium.NAMES
    assert f"$({chromium.NAMED})" in makefile
    assert f"export {chromium.NEEDS}=1" in (TOP / ".ci" / "run").read_text()
