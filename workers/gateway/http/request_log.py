"""The log line and the metrics of one request."""

import random
from functools import cache
from typing import Final

import structlog

from workers.gateway.http.machine_paths import QUIET
from workers.gateway.http.request_record import RequestRecord
from workers.runtime import metrics

_log = structlog.get_logger(__name__)

# Cached: there are few combinations of labels.
_REQUESTS: Final = cache(metrics.HTTP_REQUESTS.labels)
_SECONDS: Final = cache(metrics.HTTP_SECONDS.labels)
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def request_id() -> str:
    """Make the id of a request: 16 hexadecimal digits. It identifies a log line and is no secret."""
    return f"{random.getrandbits(64):016x}"


def record(record: RequestRecord, method: str, seconds: float) -> None:
    """Count and log a request that got its response or whose client left."""
    # An unsupported method could be any text.
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
