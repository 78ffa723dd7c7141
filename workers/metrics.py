"""Every metric of Hansard, declared once. docs/metrics.md lists them, and a test holds it to this page.

Labels have few values and name no site, thread, comment or person: codes, routes and partitions alone. Names
follow the Prometheus conventions: `_total` counts, `_seconds` and `_events` are the units.
"""

from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import choose_encoder

# One more series a counter would say when it began; process_start_time_seconds says that once for all.
disable_created_metrics()  # type: ignore[no-untyped-call]  # the one function there without annotations

REGISTRY: Final = CollectorRegistry()
"""What `/metrics` shows: the metrics below, and those of the process itself."""

ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)

# --- the log ---

APPENDS: Final = Counter(
    "hansard_appends",
    "Commands that came to an end at the log, by outcome: appended, settled (nothing to change), repeated, "
    "key-reused, refused, conflict (given up after all tries).",
    ["outcome"],
    registry=REGISTRY,
)
ACKNOWLEDGEMENTS: Final = Counter(
    "hansard_acknowledgements",
    "Writes that were acknowledged, by the durability reached: memory, fsynced, replicated; or unconfirmed, "
    "where it was not confirmed in time.",
    ["durability"],
    registry=REGISTRY,
)
APPEND_RETRIES: Final = Counter(
    "hansard_append_retries",
    "Decisions that were made again, by cause: conflict, skew, connection.",
    ["cause"],
    registry=REGISTRY,
)
REDIS_RECONNECTS: Final = Counter(
    "hansard_redis_reconnects",
    "Connections to Redis that broke and were taken up again, by who held them: gateway, projector, feed.",
    ["who"],
    registry=REGISTRY,
)

# --- projections ---

PROJECTED_EVENTS: Final = Counter(
    "hansard_projected_events",
    "Events folded into the views and committed.",
    registry=REGISTRY,
)
PROJECTION_COMMITS: Final = Counter(
    "hansard_projection_commits",
    "Commits of views, by outcome: ok, dup, mismatch, fenced.",
    ["outcome"],
    registry=REGISTRY,
)
PROJECTION_LAG_EVENTS: Final = Gauge(
    "hansard_projection_lag_events",
    "Events that the views of a partition have yet to take in.",
    ["partition"],
    registry=REGISTRY,
)
PROJECTION_LAG_SECONDS: Final = Gauge(
    "hansard_projection_lag_seconds",
    "Age of the oldest event that the views of a partition have yet to take in; 0 where they are level.",
    ["partition"],
    registry=REGISTRY,
)
STOPPED_PARTITIONS: Final = Gauge(
    "hansard_stopped_partitions",
    "Partitions whose projection stopped at an event that cannot be applied. Anything but 0 needs a person.",
    registry=REGISTRY,
)
OWNED_PARTITIONS: Final = Gauge(
    "hansard_owned_partitions",
    "Partitions whose lease this process holds.",
    registry=REGISTRY,
)
UNKNOWN_EVENTS: Final = Counter(
    "hansard_unknown_events",
    "Events of a type that this version does not know, passed over by a live projection.",
    registry=REGISTRY,
)

# --- the feed ---

FEED_CLIENTS: Final = Gauge(
    "hansard_feed_clients",
    "Clients that follow a thread now.",
    registry=REGISTRY,
)
FEED_DELIVERIES: Final = Counter(
    "hansard_feed_deliveries",
    "Frames handed to clients.",
    registry=REGISTRY,
)
FEED_RESETS: Final = Counter(
    "hansard_feed_resets",
    "Clients that were told to read the page again, by cause: position (theirs is too old or unknown), lost "
    "(ours is gone from the feed), behind (they read too slowly).",
    ["cause"],
    registry=REGISTRY,
)

# --- HTTP ---

HTTP_REQUESTS: Final = Counter(
    "hansard_http_requests",
    "Requests answered, by route (the pattern, never the path), method and status.",
    ["route", "method", "status"],
    registry=REGISTRY,
)
HTTP_SECONDS: Final = Histogram(
    "hansard_http_seconds",
    "Time from a request to the end of its answer, feeds aside.",
    ["route", "method"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
    registry=REGISTRY,
)


def exposition(accept: str) -> tuple[bytes, str]:
    """What `/metrics` answers to this `Accept` header: the body and its content type."""
    encode, content_type = choose_encoder(accept)
    return encode(REGISTRY), content_type
