"""Settings of a deployment, from the environment (`HANSARD_PORT`) or the flag of the same name (`--port`).

A flag wins over the environment, which wins over the default. An empty variable counts as not set. A missing or wrong
setting is reported to the operator in one line that never shows a secret.

A secret (`SECRET`) can also come from a file, named by `HANSARD_ADMIN_SECRET_FILE` or `--admin-secret-file`. No flag
takes a secret itself: all users of a machine can read the arguments of its processes.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

import msgspec
from msgspec import Meta
from redis.asyncio.connection import parse_url

from core.durability import Durability
from core.redis.address import has_password, parse
from core.redis.errors import BadAddress
from workers.runtime import setting_hints
from workers.runtime.address_guard import parse_private_hosts
from workers.runtime.limits import Limits
from workers.runtime.setting_hints import Unknown

PREFIX = "HANSARD_"

SHORTEST_SECRET = 32
"""Bytes; HS256 needs as many as its hash has (RFC 7518, section 3.2)."""

LogFormat = Literal["auto", "json", "console"]
LogLevel = Literal["debug", "info", "warning", "error"]


_PLACE = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[^\s:\[\]/@]+)):(?P<port>[0-9]{1,5})")
_LAST_PORT = 65_535
_PUBLIC = re.compile(r"https?://(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}))(?::(?P<port>[0-9]{1,5}))?/?")


class SettingsError(Exception):
    """A setting is missing or wrong. The message is one line that names the setting and its valid values."""


class Settings(Limits, frozen=True, kw_only=True):
    """Settings of one process, client bounds included. Descriptions complete the sentence "it must be …"."""

    host: Annotated[str, Meta(min_length=1, description="an address to listen on")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="a port, 0 to 65535; 0 picks a free one")] = 8400
    public_url: Annotated[
        str | None,
        Meta(description="an http:// or https:// address without a path, such as https://comments.example"),
    ] = None
    redis_url: Annotated[
        str | None,
        Meta(description="a redis://, rediss://, unix://, redis+sentinel:// or redis+cluster:// address"),
    ] = None
    operations: Annotated[
        str | None, Meta(description="an address and a port, such as 127.0.0.1:8401 or [::1]:8401")
    ] = None
    operations_shared: Annotated[
        float,
        Meta(ge=0, le=60, description="the seconds for which a response of /readyz or /metrics is shared, 0 to 60"),
    ] = 1.0
    private_hooks: Annotated[
        str,
        Meta(
            description="hosts, addresses and networks separated by commas, such as keys.internal,10.1.0.0/16, or 1 "
            "for all private addresses"
        ),
    ] = ""
    data: Annotated[Path, Meta(description="a directory for the data of `hansard up`")] = Path(".data")
    admin_secret: Annotated[str | None, Meta(description="a secret of at least 32 bytes")] = None
    contacts_key: Annotated[str | None, Meta(description="a secret of at least 32 bytes")] = None
    partitions: Annotated[int, Meta(ge=1, le=1024, description="a number of partitions, 1 to 1024")] = 64
    durability: Annotated[Durability, Meta(description="memory, replicated or fsynced")] = "fsynced"
    replicas: Annotated[
        int, Meta(ge=1, le=16, description="the replicas that must confirm a replicated write, 1 to 16")
    ] = 1
    log_format: Annotated[LogFormat, Meta(description="auto, json or console")] = "auto"
    log_level: Annotated[LogLevel, Meta(description="debug, info, warning or error")] = "info"
    record_interval: Annotated[
        float,
        Meta(gt=0, le=60, description="the seconds between two reads of the deployment's record, up to 60"),
    ] = 3.0
    lag_bound: Annotated[
        float, Meta(gt=0, le=3600, description="the seconds that views may lag before responses say so, up to 3600")
    ] = 10.0
    drift_budget: Annotated[
        float, Meta(ge=0, le=1, description="a share of a core's time, 0 to 1; 0 turns drift checks off")
    ] = 0.02
    drain: Annotated[
        float, Meta(ge=0, le=600, description="the seconds that running requests get to finish at a stop, 0 to 600")
    ] = 10.0
    max_request: Annotated[int, Meta(ge=1024, le=2**24, description="the most bytes per request, 1024 to 16777216")] = (
        262_144
    )
    max_writes: Annotated[int, Meta(ge=1, le=10_000, description="the most writes handled at a time, 1 to 10000")] = 64
    max_reads: Annotated[int, Meta(ge=1, le=10_000, description="the most reads handled at a time, 1 to 10000")] = 128
    max_guests_per_minute: Annotated[
        int, Meta(ge=0, le=100_000, description="the most new guests per minute and site, 0 to 100000")
    ] = 60
    max_screenings: Annotated[
        int, Meta(ge=1, le=1000, description="the most requests to screeners at a time, 1 to 1000")
    ] = 64
    max_screenings_per_site: Annotated[
        int, Meta(ge=1, le=1000, description="the most requests to the screener of a site at a time, 1 to 1000")
    ] = 8
    max_screening_backlog: Annotated[
        int, Meta(ge=0, le=1_000_000, description="the most texts of a site that wait for its screener, 0 to 1000000")
    ] = 10_000
    screening_pause: Annotated[
        float, Meta(ge=0, le=3600, description="the seconds for which a failing screener is left alone, 0 to 3600")
    ] = 30.0
    max_notices_per_minute: Annotated[
        int, Meta(ge=0, le=100_000, description="the most notices per minute and site, 0 to 100000")
    ] = 60
    max_queue: Annotated[
        int, Meta(ge=0, le=10_000, description="the most requests waiting to write or to read, 0 to 10000")
    ] = 256
    max_feeds: Annotated[int, Meta(ge=1, le=1_000_000, description="the most feeds open at a time, 1 to 1000000")] = (
        20_000
    )
    max_unopened: Annotated[
        int, Meta(ge=0, le=1_000_000, description="the most threads not opened yet that may be followed, 0 to 1000000")
    ] = 1000
    max_replays: Annotated[int, Meta(ge=1, le=10_000, description="the most replays running at a time, 1 to 10000")] = (
        32
    )
    replay_wait: Annotated[
        float, Meta(ge=0, le=60, description="the most seconds that a replay waits to begin, 0 to 60")
    ] = 2.0
    replay_timeout: Annotated[float, Meta(gt=0, le=600, description="the most seconds per replay, up to 600")] = 30.0
    replay_rows: Annotated[int, Meta(ge=1, le=100_000, description="the most frames per replay, 1 to 100000")] = 2000
    replay_bytes: Annotated[
        int, Meta(ge=65_536, le=2**30, description="the most bytes per replay, 65536 to 1073741824")
    ] = 4_194_304
    replay_piece: Annotated[
        int, Meta(ge=1024, le=2**24, description="the bytes after which a piece of a replay is sent, 1024 to 16777216")
    ] = 65_536

    max_past: Annotated[
        int, Meta(ge=1, le=1000, description="the most pages of the past built at a time, 1 to 1000")
    ] = 4
    past_share: Annotated[
        float, Meta(ge=0.01, le=1, description="a share of a core's time for pages of the past, 0.01 to 1")
    ] = 0.5
    past_bytes: Annotated[
        int, Meta(ge=0, le=2**40, description="the most bytes of cached pages of the past, 0 or more")
    ] = 33_554_432
    record_bytes: Annotated[
        int, Meta(ge=0, le=2**40, description="the most bytes of cached indexes of threads' events, 0 or more")
    ] = 67_108_864
    fold_bytes: Annotated[
        int, Meta(ge=0, le=2**40, description="the most bytes of cached comments and votes, 0 or more")
    ] = 16_777_216
    thread_bytes: Annotated[
        int, Meta(ge=0, le=2**40, description="the most bytes of threads cached by a projector, 0 or more")
    ] = 134_217_728
    token_bytes: Annotated[
        int, Meta(ge=0, le=2**40, description="the most bytes of cached verified tokens, 0 or more")
    ] = 8_388_608

    def __repr__(self) -> str:
        """Show the settings, with all possible secrets left out."""
        shown = {name: getattr(self, name) for name in self.__struct_fields__}
        hidden = {name: "…" for name in SECRET if shown[name] is not None}
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in (shown | hidden).items())})"

    @property
    def operations_place(self) -> tuple[str, int] | None:
        """Host and port of `operations`; None if it is not set."""
        return None if self.operations is None else _place(self.operations)

    def needed(self, name: Literal["redis_url", "admin_secret"]) -> str:
        """The value of a setting that has no default.

        Raises:
            SettingsError: it is not set.
        """
        value: str | None = getattr(self, name)
        if value is None:
            raise SettingsError(f"{PREFIX}{name.upper()} is missing: it must be {_described(name)}")
        return value


SECRET = frozenset({"redis_url", "admin_secret", "contacts_key"})
"""Settings whose values are never shown: an address may contain a password."""

FILES = {f"{name}_file": name for name in sorted(SECRET)}
"""Settings that name a file with a secret, each with the setting that the file gives."""

NAMES = (*Settings.__struct_fields__, *FILES)
"""All names that the environment may set, in lower case."""

_LONGEST_FILE = 65_536
"""Most bytes of a file with a secret."""


def read(environment: Mapping[str, str] = os.environ, **flags: object) -> Settings:
    """Read the settings from the environment and the flags; a flag that is None was not given.

    Raises:
        SettingsError: a value is wrong, or a variable looks like a misspelt setting.
    """
    variables: dict[str, tuple[str, object]] = {}
    for variable, value in environment.items():
        name = variable.removeprefix(PREFIX).lower()
        if not variable.startswith(PREFIX) or value == "":
            continue
        if name in Settings.__struct_fields__ or name in FILES:
            variables[name] = variable, value
    for one in setting_hints.unknown(environment, PREFIX, NAMES):
        if one.is_certain:
            raise SettingsError(f"{one.variable} is not a setting; did you mean {one.meant}?")
    arguments = {name: (f"--{name.replace('_', '-')}", flag) for name, flag in flags.items() if flag is not None}
    for name in SECRET & arguments.keys():
        _refuse_secret(name, *arguments[name])
    return Settings(**_read(variables) | _read(arguments))


def _read(named: Mapping[str, tuple[str, object]]) -> dict[str, Any]:
    """Convert settings given by name, each with its source (the variable or the flag) and its value."""
    given: dict[str, Any] = {}
    for name, (source, value) in named.items():
        setting = FILES.get(name)
        if setting is None:
            given[name] = _converted(name, source, value)
        elif setting in named:
            raise SettingsError(f"{named[setting][0]} and {source} are both given: give only one of them")
        else:
            given[setting] = _converted(setting, f"The content of {source}", _content(source, str(value)))
    return given


def _content(source: str, path: str) -> str:
    """The secret in a file, without its line end. Errors omit the path: it may be the secret itself, by mistake."""
    try:
        with Path(path).open("rb") as file:
            content = file.read(_LONGEST_FILE + 1)
        text = content.decode().rstrip("\r\n")
    except OSError as error:
        raise SettingsError(f"{source} names a file that cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise SettingsError(f"{source} names a file that is not text") from error
    if not text or len(content) > _LONGEST_FILE:
        raise SettingsError(f"{source} names a file that is {'too large' if text else 'empty'}")
    return text


def _refuse_secret(name: str, flag: str, value: object) -> None:
    """Refuse a secret among the arguments. An address without a password is not a secret."""
    try:
        if name == "redis_url" and not has_password(str(value)):
            return
    except (BadAddress, ValueError):
        return  # _check_url reports the error
    raise SettingsError(
        f"{flag} must not carry a secret, because all users of this machine can read arguments: set "
        f"{PREFIX}{name.upper()}, or name a file with {flag}-file"
    )


def unknown(environment: Mapping[str, str]) -> list[Unknown]:
    """Variables that look like settings and are none: they have no effect."""
    return list(setting_hints.unknown(environment, PREFIX, NAMES))


def _converted(name: str, source: str, value: object) -> object:
    kind = get_type_hints(Settings, include_extras=True)[name]
    given = "" if name in SECRET else f", not {str(value)!r}"
    try:
        converted: object = msgspec.convert(value, kind, strict=False, dec_hook=_path)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{source} must be {_described(name)}{given}") from error
    if name in ("admin_secret", "contacts_key") and len(str(converted).encode()) < SHORTEST_SECRET:
        raise SettingsError(f"{source} must be {_described(name)}")
    if name == "redis_url":
        _check_url(source, str(converted))
    if name == "operations" and _place(str(converted)) is None:
        raise SettingsError(f"{source} must be {_described(name)}{given}")
    if name == "private_hooks":
        try:
            parse_private_hosts(str(converted))
        except ValueError as error:
            raise SettingsError(f"{source} must be {_described(name)}{given}") from error
    if name == "public_url":
        found = _PUBLIC.fullmatch(str(converted))
        if found is None or int(found["port"] or 0) > _LAST_PORT:
            raise SettingsError(f"{source} must be {_described(name)}{given}")
        return str(converted).rstrip("/")
    return converted


def _check_url(source: str, url: str) -> None:
    """Refuse an address of another kind, or one that names no server."""
    try:
        address = parse(url)
        servers = [parse_url(address.server(place)) for place in address.places]
    except BadAddress as error:
        raise SettingsError(f"{source}: {error}") from error
    except ValueError as error:
        raise SettingsError(f"{source} must be {_described('redis_url')}") from error
    if not all(server.get("host") or server.get("path") for server in servers):
        raise SettingsError(f"{source} names no server: it must be {_described('redis_url')}")


def _place(text: str) -> tuple[str, int] | None:
    """Host and port of `host:port`, an IPv6 address in brackets; None for any other form."""
    found = _PLACE.fullmatch(text)
    if found is None or int(found["port"]) > _LAST_PORT:
        return None
    return found["six"] or found["host"], int(found["port"])


def _described(name: str) -> str:
    hint = get_type_hints(Settings, include_extras=True)[name]
    return next(str(meta.description) for meta in hint.__metadata__ if isinstance(meta, Meta))


def _path(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str | Path):
        return Path(value)
    raise NotImplementedError(kind)
