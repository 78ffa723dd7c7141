"""What an account of the server needs: told at the start in one line, and as "not now" where it changes later."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from core.keys import DEPLOYMENT
from core.log.redis import RedisLog
from core.position import START
from core.redis.access import COMMANDS, IN_CLUSTER, RULE
from core.redis.deployment import open_deployment
from core.redis.errors import Denied
from core.refusals import Unavailable
from tests.support.clusters import cluster
from tests.support.logs import HERE, PARTITIONS, append, event, thread_in, write
from tests.support.servers import client

TOP = Path(__file__).parents[3]
ACCOUNT, PASSWORD = "hansard", "a-long-password"


@pytest.fixture
def admin(fresh: str) -> Iterator[Any]:
    with client(fresh) as redis:
        yield redis
        redis.acl_deluser(ACCOUNT)


def allow(admin: Any, *rules: str) -> None:
    """Make the account anew, with these rules."""
    admin.execute_command("ACL", "SETUSER", ACCOUNT, "reset", "on", f">{PASSWORD}", *rules)


def url(fresh: str) -> str:
    return f"{fresh}?username={ACCOUNT}&password={PASSWORD}"


def said(*patterns: str, suffix: str) -> set[str]:
    """What these patterns find in the sources of the three packages."""
    paths = [path for folder in ("core", "projections", "workers") for path in (TOP / folder).rglob(f"*{suffix}")]
    return {found for path in paths for pattern in patterns for found in re.findall(pattern, path.read_text())}


def test_every_command_that_a_script_runs_or_that_is_sent_is_asked_about() -> None:
    asked = {name for name, *_ in COMMANDS + IN_CLUSTER}
    in_scripts = said(r"call\(\s*'([A-Z]+)'", suffix=".lua")
    assert "XADD" in in_scripts
    assert in_scripts - asked == set()
    sent = said(
        r"(?:call|_?ask|asked|begin|send_command|Call)\(\(?(?:server, )?\"([A-Z]+)[ \"]",
        r"partial\((?:self\.ask|server\.call|deployment\.calls\.call), \"([A-Z]+)\"",
        suffix=".py",
    )
    assert {"HGET", "SSUBSCRIBE", "SCAN"} <= sent
    assert sent - asked - {"ACL", "SENTINEL"} == set()


async def test_the_rule_that_is_told_is_enough(fresh: str, admin: Any) -> None:
    allow(admin, *RULE.split())
    async with open_deployment(url(fresh), partitions=PARTITIONS) as deployment:
        await write(RedisLog(deployment), event())


@pytest.mark.parametrize(
    ("rules", "named"),
    [
        ("-spublish", "SPUBLISH on "),
        ("-ssubscribe", "SSUBSCRIBE on "),
        ("resetchannels", "SSUBSCRIBE on "),
        ("resetchannels &other:*", "SPUBLISH on "),
        ("-scan", "SCAN"),
        ("-@scripting", "EVAL, EVALSHA"),
        ("-eval", "EVAL"),
        ("-xadd -xlen", "XADD, XLEN"),
        ("-@write", "DEL"),
        ("-info", "INFO"),
        ("-wait", "WAIT"),
        ("resetkeys ~hansard:*", "ZADD on {hansard:deployment}:processes"),
        ("resetkeys %R~hansard:* ~{hansard:deployment}:*", "DEL"),
        ("resetkeys ~other:*", "GET on "),
        ("-@all", "INFO"),
    ],
)
async def test_an_account_that_may_too_little_is_one_line_with_the_rule(
    fresh: str, admin: Any, rules: str, named: str
) -> None:
    allow(admin, *RULE.split(), *rules.split())
    before = admin.keys("*")
    with pytest.raises(Denied) as told:
        async with open_deployment(url(fresh), partitions=PARTITIONS):
            pass
    line = str(told.value)
    assert line.startswith(f"The Redis user {ACCOUNT} may not run ")
    assert named in line
    assert line.endswith(f": ACL SETUSER {ACCOUNT} {RULE}")
    assert "\n" not in line
    assert PASSWORD not in line
    assert admin.keys("*") == before
    admin.execute_command(*line.rpartition(": ")[2].split())
    async with open_deployment(url(fresh), partitions=PARTITIONS):
        pass


@pytest.mark.parametrize("taken", [("-xadd",), ("-evalsha", "-eval"), ("resetchannels",), ("resetkeys", "~other:*")])
async def test_what_is_denied_while_it_runs_is_not_available_and_goes_on_when_it_is_allowed_again(
    fresh: str, admin: Any, taken: tuple[str, ...]
) -> None:
    allow(admin, *RULE.split())
    async with open_deployment(url(fresh), partitions=PARTITIONS) as deployment:
        log = RedisLog(deployment)
        thread = thread_in(HERE)
        await write(log, event(), thread=thread)
        admin.execute_command("ACL", "SETUSER", ACCOUNT, *taken)
        with capture_logs() as lines, pytest.raises(Unavailable, match="hansard doctor"):
            await append(log, event(), thread=thread)
        assert [(line["event"], line["log_level"]) for line in lines] == [("call_denied", "error")]
        await deployment.record.refresh()
        assert deployment.record.unfit is None
        admin.execute_command("ACL", "SETUSER", ACCOUNT, *RULE.split())
        await write(log, event(), thread=thread)
        assert [entry.position.n for entry in await log.read(HERE, START, limit=9)] == [1, 2]


async def test_an_account_without_a_name_of_its_own_is_told_by_the_url(fresh: str, admin: Any) -> None:
    allow(admin, *RULE.split(), "-acl|whoami", "-scan")
    with pytest.raises(Denied, match=f"The Redis user {ACCOUNT} may not run SCAN: "):
        async with open_deployment(url(fresh), partitions=PARTITIONS):
            pass
    assert admin.exists(DEPLOYMENT) == 0


async def test_on_a_cluster_the_rule_is_enough_and_who_may_not_ask_for_the_nodes_is_told() -> None:
    with cluster() as there:
        for node in there.nodes:
            node.ask("ACL", "SETUSER", ACCOUNT, "on", f">{PASSWORD}", *RULE.split())
        own = there.url.replace("://", f"://{ACCOUNT}:{PASSWORD}@")
        async with open_deployment(own, partitions=PARTITIONS) as deployment:
            await write(RedisLog(deployment), event())
        for node in there.nodes:
            node.ask("ACL", "SETUSER", ACCOUNT, "-cluster")
        with pytest.raises(Denied, match=f"The Redis user {ACCOUNT} may not run CLUSTER NODES: ACL SETUSER"):
            async with open_deployment(own, partitions=PARTITIONS):
                pass
        one = there.primaries()[-1]
        for node in there.nodes:
            node.ask("ACL", "SETUSER", ACCOUNT, *RULE.split(), *(["-xadd"] if node is one else []))
        with pytest.raises(Denied, match=r"^127\.0\.0\.1:\d+: The Redis user"):
            async with open_deployment(own, partitions=PARTITIONS):
                pass
