"""`openapi-typescript` at its defaults makes types of the document that a client is checked and runs against."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import anyio
import pytest

from tests.support.following import Station
from tests.support.house import ADA, BEN, token
from tests.support.needed import insist

TOP: Final = Path(__file__).parents[2]
HERE: Final = Path(__file__).with_name("typescript")
MODULES: Final = HERE / "node_modules"
OLDEST: Final = 20
"""The oldest Node that the tools run on."""
NEEDS: Final = "HANSARD_NEEDS_NODE"
"""The environment variable that, set to 1, makes missing tools a failure."""


def missing() -> str | None:
    """Say what is missing for a client in TypeScript and how to get it, or None where nothing is."""
    node = shutil.which("node")
    if node is None:
        return f"tests/clients: no Node found; install Node {OLDEST} or newer with npm, and `make test` does the rest"
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v(\d+)", said)
    if found is None or int(found[1]) < OLDEST:
        return f"tests/clients: Node {said.strip()} is older than {OLDEST}"
    if not (MODULES / ".bin" / "openapi-typescript").exists() or not (MODULES / ".bin" / "tsc").exists():
        return "tests/clients: no openapi-typescript found; `make test` installs it where npm reaches its registry"
    return None


def require() -> None:
    """Skip where something is missing; fail where it is insisted upon."""
    insist(missing(), NEEDS)


async def run(*command: str, cwd: Path, **environment: str) -> str:
    done = await anyio.run_process(
        command, cwd=cwd, env=os.environ | environment, check=False, stderr=subprocess.STDOUT
    )
    assert done.returncode == 0, done.stdout.decode()
    return done.stdout.decode()


async def test_its_types_are_those_of_what_a_gateway_answers(gateway: Station, tmp_path: Path) -> None:
    require()
    for name in ("package.json", "tsconfig.json", "use.ts"):
        shutil.copy(HERE / name, tmp_path)
    (tmp_path / "node_modules").symlink_to(MODULES)
    programs = MODULES / ".bin"
    url = str(gateway.client.base_url)
    await run(str(programs / "openapi-typescript"), f"{url}/openapi.json", "-o", "hansard.d.ts", cwd=tmp_path)
    await run(str(programs / "tsc"), "--project", ".", cwd=tmp_path)
    who = {"HANSARD_ADA": token(ADA), "HANSARD_BEN": token(BEN)}
    said: dict[str, Any] = json.loads(await run("node", "made/use.js", cwd=tmp_path, HANSARD_URL=url, **who))
    # A feed tells the votes that there are when it is their turn, beside the texts.
    told = said.pop("told")
    assert [one for one in told if one != "votes.changed"] == ["comment.posted", "comment.edited", "The Senate voted."]
    assert said == {
        "none": 0,
        "next": None,
        "most": 5000,
        "score": 1,
        "texts": ["The Senat voted.", "The Senate voted."],
        "added": "Senate",
        "reported": 201,
        "problem": "/problems/own-vote",
    }


def test_without_node_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(NEEDS, raising=False)
    with pytest.raises(pytest.skip.Exception, match="no Node found; install Node 20 or newer"):
        require()
    node = tmp_path / "node"
    node.write_text("#!/bin/sh\necho v16.20.0\n")
    node.chmod(0o755)
    with pytest.raises(pytest.skip.Exception, match=r"Node v16\.20\.0 is older than 20"):
        require()
    monkeypatch.setenv(NEEDS, "1")
    with pytest.raises(pytest.fail.Exception, match="older than 20"):
        require()


def test_the_package_lock_pins_everything_by_hash_and_names_no_place() -> None:
    lock: dict[str, Any] = json.loads((HERE / "package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert len(packages) > 10
    for name, package in packages.items():
        assert package["integrity"].startswith("sha512-"), name
        assert "resolved" not in package, name
    assert "omit-lockfile-registry-resolved=true" in (HERE / ".npmrc").read_text().splitlines()


def test_make_and_ci_install_from_the_lock() -> None:
    assert "npm ci" in (TOP / "Makefile").read_text()
    assert f"export {NEEDS}=1" in (TOP / ".ci" / "run").read_text()
