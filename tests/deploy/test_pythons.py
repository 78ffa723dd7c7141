"""The Pythons that are claimed are those that are tried, and what is said of them is the same everywhere."""

import re
import sys
from pathlib import Path

import pytest

from tests import pythons
from tests.pythons import Outcome, Python, Version, claimed, oldest

TOP = Path(__file__).parents[2]


def interpreter(folder: Path, name: str, release: str, status: int = 0) -> Path:
    """A program that answers as an interpreter does when it is asked for its version."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\necho {release}\nexit {status}\n")
    path.chmod(0o755)
    return path


def outcome(release: str, *, passed: bool) -> Outcome:
    return Outcome(Python(Path("python"), release), passed, 1.0)


def test_what_is_claimed_begins_with_the_oldest_and_leaves_none_out() -> None:
    assert claimed() == [Version(3, minor) for minor in range(oldest().minor, claimed()[-1].minor + 1)]


def test_the_image_runs_on_a_version_that_is_tried() -> None:
    (image,) = re.findall(r"^ARG PYTHON=([\d.]+)-slim@", (TOP / "deploy" / "Dockerfile").read_text(), re.MULTILINE)
    assert Version.of(image) in claimed()


def test_the_readme_says_which_versions_were_tried() -> None:
    readme = (TOP / "README.md").read_text()
    assert f"Python {claimed()[0]} to {claimed()[-1]}" in readme
    said = {Version.of(found) for found in re.findall(r"Python (3\.\d+)", readme)}
    assert said <= set(claimed())


def test_tools_and_scripts_name_the_oldest_version() -> None:
    project = (TOP / "pyproject.toml").read_text()
    assert f'target-version = "py{oldest().major}{oldest().minor}"' in project
    assert f'python_version = "{oldest()}"' in project
    makefile = (TOP / "Makefile").read_text()
    assert f"sys.version_info < ({oldest().major}, {oldest().minor})" in makefile
    assert f"--python-version {oldest()} " in makefile
    for text in (makefile, (TOP / ".ci" / "run").read_text()):
        assert f"{oldest()} or newer" in text


def test_one_interpreter_is_found_per_version_and_those_that_do_not_run_are_passed_over(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    interpreter(first, "python3.12", "", status=127)
    newest = interpreter(first, "python3.13", "3.13.2")
    interpreter(first, "python3.13-config", "3.13.2")
    interpreter(first, "python3.13t", "3.13.2")
    interpreter(first, "python3.10", "3.10.1")
    middle = interpreter(second, "python3.12", "3.12.1")
    interpreter(second, "python3.13", "3.13.0")
    assert pythons.found([first, tmp_path / "none", second]) == [Python(middle, "3.12.1"), Python(newest, "3.13.2")]


def test_an_interpreter_that_is_named_is_tried_or_refused(tmp_path: Path) -> None:
    (own,) = pythons.named([sys.executable])
    assert own.version == Version(*sys.version_info[:2])
    old = interpreter(tmp_path, "python3.10", "3.10.1")
    with pytest.raises(ValueError, match="needs"):
        pythons.named([str(old)])
    with pytest.raises(ValueError, match="is no Python"):
        pythons.named([str(tmp_path / "python3.12")])


def test_a_version_that_is_claimed_must_pass_and_another_is_told() -> None:
    beyond = f"3.{claimed()[-1].minor + 1}.0"
    failing = outcome(f"{claimed()[0]}.1", passed=False)
    assert pythons.failed([outcome(beyond, passed=True), failing])
    assert not pythons.failed([outcome(beyond, passed=False)])
    told = list(pythons.report([failing, outcome(beyond, passed=False)]))
    assert "FAILED" in told[0]
    assert "not among those that pyproject.toml names" in told[1]
    assert all(str(version) in told[2] for version in claimed()[1:])


def test_what_fails_in_one_environment_fails_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    (own,) = pythons.named([sys.executable])
    monkeypatch.setattr(pythons, "found", lambda _: [own])
    asked: list[list[str]] = []

    def tried(python: Python, arguments: list[str]) -> Outcome:
        asked.append(arguments)
        return Outcome(python, passed=False, seconds=0)

    monkeypatch.setattr(pythons, "tried", tried)
    assert pythons.main([]) == 1
    assert asked == [list(pythons.FOLDERS)]
    assert pythons.main(["--others"]) == 0
