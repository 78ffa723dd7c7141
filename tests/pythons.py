"""Start Hansard and run the tests of gateway and command line on every Python that is here (`make pythons`).

Each minor version gets an environment of its own under build/pythons, with the pinned versions. A version that
pyproject.toml names must pass; another that is found is tried, and only told.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

TOP: Final = Path(__file__).parents[1]
FOLDERS: Final = ("tests/workers/gateway", "tests/workers/cli")
START: Final = "tests/workers/cli/test_up.py::test_it_needs_nothing_and_says_where_to_look_and_how_to_get_tokens"
"""`hansard up` on nothing, with the sample, and a page of it."""

_NAME: Final = re.compile(r"python3\.\d+")
_CLASSIFIER: Final = re.compile(r"Programming Language :: Python :: (3\.\d+)")
_ASK: Final = "import ensurepip, platform, venv; print(platform.python_version())"


class Version(NamedTuple):
    """A minor version of Python."""

    major: int
    minor: int

    @classmethod
    def of(cls, text: str) -> "Version":
        """The version that a text such as `3.13` or `3.13.0` begins with."""
        major, minor = re.split(r"\D", text, maxsplit=2)[:2]
        return cls(int(major), int(minor))

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


class Python(NamedTuple):
    """An interpreter that can make environments; `release` is its whole version."""

    path: Path
    release: str

    @property
    def version(self) -> Version:
        return Version.of(self.release)


class Outcome(NamedTuple):
    """What came of one interpreter. `seconds` are those of the tests, the environment not counted."""

    python: Python
    passed: bool
    seconds: float


def oldest() -> Version:
    """The oldest version that pyproject.toml admits."""
    return Version.of(_project()["requires-python"].removeprefix(">="))


def claimed() -> list[Version]:
    """The versions that the classifiers of pyproject.toml name, in order."""
    found = (_CLASSIFIER.fullmatch(line) for line in _project()["classifiers"])
    return sorted(Version.of(match[1]) for match in found if match is not None)


def looked_at(path: Path) -> Python | None:
    """Ask an interpreter for its version. None where it does not run, or cannot make environments."""
    try:
        done = subprocess.run([path, "-I", "-c", _ASK], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return Python(path, done.stdout.strip()) if done.returncode == 0 else None


def found(folders: Iterable[Path]) -> list[Python]:
    """One interpreter per minor version: the first one in these folders that runs, oldest version first."""
    pythons: dict[Version, Python] = {}
    for folder in folders:
        paths = sorted(folder.glob("python3.*")) if folder.is_dir() else []
        for path in paths:
            if _NAME.fullmatch(path.name) is None or Version.of(path.name.removeprefix("python")) < oldest():
                continue
            python = looked_at(path)
            if python is not None:
                pythons.setdefault(python.version, python)
    return [pythons[version] for version in sorted(pythons)]


def named(names: Iterable[str]) -> list[Python]:
    """The interpreters of these names or paths. Raises ValueError where one is missing or too old."""
    pythons = []
    for name in names:
        path = shutil.which(name)
        python = None if path is None else looked_at(Path(path))
        if python is None:
            raise ValueError(f"{name} is no Python that can make an environment")
        if python.version < oldest():
            raise ValueError(f"{name} is Python {python.version}, and Hansard needs {oldest()} or newer")
        pythons.append(python)
    return pythons


def tried(python: Python, arguments: list[str]) -> Outcome:
    """Make the environment of one interpreter, and run the tests in it: the start first, alone, then `arguments`."""
    place = f"VENV=build/pythons/{python.release}"
    make = ["make", "--no-print-directory", place, f"PYTHON={python.path}", "CHROMIUM="]
    # What a make above us was told is not for this one.
    environment = {
        name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")
    }
    ready = subprocess.run([*make, "ready"], cwd=TOP, env=environment, check=False).returncode == 0
    began = time.monotonic()
    passed = ready and all(
        subprocess.run([*make, "test", f"ARGS={' '.join(some)}"], cwd=TOP, env=environment, check=False).returncode == 0
        for some in ([START], arguments)
    )
    return Outcome(python, passed, time.monotonic() - began)


def report(outcomes: Iterable[Outcome]) -> Iterator[str]:
    """A line per interpreter, and one for the claimed versions that were not tried."""
    missing = set(claimed())
    for python, passed, seconds in outcomes:
        missing.discard(python.version)
        said = "passed" if passed else "FAILED"
        aside = "" if python.version in claimed() else ", not among those that pyproject.toml names"
        yield f"Python {python.release}: {said} in {seconds:.0f} s{aside} ({python.path})"
    if missing:
        yield f"Not tried in this run: Python {', '.join(map(str, sorted(missing)))}"


def failed(outcomes: Iterable[Outcome]) -> bool:
    """Tell whether a version that is claimed did not pass."""
    return any(not outcome.passed and outcome.python.version in claimed() for outcome in outcomes)


def folders() -> Iterator[Path]:
    """Where interpreters are looked for: the PATH, and the versions that pyenv keeps."""
    yield from (Path(folder) for folder in os.get_exec_path())
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from sorted(root.glob("versions/*/bin"))


def main(arguments: list[str]) -> int:
    """Try the interpreters, print what came of them, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.pythons", description=__doc__)
    parser.add_argument("pythons", nargs="*", help="names or paths; without any, all that are found")
    parser.add_argument("--others", action="store_true", help="leave out the version that runs this")
    parser.add_argument("--pytest", default=" ".join(FOLDERS), metavar="ARGS", help="what pytest is given")
    asked = parser.parse_args(arguments)
    try:
        pythons = named(asked.pythons) if asked.pythons else found(folders())
    except ValueError as error:
        parser.error(str(error))
    here = Version(*sys.version_info[:2])
    outcomes = [
        tried(python, asked.pytest.split()) for python in pythons if not (asked.others and python.version == here)
    ]
    print("\n".join(report(outcomes)))
    return 1 if failed(outcomes) else 0


def _project() -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]
    return project


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
