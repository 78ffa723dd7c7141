"""Settings: from the environment or the flag of the same name; what is wrong is one line and shows no secret."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import pytest

from core.redis.address import SCHEMES
from workers.cli.options import Serving, Where
from workers.runtime import settings
from workers.runtime.settings import Settings, SettingsError

LONG = "a secret of thirty-two bytes ...."
A_PLACE = "an address and a port, such as 127.0.0.1:8401 or [::1]:8401"
A_PUBLIC_ADDRESS = "an http:// or https:// address without a path, such as https://comments.example"
PRIVATE = (
    "hosts, addresses and networks separated by commas, such as keys.internal,10.1.0.0/16, "
    "or 1 for all private addresses"
)
A_SHARE = "the seconds for which a response of /readyz or /metrics is shared, 0 to 60"
AN_ADDRESS = "a redis://, rediss://, unix://, redis+sentinel:// or redis+cluster:// address"


def test_without_anything_set_it_listens_on_this_machine_alone_at_8400() -> None:
    read = settings.read({})
    assert (read.host, read.port, read.partitions, read.durability) == ("127.0.0.1", 8400, 64, "fsynced")


def test_every_setting_is_read_from_the_environment() -> None:
    environment = {
        "HANSARD_HOST": "::1",
        "HANSARD_PORT": "0",
        "HANSARD_PUBLIC_URL": "https://comments.example/",
        "HANSARD_OPERATIONS": "[::1]:8401",
        "HANSARD_PRIVATE_HOOKS": "keys.internal,10.1.0.0/16",
        "HANSARD_OPERATIONS_SHARED": "0.5",
        "HANSARD_REDIS_URL": "rediss://user:word@redis.example:6380/2",
        "HANSARD_DATA": "/srv/hansard",
        "HANSARD_ADMIN_SECRET": LONG,
        "HANSARD_PARTITIONS": "8",
        "HANSARD_DURABILITY": "memory",
        "HANSARD_REPLICAS": "2",
        "HANSARD_LOG_FORMAT": "json",
        "HANSARD_LOG_LEVEL": "warning",
        "HANSARD_RECORD_INTERVAL": "0.5",
        "HANSARD_LAG_BOUND": "2.5",
        "HANSARD_DRIFT_BUDGET": "0.5",
        "HANSARD_DRAIN": "30",
        "HANSARD_MAX_REQUEST": "65536",
        "HANSARD_MAX_WRITES": "10",
        "HANSARD_MAX_READS": "20",
        "HANSARD_MAX_GUESTS_PER_MINUTE": "7",
        "HANSARD_MAX_NOTICES_PER_MINUTE": "9",
        "HANSARD_MAX_SCREENINGS": "16",
        "HANSARD_MAX_SCREENINGS_PER_SITE": "4",
        "HANSARD_MAX_SCREENING_BACKLOG": "0",
        "HANSARD_SCREENING_PAUSE": "1.5",
        "HANSARD_CONTACTS_KEY": LONG[::-1],
        "HANSARD_MAX_QUEUE": "0",
        "HANSARD_MAX_PAST": "2",
        "HANSARD_PAST_SHARE": "0.25",
        "HANSARD_PAST_BYTES": "1000000",
        "HANSARD_RECORD_BYTES": "2000000",
        "HANSARD_MAX_FEEDS": "30",
        "HANSARD_MAX_UNOPENED": "0",
        "HANSARD_MAX_REPLAYS": "2",
        "HANSARD_REPLAY_WAIT": "0.5",
        "HANSARD_REPLAY_TIMEOUT": "5",
        "HANSARD_REPLAY_ROWS": "100",
        "HANSARD_REPLAY_BYTES": "65536",
        "HANSARD_REPLAY_PIECE": "2048",
        "HANSARD_FOLD_BYTES": "2000000",
        "HANSARD_THREAD_BYTES": "3000000",
        "HANSARD_TOKEN_BYTES": "4000000",
        "HANSARD_MAX_HEADER_BYTES": "2000",
        "HANSARD_MAX_HEADER_LINES": "50",
        "HANSARD_MAX_TARGET": "1000",
        "HANSARD_HEAD_TIMEOUT": "1",
        "HANSARD_BODY_TIMEOUT": "2.5",
        "HANSARD_BODY_RATE": "100",
        "HANSARD_IDLE_TIMEOUT": "3",
        "HANSARD_SEND_TIMEOUT": "4",
        "HANSARD_LINGER_TIMEOUT": "0.5",
        "HANSARD_MAX_PIPELINED": "2",
        "HANSARD_MAX_CONNECTIONS": "500",
        "HANSARD_TRUSTED_PROXIES": "1",
        "HANSARD_MAX_CONNECTIONS_PER_ADDRESS": "10",
        "HANSARD_MAX_REQUESTS_PER_ADDRESS": "5",
        "HANSARD_MAX_BODY_BYTES_TOTAL": "100000",
        "HANSARD_MAX_BODIES_PER_TOKEN": "2",
        "HANSARD_MAX_WRITES_PER_MEMBER": "3",
    }
    assert {name.removeprefix("HANSARD_").lower() for name in environment} == set(Settings.__struct_fields__)
    assert settings.read(environment) == Settings(
        host="::1",
        port=0,
        public_url="https://comments.example",
        operations="[::1]:8401",
        operations_shared=0.5,
        redis_url="rediss://user:word@redis.example:6380/2",
        private_hooks="keys.internal,10.1.0.0/16",
        data=Path("/srv/hansard"),
        admin_secret=LONG,
        contacts_key=LONG[::-1],
        partitions=8,
        durability="memory",
        replicas=2,
        log_format="json",
        log_level="warning",
        record_interval=0.5,
        lag_bound=2.5,
        drift_budget=0.5,
        drain=30.0,
        max_request=65536,
        max_writes=10,
        max_reads=20,
        max_queue=0,
        max_guests_per_minute=7,
        max_notices_per_minute=9,
        max_screenings=16,
        max_screenings_per_site=4,
        max_screening_backlog=0,
        screening_pause=1.5,
        max_past=2,
        past_share=0.25,
        past_bytes=1_000_000,
        record_bytes=2_000_000,
        max_feeds=30,
        max_unopened=0,
        max_replays=2,
        replay_wait=0.5,
        replay_timeout=5.0,
        replay_rows=100,
        replay_bytes=65536,
        replay_piece=2048,
        fold_bytes=2_000_000,
        thread_bytes=3_000_000,
        token_bytes=4_000_000,
        max_header_bytes=2000,
        max_header_lines=50,
        max_target=1000,
        head_timeout=1,
        body_timeout=2.5,
        body_rate=100,
        idle_timeout=3,
        send_timeout=4,
        linger_timeout=0.5,
        max_pipelined=2,
        max_connections=500,
        trusted_proxies=1,
        max_connections_per_address=10,
        max_requests_per_address=5,
        max_body_bytes_total=100000,
        max_bodies_per_token=2,
        max_writes_per_member=3,
    )


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("https://comments.example", "https://comments.example"),
        ("https://comments.example/", "https://comments.example"),
        ("http://[::1]:8400", "http://[::1]:8400"),
        ("http://localhost:65535/", "http://localhost:65535"),
    ],
)
def test_the_public_address_ends_without_a_slash(given: str, read: str) -> None:
    assert settings.read({"HANSARD_PUBLIC_URL": given}).public_url == read
    assert settings.read({}).public_url is None


def test_a_flag_wins_over_the_environment_and_one_that_was_not_given_does_not() -> None:
    read = settings.read({"HANSARD_PORT": "1", "HANSARD_HOST": "::1"}, port=2, host=None, data=Path("d"))
    assert (read.port, read.host, read.data) == (2, "::1", Path("d"))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("127.0.0.1:8401", ("127.0.0.1", 8401)),
        ("localhost:0", ("localhost", 0)),
        ("[::1]:8401", ("::1", 8401)),
        ("[::ffff:127.0.0.1]:1", ("::ffff:127.0.0.1", 1)),
    ],
)
def test_operations_have_an_address_and_a_port(text: str, place: tuple[str, int]) -> None:
    assert settings.read({"HANSARD_OPERATIONS": text}).operations_place == place
    assert settings.read({}).operations_place is None


def test_an_empty_variable_is_one_that_is_not_set() -> None:
    assert settings.read({"HANSARD_REDIS_URL": "", "HANSARD_PORT": ""}) == Settings()


@pytest.mark.parametrize(
    ("environment", "line"),
    [
        ({"PORT": "http"}, "HANSARD_PORT must be a port, 0 to 65535; 0 picks a free one, not 'http'"),
        ({"PORT": "65536"}, "HANSARD_PORT must be a port, 0 to 65535; 0 picks a free one, not '65536'"),
        ({"OPERATIONS": "127.0.0.1"}, f"HANSARD_OPERATIONS must be {A_PLACE}, not '127.0.0.1'"),
        ({"OPERATIONS": "127.0.0.1:65536"}, f"HANSARD_OPERATIONS must be {A_PLACE}, not '127.0.0.1:65536'"),
        ({"OPERATIONS": "::1:8401"}, f"HANSARD_OPERATIONS must be {A_PLACE}, not '::1:8401'"),
        *(
            ({"PUBLIC_URL": url}, f"HANSARD_PUBLIC_URL must be {A_PUBLIC_ADDRESS}, not '{url}'")
            for url in (
                "comments.example",
                "ftp://a.example",
                "https://a.example/path",
                "https://a.example:65536",
                "https://user@a.example",
                "https://a.example?x",
                "https:///",
                "https://a b",
            )
        ),
        ({"OPERATIONS": "http://a:1"}, f"HANSARD_OPERATIONS must be {A_PLACE}, not 'http://a:1'"),
        (
            {"OPERATIONS_SHARED": "-1"},
            f"HANSARD_OPERATIONS_SHARED must be {A_SHARE}, not '-1'",
        ),
        ({"PRIVATE_HOOKS": "10.1.0.1/16"}, f"HANSARD_PRIVATE_HOOKS must be {PRIVATE}, not '10.1.0.1/16'"),
        ({"PARTITIONS": "0"}, "HANSARD_PARTITIONS must be a number of partitions, 1 to 1024, not '0'"),
        ({"PARTITIONS": "6.5"}, "HANSARD_PARTITIONS must be a number of partitions, 1 to 1024, not '6.5'"),
        ({"DURABILITY": "disk"}, "HANSARD_DURABILITY must be memory, replicated or fsynced, not 'disk'"),
        (
            {"REPLICAS": "0"},
            "HANSARD_REPLICAS must be the replicas that must confirm a replicated write, 1 to 16, not '0'",
        ),
        (
            {"DRAIN": "nan"},
            "HANSARD_DRAIN must be the seconds that running requests get to finish at a stop, 0 to 600, not 'nan'",
        ),
        (
            {"DRIFT_BUDGET": "2"},
            "HANSARD_DRIFT_BUDGET must be a share of a core's time, 0 to 1; 0 turns drift checks off, not '2'",
        ),
        ({"ADMIN_SECRET": "short"}, "HANSARD_ADMIN_SECRET must be a secret of at least 32 bytes"),
        ({"REDIS_URL": "http://:word@h"}, f"HANSARD_REDIS_URL: A Redis URL starts with {SCHEMES}"),
        ({"REDIS_URL": "redis+nosuch://:word@h"}, f"HANSARD_REDIS_URL: A Redis URL starts with {SCHEMES}"),
        ({"REDIS_URL": "redis://h:word"}, f"HANSARD_REDIS_URL must be {AN_ADDRESS}"),
        ({"REDIS_URL": "redis://"}, f"HANSARD_REDIS_URL names no server: it must be {AN_ADDRESS}"),
        (
            {"REDIS_URL": "redis+sentinel://a:1,b:word/main"},
            "HANSARD_REDIS_URL: The Redis URL cannot be used: list the servers as host:port,host:port",
        ),
        (
            {"REDIS_URL": "redis+sentinel://a:1,b:2"},
            "HANSARD_REDIS_URL: A Redis URL for Sentinel ends with the name of the service: redis+sentinel://host:port/service",
        ),
        (
            {"REDIS_URL": "redis+cluster://a:1,,b:2"},
            "HANSARD_REDIS_URL: The Redis URL cannot be used: it names no host, or an empty host between two commas",
        ),
        ({"DURABILTY": "fsynced"}, "HANSARD_DURABILTY is not a setting; did you mean HANSARD_DURABILITY?"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, Mapping) else "",
)
def test_what_is_wrong_is_one_line_that_names_it(environment: Mapping[str, str], line: str) -> None:
    with pytest.raises(SettingsError) as refused:
        settings.read({f"HANSARD_{name}": value for name, value in environment.items()})
    assert str(refused.value) == line


def test_a_wrong_flag_is_named_as_a_flag() -> None:
    with pytest.raises(SettingsError, match=r"^--max-request must be the most bytes"):
        settings.read({}, max_request="many")


def test_variables_that_only_share_the_prefix_are_left_alone() -> None:
    orchestrator = {"HANSARD_SERVICE_HOST": "10.0.0.1", "HANSARD_PORT_8400_TCP_ADDR": "10.0.0.1", "PORT": "1"}
    assert settings.read(orchestrator | {"HANSARD_SERVER_BINARY": "/bin/x"}) == Settings()


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("PROT", "1", "HANSARD_PROT is not a setting: did you mean HANSARD_PORT?"),
        ("DATE", "x", "HANSARD_DATE is not a setting: did you mean HANSARD_DATA?"),
        ("REDIS", "x", "HANSARD_REDIS is not a setting: did you mean HANSARD_REDIS_URL?"),
        ("UNICORNS", "x", "HANSARD_UNICORNS is not a setting, and is ignored"),
        ("PROT", "", None),
        ("PORT", "1", None),
        ("SERVER_BINARY", "/bin/x", None),
        ("NEEDS_NODE", "1", None),
        ("SERVICE_HOST", "10.0.0.1", None),
        ("GATEWAY_SERVICE_PORT_HTTP", "8400", None),
        ("PORT_8400_TCP_ADDR", "10.0.0.1", None),
        ("GATEWAY_PORT", "tcp://10.0.0.1:8400", None),
    ],
)
def test_a_variable_that_is_no_setting_is_pointed_out_with_the_nearest(
    variable: str, value: str, said: str | None
) -> None:
    environment = {f"HANSARD_{variable}": value, "PATH": "x"}
    assert [str(one) for one in settings.unknown(environment)] == ([] if said is None else [said])
    settings.read(environment)  # it is no reason not to start


def test_a_missing_secret_or_server_is_one_line_when_it_is_needed() -> None:
    with pytest.raises(SettingsError, match=r"^HANSARD_ADMIN_SECRET is missing: it must be a secret of at least"):
        settings.read({}).needed("admin_secret")
    with pytest.raises(SettingsError, match=r"^HANSARD_REDIS_URL is missing: it must be a redis://"):
        settings.read({}).needed("redis_url")
    assert settings.read({"HANSARD_ADMIN_SECRET": LONG}).needed("admin_secret") == LONG


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_every_secret_comes_from_a_file_too(tmp_path: Path, end: str) -> None:
    url = "redis://user:pass%20word@redis.example:6380"
    for name, value in (("admin_secret", LONG), ("redis_url", url)):
        file = tmp_path / name
        file.write_text(value + end)
        for read in (
            settings.read({f"HANSARD_{name.upper()}_FILE": str(file)}),
            settings.read({}, **{f"{name}_file": file}),
            settings.read(
                {"HANSARD_ADMIN_SECRET": "o" * 32, "HANSARD_REDIS_URL": "redis://other"}, **{f"{name}_file": str(file)}
            ),
        ):
            assert read.needed(name) == value  # type: ignore[arg-type] # one of the two
    assert set(settings.FILES.values()) == settings.SECRET


def test_a_file_that_gives_no_secret_is_one_line_that_shows_neither_path_nor_content(tmp_path: Path) -> None:
    for name, content in (("short", b"short"), ("empty", b"\n"), ("binary", b"\xff" * 40), ("large", b"x" * 70_000)):
        (tmp_path / name).write_bytes(content)
    for name, line in (
        ("short", "The content of HANSARD_ADMIN_SECRET_FILE must be a secret of at least 32 bytes"),
        ("empty", "HANSARD_ADMIN_SECRET_FILE names a file that is empty"),
        ("binary", "HANSARD_ADMIN_SECRET_FILE names a file that is not text"),
        ("large", "HANSARD_ADMIN_SECRET_FILE names a file that is too large"),
        ("none", "HANSARD_ADMIN_SECRET_FILE names a file that cannot be read: No such file or directory"),
        (".", "HANSARD_ADMIN_SECRET_FILE names a file that cannot be read: Is a directory"),
    ):
        with pytest.raises(SettingsError) as refused:
            settings.read({"HANSARD_ADMIN_SECRET_FILE": str(tmp_path / name)})
        assert str(refused.value) == line
    with pytest.raises(SettingsError, match="cannot be read") as refused:
        settings.read({"HANSARD_ADMIN_SECRET_FILE": LONG})
    assert LONG not in str(refused.value), "by mistake, it may be the secret itself"


def test_a_secret_is_given_in_one_way(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(LONG)
    both = {"HANSARD_ADMIN_SECRET": LONG, "HANSARD_ADMIN_SECRET_FILE": str(tmp_path / "secret")}
    with pytest.raises(SettingsError, match=r"^HANSARD_ADMIN_SECRET and HANSARD_ADMIN_SECRET_FILE are both given"):
        settings.read(both)
    assert settings.read({**both, "HANSARD_ADMIN_SECRET": ""}).admin_secret == LONG
    with pytest.raises(SettingsError, match="did you mean HANSARD_ADMIN_SECRET_FILE"):
        settings.read({"HANSARD_ADMIN_SECRETFILE": "x"})


@pytest.mark.parametrize(
    "url",
    [
        "redis://:word@h",
        "rediss://user:word@h:1/2",
        "unix://:word@/tmp/sock",
        "redis://h?password=word",
        "redis+sentinel://:word@a:1,b:2/main",
        "redis+sentinel://a:1/main?sentinel_password=word",
        "redis+cluster://user:word@a:1,b:2",
    ],
)
def test_no_argument_carries_a_password(url: str) -> None:
    with pytest.raises(SettingsError, match=r"^--redis-url must not carry a secret") as refused:
        settings.read({}, redis_url=url)
    assert "word@" not in str(refused.value)
    assert settings.read({"HANSARD_REDIS_URL": url}).redis_url == url


@pytest.mark.parametrize("url", ["redis://user@h", "unix:///tmp/sock", "redis+cluster://a:1,b:2", "redis://h/2"])
def test_an_argument_names_a_server_without_a_password(url: str) -> None:
    assert settings.read({}, redis_url=url).redis_url == url


def test_no_flag_of_any_command_takes_a_secret_itself() -> None:
    names = {field.name for kind in (Where, Serving) for field in dataclasses.fields(kind)}
    assert settings.SECRET & names == {"redis_url"}, "which is refused with a password"
    assert settings.FILES.keys() <= names


def test_printed_settings_hold_no_secret() -> None:
    printed = repr(settings.read({"HANSARD_ADMIN_SECRET": LONG, "HANSARD_REDIS_URL": "redis://u:word@h/0"}))
    assert LONG not in printed
    assert "word" not in printed
    assert "port=8400" in printed
