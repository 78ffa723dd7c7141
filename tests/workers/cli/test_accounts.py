"""Roles and commands under an account that may do what the documents say, and no more."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.redis.access import RULE
from tests.support.program import SITE, THREAD, TOP, here, running, up
from tests.support.servers import client, engines, started

ACCOUNT, PASSWORD = "hansard", "a-long-password"
SECRET = "o" * 32
DOCUMENTS = ("README.md", "redis.conf")


@pytest.fixture(scope="module", params=engines())
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    """URL of a server that keeps what it is told, with the account."""
    with started(engines()[request.param], "--appendonly", "yes", "--appendfsync", "always") as url:
        with client(url) as admin:
            admin.execute_command("ACL", "SETUSER", ACCOUNT, "on", f">{PASSWORD}", *RULE.split())
        yield url


@pytest.fixture
def admin(server: str) -> Any:
    return client(server)


def own(server: str, place: Path) -> str:
    """The file that the address with the account's password is in."""
    file = place / "address"
    file.write_text(f"{server}?username={ACCOUNT}&password={PASSWORD}")
    return str(file)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_documents_have_the_rule(document: str) -> None:
    found = re.findall(r"hansard on >a-long-password (.+)$", (TOP / "deploy" / document).read_text(), re.MULTILINE)
    assert found == [RULE]


def test_the_account_is_enough_for_every_role_and_command(server: str, admin: Any, tmp_path: Path) -> None:
    url = own(server, tmp_path)
    admin.flushall()
    admin.execute_command("ACL", "LOG", "RESET")
    serving = ("--redis-url-file", url, "--port", "0")
    with up(tmp_path / "data", "--redis-url-file", url):
        for command in ("thread", "history"):
            comment = ["nt-01"] if command == "history" else []
            assert here(command, SITE, THREAD, *comment, "--redis-url-file", url).status == 0
        for command in ("replay", "verify", "parked", "upgrade"):
            assert here(command, "--redis-url-file", url).status == 0, command
        assert here("backup", str(tmp_path / "file"), "--redis-url-file", url).status == 0
        rebuilt = here("rebuild", "--pace", "1", "--redis-url-file", url)
        assert rebuilt.status == 0, rebuilt.err
        assert here("rebuild", "--thread", SITE, THREAD, "--redis-url-file", url).status == 0
        looked = here("doctor", "--redis-url-file", url, "--json")
        assert looked.status == 0, looked.out
        told = {one["about"]: one for one in looked.documents}
        assert (told["account"]["verdict"], told["writes"]["verdict"], "streams" in told) == ("good", "good", True)
    for role in ("gateway", "projector"):
        with running(role, *serving, said=tmp_path / role, HANSARD_ADMIN_SECRET=SECRET) as run:
            assert json.loads(run.line())["role"] == role
            assert run.stop() == 0
            assert "call_denied" not in run.err
    admin.flushall()
    assert here("restore", str(tmp_path / "file"), "--redis-url-file", url).status == 0
    assert admin.execute_command("ACL", "LOG") == []


@pytest.mark.parametrize("role", ["gateway", "projector", "up", "verify", "backup"])
def test_an_account_that_may_not_publish_is_one_line_at_the_start(
    server: str, admin: Any, tmp_path: Path, role: str
) -> None:
    given = {
        "backup": [str(tmp_path / "file")],
        "verify": [],
        "up": ["--data", str(tmp_path), "--port", "0"],
    }.get(role, ["--port", "0"])
    admin.execute_command("ACL", "SETUSER", ACCOUNT, "resetchannels", "&other:*")
    try:
        done = here(role, *given, "--redis-url-file", own(server, tmp_path), HANSARD_ADMIN_SECRET=SECRET)
    finally:
        admin.execute_command("ACL", "SETUSER", ACCOUNT, "resetchannels", *RULE.split())
    assert done.status == 1
    (line,) = [one for one in done.err.splitlines() if not one.startswith("{")]
    assert line.startswith(f"hansard: The Redis user {ACCOUNT} may not run SPUBLISH on hansard:")
    assert line.endswith(f"ACL SETUSER {ACCOUNT} {RULE}")


def test_the_doctor_tells_what_the_account_may_not(server: str, admin: Any, tmp_path: Path) -> None:
    admin.execute_command("ACL", "SETUSER", ACCOUNT, "-scan")
    try:
        done = here("doctor", "--redis-url-file", own(server, tmp_path), "--json")
    finally:
        admin.execute_command("ACL", "SETUSER", ACCOUNT, *RULE.split())
    found = {one["about"]: one for one in done.documents}
    assert done.status == 1
    assert found["account"]["found"] == f"The Redis user {ACCOUNT} may not run SCAN"
    assert found["account"]["change"] == f"ACL SETUSER {ACCOUNT} {RULE}"
