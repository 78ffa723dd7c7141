"""The log line and the metrics of one answered request."""

import random
from functools import cache
from typing import Final

import structlog

from workers.gateway.http.machine_paths import QUIET
from workers.gateway.http.request_record import RequestRecord
from workers.runtime import metrics

_log = structlog.get_logger(__name__)

# Looked up once for each of the few that there are.
_REQUESTS: Final = cache(metrics.HTTP_REQUESTS.labels)
_SECONDS: Final = cache(metrics.HTTP_SECONDS.labels)
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def request_id() -> str:
    """Make the id of a request: 16 hexadecimal digits. It names a line of the log and keeps no secret."""
    return f"{random.getrandbits(64):016x}"


def record(record: RequestRecord, method: str, seconds: float) -> None:
    """Count and log a request that was answered, or that the client left."""
    # A method that no address takes could be any text.
    named = method if method in _METHODS else "other"
    _REQUESTS(record.route, named, record.status).inc()
    if not record.streamed:
        _SECONDS(record.route, named).observe(seconds)
    say = _log.debug if record.shared or record.route in QUIET else _log.info
    say(
        "request_answered",
        method=named,
        route=record.route,
        status=record.status,
        ms=round(seconds * 1000, 1),
    )
