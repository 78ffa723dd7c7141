"""What is shipped for production starts, says why for each line, and speaks of things that exist."""

import re
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from msgspec.structs import fields
from redis import Redis
from redis.exceptions import AuthenticationError

from tests.support.servers import client, engines, started
from workers.embedded import server as embedded
from workers.runtime import settings
from workers.runtime.limits import Limits
from workers.runtime.settings import FILES, PREFIX, SECRET, Settings

TOP = Path(__file__).parents[2]
DEPLOY = TOP / "deploy"
LUA = sorted(path for folder in ("core", "projections", "workers") for path in (TOP / folder).rglob("*.lua"))
BYTES = {"mb": 1024 * 1024}


@pytest.fixture(scope="module")
def compose() -> Any:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


@pytest.fixture(scope="module", params=engines())
def production(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    home = tmp_path_factory.mktemp("production")
    conf = home / "redis.conf"
    conf.write_text((DEPLOY / "redis.conf").read_text().replace("\ndir /data\n", f"\ndir {home}\n"))
    with started(engines()[request.param], conf=conf) as url, client(url) as connection:
        yield connection


def directives() -> list[tuple[str, str]]:
    lines = (DEPLOY / "redis.conf").read_text().splitlines()
    pairs = [line.split(maxsplit=1) for line in lines if line and not line.startswith("#")]
    return [(name, value.strip('"')) for name, value in pairs]


def plain(value: str) -> str:
    """A value as the server says it."""
    number, unit = value[:-2], value[-2:]
    return str(int(number) * BYTES[unit]) if unit in BYTES else value


def test_the_server_takes_every_line_of_the_configuration(production: Redis) -> None:
    set_here = {"port", "dir"}
    for name, value in directives():
        if name not in set_here:
            assert production.config_get(name) == {name: plain(value)}


def test_production_keeps_what_the_embedded_server_keeps() -> None:
    ours = dict(directives())
    own = {"port", "unixsocketperm", "daemonize"}
    assert {name: ours.get(name) for name in embedded.SETTINGS if name not in own} == {
        name: value for name, value in embedded.SETTINGS.items() if name not in own
    }


OF_ITS_PLACE = {"port", "dir", "tcp-keepalive", "cluster-require-full-coverage"}
"""Lines of a server that others connect to."""


async def test_the_embedded_server_is_what_the_configuration_describes(tmp_path: Path) -> None:
    async with embedded.running(tmp_path / "data") as server:
        with client(server.url) as connection:
            found = {name: connection.config_get(name).get(name) for name, _ in directives()}
    assert {name: found[name] for name, _ in directives() if name not in OF_ITS_PLACE} == {
        name: plain(value) for name, value in directives() if name not in OF_ITS_PLACE
    }


def test_every_line_of_the_configuration_says_why() -> None:
    for block in (DEPLOY / "redis.conf").read_text().split("\n\n"):
        assert block.lstrip().startswith("#"), f"no reason is given for: {block}"


def test_the_user_that_the_configuration_proposes_may_do_what_the_scripts_do(production: Any) -> None:
    proposed = re.search(r"^#\s+user hansard on >\S+ (.*)$", (DEPLOY / "redis.conf").read_text(), re.MULTILINE)
    assert proposed
    production.execute_command("ACL", "SETUSER", "hansard", "on", ">word", *proposed[1].split())
    called = {name for path in LUA for name in re.findall(r"\.p?call\(\s*['\"](\w+)['\"]", path.read_text())}
    assert "XADD" in called
    withheld = {name for name in called if {"@admin", "@dangerous"} & set(_categories(production, name))}
    assert withheld == set()
    for forbidden in (["FLUSHALL"], ["CONFIG", "SET", "save", ""], ["SHUTDOWN"], ["DEBUG", "SLEEP", "0"]):
        assert production.execute_command("ACL", "DRYRUN", "hansard", *forbidden) != b"OK"


def test_compose_runs_a_server_a_gateway_and_a_projector_each_with_a_health_check(compose: Any) -> None:
    assert set(compose["services"]) == {"redis", "gateway", "projector", "screener"}
    for service in compose["services"].values():
        assert service["healthcheck"]["test"]
    assert compose["services"]["gateway"]["command"] == ["gateway"]
    assert compose["services"]["projector"]["command"] == ["projector"]
    assert compose["services"]["screener"]["command"] == ["screener"]


def test_compose_keeps_the_record_on_a_volume_and_mounts_files_that_exist(compose: Any) -> None:
    mounts = [mount.split(":") for mount in compose["services"]["redis"]["volumes"]]
    assert (DEPLOY / "redis.conf").samefile(DEPLOY / mounts[0][0])
    assert ["record", dict(directives())["dir"]] in mounts
    assert "record" in compose["volumes"]
    build = compose["services"]["gateway"]["build"]
    assert (DEPLOY / build["context"] / build["dockerfile"]).samefile(DEPLOY / "Dockerfile")


def test_compose_publishes_nothing_but_the_gateway_and_that_to_this_machine(compose: Any) -> None:
    published = {name: service.get("ports") for name, service in compose["services"].items()}
    gateway = ["127.0.0.1:8400:8400", "127.0.0.1:8401:8401"]
    assert published == {"redis": None, "gateway": gateway, "projector": None, "screener": None}


def test_compose_and_image_set_what_is_a_setting_and_ship_no_secret(compose: Any) -> None:
    image = re.findall(rf"\b{PREFIX}(\w+)=", (DEPLOY / "Dockerfile").read_text())
    environment = compose["services"]["gateway"]["environment"]
    names = {name.removeprefix(PREFIX).lower() for name in environment} | {name.lower() for name in image}
    assert names <= {*Settings.__struct_fields__, *FILES}
    assert not names & SECRET
    assert FILES.keys() <= names


def test_compose_takes_secrets_from_files_and_puts_none_into_arguments_or_environment(compose: Any) -> None:
    assert not re.search(r"\$\{", (DEPLOY / "compose.yaml").read_text()), "nothing comes from the shell that runs it"
    for service in compose["services"].values():
        told = [
            *service["command"],
            *service["healthcheck"]["test"],
            *map(str, service.get("environment", {}).values()),
        ]
        mounted = {name for text in told for name in re.findall(r"/run/secrets/(\w+)", text)}
        assert mounted == set(service["secrets"])
        assert mounted <= compose["secrets"].keys()
    assert {one["file"] for one in compose["secrets"].values()} == {f"./secrets/{name}" for name in compose["secrets"]}
    assert "/deploy/secrets/" in (TOP / ".gitignore").read_text().splitlines()


def make_secrets(directory: Path) -> dict[str, str]:
    subprocess.run(["/bin/sh", DEPLOY / "secrets.sh", directory], check=True, capture_output=True)
    return {path.name: path.read_text() for path in directory.iterdir()}


def test_the_secrets_are_made_once_for_their_owner_and_the_containers(compose: Any, tmp_path: Path) -> None:
    made = make_secrets(tmp_path / "secrets")
    assert made.keys() == compose["secrets"].keys()
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    for path in (tmp_path / "secrets").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o444, "users of containers read them"
    assert make_secrets(tmp_path / "secrets") == made
    (tmp_path / "secrets" / "redis_url").unlink()
    assert make_secrets(tmp_path / "secrets") == made, "the password stays what it is"
    assert make_secrets(tmp_path / "others").items() & made.items() == set()


@pytest.mark.parametrize("engine", engines())
def test_the_secrets_are_what_server_and_processes_take(engine: str, tmp_path: Path) -> None:
    made = make_secrets(tmp_path / "secrets")
    named = {f"{PREFIX}{name.upper()}_FILE": str(tmp_path / "secrets" / name) for name in ("admin_secret", "redis_url")}
    found = settings.read(named)
    assert found.admin_secret == made["admin_secret"]
    password = urlsplit(found.needed("redis_url")).password
    assert password
    assert urlsplit(found.needed("redis_url")).hostname == "redis"
    with started(engines()[engine], "--include", str(tmp_path / "secrets" / "redis_auth"), password=password) as url:
        with client(url) as stranger, pytest.raises(AuthenticationError):
            stranger.ping()
        with Redis.from_url(url, password=password) as known:
            assert known.ping()


def test_images_are_named_by_digest(compose: Any) -> None:
    pinned = re.compile(r"[a-z/]+:[\w.-]+@sha256:[0-9a-f]{64}")
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    given = dict(re.findall(r"^ARG (\w+)=(\S+)$", dockerfile, re.MULTILINE))
    bases = [re.sub(r"\$\{(\w+)\}", lambda name: given[name[1]], line.split()[1]) for line in froms(dockerfile)]
    images = [one["image"] for one in compose["services"].values() if "build" not in one]
    assert len(bases) == 3
    assert images
    for image in (*bases, *images):
        assert pinned.fullmatch(image), image


def froms(dockerfile: str) -> list[str]:
    return [line for line in dockerfile.splitlines() if line.startswith("FROM ")]


def test_the_image_copies_what_exists_and_does_not_run_as_root() -> None:
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    copied = [
        line.split()[1:-1] for line in dockerfile.splitlines() if line.startswith("COPY") and "--from" not in line
    ]
    assert copied
    for name in (name for names in copied for name in names):
        assert (TOP / name).exists()
        assert f"!{name}" in (TOP / ".dockerignore").read_text().splitlines()
    assert re.search(r"^USER 10001:10001$", dockerfile, re.MULTILINE)
    assert all("--require-hashes" in line for line in dockerfile.splitlines() if "--requirement" in line)


def test_the_settings_are_all_in_the_deployment_page_or_the_page_of_bounds() -> None:
    page, bounds = (DEPLOY / "README.md").read_text(), (TOP / "docs" / "settings.md").read_text()
    told = {name for name in Settings.__struct_fields__ if f"`{name.upper()}`" in page}
    told |= {name for name in Settings.__struct_fields__ if f"| `{PREFIX}{name.upper()}` |" in bounds}
    assert told == set(Settings.__struct_fields__)


def test_the_page_of_bounds_tells_defaults_and_every_bound_and_is_sorted() -> None:
    rows = re.findall(rf"^\| `{PREFIX}(\w+)` \| (\S*) ", (TOP / "docs" / "settings.md").read_text(), re.MULTILINE)
    assert [name for name, _ in rows] == sorted(name for name, _ in rows)
    found = {name.lower(): default for name, default in rows}
    assert {field.name: f"{int(field.default)}" for field in fields(Limits)}.items() <= found.items()


def _categories(connection: Any, command: str) -> list[str]:
    answer = connection.execute_command("COMMAND INFO", command)  # spelt so, the client leaves the answer alone
    return [category.decode() for category in answer[0][6]]
