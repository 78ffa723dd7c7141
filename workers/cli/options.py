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
    "Settings", help="Each may also come from the environment: HANSARD_DATA for --data.", sort_key=9
)


_log = structlog.get_logger(__name__)


def _flag(text: str) -> Parameter:
    return Parameter(help=text, group=SETTINGS, negative="", show_default=False)


def typed(text: str) -> str:
    """An argument decoded as UTF-8, also in a locale in which Python decodes arguments otherwise."""
    return os.fsencode(text).decode(errors="replace")


Json = Annotated[bool, Parameter(name="--json", negative="", help="One JSON document a line, for programs.")]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Where:
    """Options for the deployment to work on, and for logging."""

    redis_url: Annotated[
        str | None,
        _flag(
            "Servers of yours: redis://, rediss://, unix://, redis+sentinel://host:port,…/service or "
            "redis+cluster://host:port,…. Default: the one of --data. One with a password comes from the environment "
            "or a file alone."
        ),
    ] = None
    redis_url_file: Annotated[str | None, _flag("File with such a URL.")] = None
    data: Annotated[str | None, _flag("Directory of the data of `hansard up`. Default: .data")] = None
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
    port: Annotated[str | None, _flag("Port to listen on; 0 takes a free one. Default: 8400")] = None
    operations: Annotated[
        str | None,
        _flag(
            "host:port where /healthz, /readyz, /readyz/writes and /metrics are served; of them only /healthz stays at "
            "--port then. "
            "Default: all of them at --port"
        ),
    ] = None
    operations_shared: Annotated[
        str | None, _flag("Seconds for which an answer of /readyz or /metrics is shared. Default: 1")
    ] = None
    admin_secret_file: Annotated[
        str | None,
        _flag("File with what operators' tokens are signed with, at least 32 bytes. `up` makes a secret."),
    ] = None
    partitions: Annotated[
        str | None, _flag("Partitions of the log, fixed when a deployment is created. Default: 64")
    ] = None
    durability: Annotated[
        str | None, _flag("What an acknowledgement promises: memory, replicated or fsynced. Default: fsynced")
    ] = None
    replicas: Annotated[str | None, _flag("Replicas that a replicated write needs. Default: 1")] = None
    record_interval: Annotated[
        str | None, _flag("Seconds between two readings of the deployment's record. Default: 3")
    ] = None
    lag_bound: Annotated[str | None, _flag("Seconds that views may lag before answers say so. Default: 10")] = None
    drift_budget: Annotated[
        str | None, _flag("Share of a core's time spent on looking for drift; 0 is off. Default: 0.02")
    ] = None
    drain: Annotated[str | None, _flag("Seconds to finish what runs when it is stopped. Default: 10")] = None
    max_request: Annotated[str | None, _flag("Bytes that a request may have. Default: 262144")] = None
    max_writes: Annotated[
        str | None, _flag("Requests that may write at the same time; beyond the queue, 503. Default: 64")
    ] = None
    max_reads: Annotated[str | None, _flag("Requests that may read at the same time. Default: 128")] = None
    max_past: Annotated[
        str | None, _flag("Pages of the past that are made at the same time; others wait, for a moment. Default: 4")
    ] = None
    past_share: Annotated[
        str | None, _flag("Share of a core's time that making pages of the past may take. Default: 0.5")
    ] = None
    past_bytes: Annotated[str | None, _flag("Bytes of pages of the past that are kept. Default: 33554432")] = None
    fold_bytes: Annotated[str | None, _flag("Bytes of comments and votes that are remembered. Default: 16777216")] = (
        None
    )
    thread_bytes: Annotated[str | None, _flag("Bytes of threads that a projector keeps. Default: 134217728")] = None
    token_bytes: Annotated[str | None, _flag("Bytes of verified tokens that are remembered. Default: 8388608")] = None
    max_queue: Annotated[str | None, _flag("Requests that may wait for either, for a moment. Default: 256")] = None
    max_feeds: Annotated[str | None, _flag("Feeds that may be open at the same time. Default: 20000")] = None
    max_unopened: Annotated[
        str | None, _flag("Threads not opened yet that may be followed at the same time. Default: 1000")
    ] = None
    max_replays: Annotated[
        str | None, _flag("Clients of feeds that are sent what they missed at the same time. Default: 32")
    ] = None
    replay_wait: Annotated[str | None, _flag("Seconds that such a replay may wait to begin. Default: 2")] = None
    replay_timeout: Annotated[str | None, _flag("Seconds that a replay may take. Default: 30")] = None
    replay_rows: Annotated[str | None, _flag("Frames that a replay may have. Default: 2000")] = None
    replay_bytes: Annotated[str | None, _flag("Bytes that a replay may have. Default: 4194304")] = None
    replay_piece: Annotated[str | None, _flag("Bytes after which a piece of a replay is sent. Default: 65536")] = None
    max_header_bytes: Annotated[str | None, _flag("Bytes that the head of a request may have. Default: 32768")] = None
    max_header_lines: Annotated[str | None, _flag("Header lines that a request may have. Default: 100")] = None
    max_target: Annotated[str | None, _flag("Bytes that path and query may have. Default: 16384")] = None
    head_timeout: Annotated[str | None, _flag("Seconds from the first byte of a head to its end. Default: 10")] = None
    body_timeout: Annotated[
        str | None, _flag("Seconds in which a body has to come, and more by its size. Default: 10")
    ] = None
    body_rate: Annotated[str | None, _flag("Bytes of a body for which it gets another second. Default: 16384")] = None
    idle_timeout: Annotated[
        str | None, _flag("Seconds that a connection may be silent between requests. Default: 75")
    ] = None
    send_timeout: Annotated[
        str | None, _flag("Seconds in which a client has to take some of an answer. Default: 30")
    ] = None
    linger_timeout: Annotated[
        str | None, _flag("Seconds for which unread data is dropped before a close. Default: 1")
    ] = None
    max_pipelined: Annotated[
        str | None, _flag("Requests of a connection that may wait behind the first. Default: 16")
    ] = None
    max_connections: Annotated[
        str | None, _flag("Connections open at a time; 0 is by the limit of open files. Default: 0")
    ] = None
    trusted_proxies: Annotated[str | None, _flag("Proxies in front that write X-Forwarded-For. Default: 0")] = None
    max_connections_per_address: Annotated[
        str | None, _flag("Connections or feeds of one client address; 0 is an eighth of all. Default: 0")
    ] = None
    max_requests_per_address: Annotated[str | None, _flag("Requests of one client address under way. Default: 64")] = (
        None
    )
    max_body_bytes_total: Annotated[str | None, _flag("Bytes of all bodies under way together. Default: 67108864")] = (
        None
    )
    max_bodies_per_token: Annotated[str | None, _flag("Bodies that one token may be sending at a time. Default: 4")] = (
        None
    )
    max_writes_per_member: Annotated[
        str | None, _flag("Writes of one member under way; 0 is an eighth of --max-writes. Default: 0")
    ] = None


NOWHERE: Final = Where()
AS_SET: Final = Serving()
