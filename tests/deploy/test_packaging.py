"""What is installed is what is here: locked by hash, and the same program from the wheel as from the tree."""

import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from workers.gateway.web.assets import release

TOP = Path(__file__).parents[2]
PACKAGES = ("core", "projections", "workers")
LOCKS = {
    "requirements.lock": ("embedded", "dev"),
    "requirements-run.lock": (),
    "requirements-soak.lock": ("soak",),
    "requirements-web.lock": ("web",),
    "requirements-clients.lock": ("clients",),
}
"""The lock files, each with the extras that it holds."""


@pytest.fixture(scope="module")
def project() -> Any:
    return tomllib.loads((TOP / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = tmp_path_factory.mktemp("wheel")
    _run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(built), cwd=TOP)
    (path,) = built.glob("*.whl")
    return path


def pins(lock: str) -> dict[str, Requirement]:
    text = (TOP / lock).read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return {req.name: req for req in (Requirement(line.partition(" --hash")[0]) for line in lines)}


@pytest.mark.parametrize("lock", LOCKS)
def test_the_lock_pins_everything_by_hash_and_names_no_place(lock: str) -> None:
    text = (TOP / lock).read_text()
    assert not re.search(r"://|--index|--find-links|--extra|@ ", text)
    entries = re.split(r"\n(?=\S)", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).strip())
    assert len(entries) > 20
    assert [entry for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []


def test_the_locks_hold_what_the_project_asks_for(project: Any) -> None:
    for lock, extras in LOCKS.items():
        wanted = [
            *project["dependencies"],
            *(one for extra in extras for one in project["optional-dependencies"][extra]),
        ]
        pinned = pins(lock)
        for requirement in map(Requirement, wanted):
            if requirement.name != project["name"]:
                (version,) = (pin.version for pin in pinned[canonicalize_name(requirement.name)].specifier)
                assert requirement.specifier.contains(version), requirement


def test_all_locks_have_the_versions_that_were_tested() -> None:
    tested = pins("requirements.lock")
    for name, pin in ((name, pin) for lock in LOCKS for name, pin in pins(lock).items() if name in tested):
        assert pin.specifier == tested[name].specifier
    assert pins("requirements-run.lock").keys() <= tested.keys()


def test_the_wheel_brings_three_packages_whole_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == set(PACKAGES)
    files = {
        path.relative_to(TOP).as_posix()
        for package in PACKAGES
        for path in (TOP / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {Path(name).suffix for name in files} >= {".py", ".lua", ".json"}
    assert files - names == set()


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel alone, for `PYTHONPATH`."""
    place = tmp_path_factory.mktemp("place") / "installed"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    _run(*pip, "--no-deps", "--no-index", "--no-warn-script-location", "--target", str(place), str(wheel), cwd=TOP)
    return place


def test_the_program_runs_from_the_wheel_alone(installed: Path, tmp_path: Path) -> None:
    where = "import core, projections, workers; print(core.__file__, projections.__file__, workers.__file__)"
    found = _run(sys.executable, "-c", where, cwd=tmp_path, PYTHONPATH=str(installed))
    assert [Path(path).parent.parent for path in found.split()] == [installed] * 3
    said = _run(str(installed / "bin" / "hansard"), "--help", cwd=tmp_path, PYTHONPATH=str(installed))
    assert [command for command in ("up", "gateway", "projector", "verify") if command not in said] == []


SERVED = """
import asyncio, hashlib, json
import httpx2
from workers.gateway.app import Gateway, recorded
from workers.gateway.web import assets

async def served():
    release = assets.release()
    app = Gateway({route: recorded(page) for route, page in assets.endpoints(release).items()})
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://here") as client:
        paths = [*release.stable, *map(release.address, release.files)]
        answers = {path: await client.get(path) for path in paths}
    assert {answer.status_code for answer in answers.values()} == {200}
    digests = {path: hashlib.sha256(answer.content).hexdigest() for path, answer in answers.items()}
    print(json.dumps([assets.__file__, release.digest, digests]))

asyncio.run(served())
"""


def test_a_gateway_from_the_wheel_serves_the_files_of_the_tree(installed: Path, tmp_path: Path) -> None:
    said = _run(sys.executable, "-c", SERVED, cwd=tmp_path, PYTHONPATH=str(installed))
    module, digest, served = json.loads(said.splitlines()[-1])
    assert Path(module).is_relative_to(installed)
    here = release()
    assert digest == here.digest
    files = {**here.stable, **{here.address(path): asset for path, asset in here.files.items()}}
    assert served == {path: hashlib.sha256(asset.body).hexdigest() for path, asset in files.items()}


def _run(*command: str, cwd: Path, **environment: str) -> str:
    done = subprocess.run(command, cwd=cwd, env=os.environ | environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr or done.stdout
    return done.stdout
