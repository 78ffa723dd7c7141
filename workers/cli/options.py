"""Options that several commands share. Each is a setting, declared in `workers.runtime.settings`.

They are parsed as text, so that an invalid value gets the same message from a flag as from the environment.
"""

import os
import sys
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Final

import structlog
from cyclopts import Group, Parameter

from workers.cli import output
from workers.runtime import logs, settings
from workers.runtime.settings import Settings

SETTINGS: Final = Group(
    "Settings", help="Each can also be set in the environment: HANSARD_DATA for --data.", sort_key=9
)


_log = structlog.get_logger(__name__)


def _flag(text: str) -> Parameter:
    return Parameter(help=text, group=SETTINGS, negative="", show_default=False)


def typed(text: str) -> str:
    """An argument decoded as UTF-8, also in a locale in which Python decodes arguments otherwise."""
    return os.fsencode(text).decode(errors="replace")


Json = Annotated[bool, Parameter(name="--json", negative="", help="One JSON document per line, for programs.")]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Where:
    """Options for the deployment to work on, and for logging."""

    redis_url: Annotated[
        str | None,
        _flag(
            "Your own servers: redis://, rediss://, unix://, redis+sentinel://host:port,…/service or "
            "redis+cluster://host:port,…. Default: the server of --data. A URL with a password can only come from "
            "the environment or a file."
        ),
    ] = None
    redis_url_file: Annotated[str | None, _flag("File that holds such a URL.")] = None
    data: Annotated[str | None, _flag("Data directory of `hansard up`. Default: .data")] = None
    log_level: Annotated[str | None, _flag("debug, info, warning or error. Default: info.")] = None
    log_format: Annotated[str | None, _flag("json, console, or auto: console on a terminal. Default: auto")] = None

    def given(self) -> dict[str, Any]:
        """The given flags, by the name of their setting."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def settings(self, *, for_people: bool = False) -> Settings:
        """Settings of a long-lived process, from these flags and the environment. Configures logging.

        If standard output is `for_people` and shares a stream with the log, the log is text as well, unless its format
        was chosen. Logs the variables that are no settings. Raises SettingsError.
        """
        found = settings.read(os.environ, **self.given())
        is_text = for_people and found.log_format == "auto" and logs.is_one_stream()
        logs.configure("console" if is_text else found.log_format, found.log_level)
        for one in settings.unknown(os.environ):
            _log.warning("setting_ignored", setting=one.variable, meant=one.meant, detail=str(one))
        return found

    def quietly(self, **more: object) -> Settings:
        """Settings of an interactive command, from these flags, `more` and the environment. Configures logging.

        On a terminal only warnings are logged, unless a level was chosen. Notes the variables that are no settings.
        Raises SettingsError.
        """
        found = settings.read(os.environ, **self.given() | more)
        is_quiet = self.log_level is None and not os.environ.get("HANSARD_LOG_LEVEL") and sys.stderr.isatty()
        logs.configure(found.log_format, "warning" if is_quiet else found.log_level)
        for one in settings.unknown(os.environ):
            output.note(f"hansard: {one}")
        return found


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Serving(Where):
    """Further options of every long-lived process."""

    host: Annotated[str | None, _flag("Address to listen on. Default: 127.0.0.1")] = None
    port: Annotated[str | None, _flag("Port to listen on; 0 picks a free one. Default: 8400")] = None
    public_url: Annotated[
        str | None,
        _flag(
            "Address of this gateway for browsers, such as https://comments.example: canonical links and all other "
            "absolute addresses begin with it. Default: the address it listens on"
        ),
    ] = None
    operations: Annotated[
        str | None,
        _flag(
            "host:port that serves /healthz, /readyz, /readyz/writes and /metrics; of these, --port then serves only "
            "/healthz. Default: --port serves all of them"
        ),
    ] = None
    operations_shared: Annotated[
        str | None, _flag("Seconds for which a response of /readyz or /metrics is shared. Default: 1")
    ] = None
    private_hooks: Annotated[
        str | None,
        _flag(
            "Private hosts, addresses and networks that key sets may be fetched from, separated by commas; 1 permits "
            "all. Default: none"
        ),
    ] = None
    admin_secret_file: Annotated[
        str | None,
        _flag("File with the secret that signs operators' tokens, at least 32 bytes. `up` generates one."),
    ] = None
    contacts_key_file: Annotated[
        str | None,
        _flag(
            "File with the secret that seals addresses of people, at least 32 bytes. `up` generates one; without one, "
            "no address is taken"
        ),
    ] = None
    partitions: Annotated[
        str | None, _flag("Partitions of the log, fixed when a deployment is created. Default: 64")
    ] = None
    durability: Annotated[
        str | None,
        _flag("Durability that an acknowledgement promises: memory, replicated or fsynced. Default: fsynced"),
    ] = None
    replicas: Annotated[str | None, _flag("Replicas that must confirm a replicated write. Default: 1")] = None
    record_interval: Annotated[
        str | None, _flag("Seconds between two reads of the deployment's record. Default: 3")
    ] = None
    lag_bound: Annotated[str | None, _flag("Seconds that views may lag before responses say so. Default: 10")] = None
    drift_budget: Annotated[
        str | None, _flag("Share of a core's time spent on drift checks; 0 turns them off. Default: 0.02")
    ] = None
    drain: Annotated[str | None, _flag("Seconds that running work gets to finish at a stop. Default: 10")] = None
    max_request: Annotated[str | None, _flag("Most bytes per request. Default: 262144")] = None
    max_writes: Annotated[str | None, _flag("Most writes handled at a time; beyond the queue, 503. Default: 64")] = None
    max_reads: Annotated[str | None, _flag("Most reads handled at a time. Default: 128")] = None
    max_guests_per_minute: Annotated[
        str | None, _flag("Most new guests per minute and site; beyond it, 429. Default: 60")
    ] = None
    max_notices_per_minute: Annotated[
        str | None, _flag("Most notices per minute and site; beyond it, 429. Default: 60")
    ] = None
    max_screenings: Annotated[str | None, _flag("Most requests to screeners at a time. Default: 64")] = None
    max_screenings_per_site: Annotated[
        str | None, _flag("Most requests to the screener of a site at a time. Default: 8")
    ] = None
    max_screening_backlog: Annotated[
        str | None, _flag("Most texts of a site that wait for its screener. Default: 10000")
    ] = None
    screening_pause: Annotated[str | None, _flag("Seconds for which a failing screener is left alone. Default: 30")] = (
        None
    )
    max_past: Annotated[
        str | None, _flag("Most pages of the past built at a time; others wait briefly. Default: 4")
    ] = None
    past_share: Annotated[str | None, _flag("Share of a core's time for building pages of the past. Default: 0.5")] = (
        None
    )
    past_bytes: Annotated[str | None, _flag("Most bytes of cached pages of the past. Default: 33554432")] = None
    record_bytes: Annotated[str | None, _flag("Most bytes of cached indexes of events. Default: 67108864")] = None
    fold_bytes: Annotated[str | None, _flag("Most bytes of cached comments and votes. Default: 16777216")] = None
    thread_bytes: Annotated[str | None, _flag("Most bytes of threads cached by a projector. Default: 134217728")] = None
    token_bytes: Annotated[str | None, _flag("Most bytes of cached verified tokens. Default: 8388608")] = None
    max_queue: Annotated[str | None, _flag("Most requests waiting briefly to write or to read. Default: 256")] = None
    max_feeds: Annotated[str | None, _flag("Most feeds open at a time. Default: 20000")] = None
    max_unopened: Annotated[
        str | None, _flag("Most threads not opened yet that may be followed at a time. Default: 1000")
    ] = None
    max_replays: Annotated[
        str | None, _flag("Most replays at a time: clients of feeds that are being sent what they missed. Default: 32")
    ] = None
    replay_wait: Annotated[str | None, _flag("Most seconds that a replay waits to begin. Default: 2")] = None
    replay_timeout: Annotated[str | None, _flag("Most seconds per replay. Default: 30")] = None
    replay_rows: Annotated[str | None, _flag("Most frames per replay. Default: 2000")] = None
    replay_bytes: Annotated[str | None, _flag("Most bytes per replay. Default: 4194304")] = None
    replay_piece: Annotated[str | None, _flag("Bytes after which a piece of a replay is sent. Default: 65536")] = None
    max_header_bytes: Annotated[str | None, _flag("Most bytes per request head. Default: 32768")] = None
    max_header_lines: Annotated[str | None, _flag("Most header lines per request. Default: 100")] = None
    max_target: Annotated[str | None, _flag("Most bytes of path and query. Default: 16384")] = None
    head_timeout: Annotated[str | None, _flag("Seconds from the first byte of a head to its end. Default: 10")] = None
    body_timeout: Annotated[
        str | None, _flag("Seconds in which a body must arrive, plus time for its size. Default: 10")
    ] = None
    body_rate: Annotated[str | None, _flag("Bytes of a body that extend its timeout by a second. Default: 16384")] = (
        None
    )
    idle_timeout: Annotated[
        str | None, _flag("Seconds that a connection may be silent between requests. Default: 75")
    ] = None
    send_timeout: Annotated[
        str | None, _flag("Seconds in which a client must take some of a response. Default: 30")
    ] = None
    linger_timeout: Annotated[
        str | None, _flag("Seconds for which unread data is dropped before a close. Default: 1")
    ] = None
    max_pipelined: Annotated[
        str | None, _flag("Most requests per connection that wait behind the first. Default: 16")
    ] = None
    max_connections: Annotated[
        str | None, _flag("Most connections open at a time; 0 follows the limit of open files. Default: 0")
    ] = None
    trusted_proxies: Annotated[str | None, _flag("Proxies in front that write X-Forwarded-For. Default: 0")] = None
    max_connections_per_address: Annotated[
        str | None, _flag("Most connections or feeds per client address; 0 is an eighth of all. Default: 0")
    ] = None
    max_requests_per_address: Annotated[str | None, _flag("Most requests running per client address. Default: 64")] = (
        None
    )
    max_body_bytes_total: Annotated[
        str | None, _flag("Most bytes of all bodies being received together. Default: 67108864")
    ] = None
    max_bodies_per_token: Annotated[str | None, _flag("Most bodies being sent per token. Default: 4")] = None
    max_writes_per_member: Annotated[
        str | None, _flag("Most writes running per member; 0 is an eighth of --max-writes. Default: 0")
    ] = None


NOWHERE: Final = Where()
AS_SET: Final = Serving()
