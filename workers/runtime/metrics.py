"""All metrics of Hansard. docs/metrics.md lists them, and a test compares it with these declarations.

Labels have few values and name no site, thread, comment or person: codes, routes and partitions alone. Names follow the
Prometheus conventions: `_total` counts, `_seconds` and `_events` are units. Metrics of the log are declared in
`core.redis.metrics` and exported here.
"""

from typing import Final, Literal

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.exposition import choose_encoder

from core.redis.metrics import APPENDS, BROKEN, FAULTS, LOSSES, REDIRECTIONS, UNFIT

__all__ = ["APPENDS", "BROKEN", "FAULTS", "LOSSES", "REDIRECTIONS", "REGISTRY", "UNFIT"]

# Each counter would get another series with its creation time; process_start_time_seconds covers all of them.
disable_created_metrics()  # type: ignore[no-untyped-call]  # the function has no annotations

# --- the log ---

ACKNOWLEDGEMENTS: Final = Counter(
    "hansard_acknowledgements",
    "Writes that were acknowledged over HTTP, by the durability that was reached.",
    ["durability"],
)

# --- projections ---

PROJECTED_EVENTS: Final = Counter(
    "hansard_projected_events",
    "Events folded into the views and committed.",
)
PROJECTION_COMMITS: Final = Counter(
    "hansard_projection_commits",
    "Commits of views, by outcome: ok, dup, mismatch, fenced, retired.",
    ["outcome"],
)
PROJECTION_LAG_EVENTS: Final = Gauge(
    "hansard_projection_lag_events",
    "Events that the views of a partition have yet to take in.",
    ["partition"],
)
PROJECTION_LAG_SECONDS: Final = Gauge(
    "hansard_projection_lag_seconds",
    "Age of the oldest event that the views of a partition have yet to take in; 0 where they are level.",
    ["partition"],
)
VIEWS_LAG_SECONDS: Final = Gauge(
    "hansard_views_lag_seconds",
    "Age of the oldest event that the views have yet to take in, in whichever partition, as this process measures it "
    "for those whom it serves; 0 where they are level. It grows where no projector lives.",
)
ANSWERING: Final = Gauge(
    "hansard_answering",
    "1 where the server let this process answer when it looked last, by what (reads, writes), otherwise 0.",
    ["what"],
)
STOPPED_PARTITIONS: Final = Gauge(
    "hansard_stopped_partitions",
    "Partitions whose projection stopped: the log has a hole, or an entry that cannot be read, cannot be read at all, "
    "or is not the one that the views are of. Anything but 0 needs a person.",
)
PARKED_THREADS: Final = Gauge(
    "hansard_parked_threads",
    "Threads whose projection stopped at an event that cannot be applied, in the partitions whose lease this process "
    "holds, looked at every few seconds. Each of them needs a person.",
)
OWNED_PARTITIONS: Final = Gauge(
    "hansard_owned_partitions",
    "Partitions whose lease this process holds.",
)
LOST_BRANCHES: Final = Counter(
    "hansard_lost_branches",
    "Times that a projection found the log without the event that it had taken in last, and began again from what is "
    "stored.",
)
REBALANCES: Final = Counter(
    "hansard_rebalances",
    "Times that other workers were alive than before, as this process saw it, its own start included.",
)
HANDOVERS: Final = Counter(
    "hansard_handovers",
    "Partitions that this process held and holds no more, by how: given (back, for another worker to take), "
    "lost (another worker had it already).",
    ["how"],
)
UNKNOWN_EVENTS: Final = Counter(
    "hansard_unknown_events",
    "Events of a type, version or content scheme that this version does not know, met by a live projection: their "
    "threads are parked; one of a site's own log changes no view.",
)

# --- drift ---

DRIFT: Final = Counter(
    "hansard_drift",
    "Fields of served views that were found to differ from the log, by view. Anything but 0 needs a person.",
    ["view"],
)
DRIFT_CHECKED: Final = Counter(
    "hansard_drift_checked_threads",
    "Threads that were folded from their log and compared with what is served.",
)
DRIFT_UNCOMPARED: Final = Counter(
    "hansard_drift_uncompared",
    "What was not compared, because versions that wrote into the views write it otherwise, by part: html counts rows, "
    "all counts threads, and a view its fields. A rebuild ends it.",
    ["part"],
)
DRIFT_WALKS: Final = Counter(
    "hansard_drift_walks",
    "Partitions of which every thread was looked at in one walk.",
)
DRIFT_SECONDS: Final = Counter(
    "hansard_drift_seconds",
    "Seconds spent on looking for drift, waiting for the server included.",
)
DRIFT_QUARANTINED: Final = Gauge(
    "hansard_drift_quarantined_threads",
    "Threads that differ from the log, or cannot be looked at, and are left alone for now.",
)

# --- the feed ---

FEED_CLIENTS: Final = Gauge(
    "hansard_feed_clients",
    "Clients that follow a thread now.",
)
FEED_DELIVERIES: Final = Counter(
    "hansard_feed_deliveries",
    "Frames handed to clients.",
)
FEED_RESETS: Final = Counter(
    "hansard_feed_resets",
    "Clients that were told to read the page again, by cause: position (theirs is too old or unknown), lost "
    "(ours is gone from the feed), exchanged (other views are served), behind (they read too slowly), long (the replay "
    "has too many frames or bytes), busy (no place for the replay was free in time), slow (the replay was not taken in "
    "time).",
    ["cause"],
)
FEED_REPLAYS: Final = Gauge(
    "hansard_feed_replays",
    "Replays under way now: clients that are being sent what they missed.",
)
FEED_REPLAYS_WAITING: Final = Gauge(
    "hansard_feed_replays_waiting",
    "Clients that wait now for their replay to begin.",
)
FEED_TURNED_AWAY: Final = Counter(
    "hansard_feed_turned_away",
    "Clients whose feed was ended with a time to reconnect, by cause: full (as many feeds are open as may be), "
    "unopened (as many threads that are not opened yet are followed as may be), draining (this process stops), "
    "unavailable (the server does not answer).",
    ["cause"],
)

# --- caches ---

READY_ANSWERS: Final = Counter(
    "hansard_ready_answers",
    "Reads, by whether their answer was ready or had to be made.",
    ["outcome"],
)
READY_BYTES: Final = Gauge(
    "hansard_ready_bytes",
    "Memory that answers take which are kept ready.",
)

COUNTED_THREADS: Final = Gauge(
    "hansard_counted_threads",
    "Threads whose count of comments is remembered.",
)
PAST_PAGES: Final = Counter(
    "hansard_past_pages",
    "Reads of pages of the past, by whether their answer was kept or had to be made.",
    ["outcome"],
)
PAST_BYTES: Final = Gauge(
    "hansard_past_bytes",
    "Memory that kept pages of the past take.",
)

FOLD_BYTES: Final = Gauge(
    "hansard_fold_bytes",
    "Memory that comments, votes, threads and standings take which are remembered in order to decide.",
)
TOKEN_BYTES: Final = Gauge(
    "hansard_token_bytes",
    "Memory that verified tokens take which are remembered.",
)
THREAD_BYTES: Final = Gauge(
    "hansard_thread_bytes",
    "Memory that folded threads take which the projector keeps between commits.",
)

DIFF_BYTES: Final = Gauge(
    "hansard_diff_bytes",
    "Memory that comparisons of two texts take which are remembered.",
)

# --- HTTP ---

HTTP_REQUESTS: Final = Counter(
    "hansard_http_requests",
    "Requests answered, by route (the pattern, never the path), method and status.",
    ["route", "method", "status"],
)
HTTP_SECONDS: Final = Histogram(
    "hansard_http_seconds",
    "Time from a request to the end of its answer, feeds aside.",
    ["route", "method"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
)

CONNECTIONS: Final = Gauge(
    "hansard_connections",
    "Connections of clients that are open now.",
)
IDLE_CONNECTIONS: Final = Gauge(
    "hansard_idle_connections",
    "Connections on which no request is under way now; the longest idle is closed first where room is needed.",
)
CONNECTION_LIMIT: Final = Gauge(
    "hansard_connection_limit",
    "Connections that may be open at a time: as set, and no more than the limit of open files allows.",
)
CONNECTIONS_CLOSED: Final = Counter(
    "hansard_connections_closed",
    "Connections that this process ended by itself, by cause: idle (silent for too long), room (the longest idle, "
    "near the limit), unsent (the client took nothing of an answer), address (one too many of its address).",
    ["cause"],
)
ACCEPT_FAILURES: Final = Counter(
    "hansard_accept_failures",
    "Times that the system gave no new connection, most likely because too many files are open.",
)
BODY_BYTES: Final = Gauge(
    "hansard_body_bytes",
    "Memory that request bodies take which are under way.",
)
SHARES_EXHAUSTED: Final = Counter(
    "hansard_shares_exhausted",
    "Requests that were told to come again later, by whose share was used up: address, token (bodies being sent), "
    "member (writes), bodies (of all clients together).",
    ["share"],
)

REQUESTS_UNDER_WAY: Final = Gauge(
    "hansard_requests_under_way",
    "Requests that are inside a gate now, without those that only wait for the views: writes, reads, operations, past "
    "(pages of the past).",
    ["gate"],
)
REQUESTS_WAITING: Final = Gauge(
    "hansard_requests_waiting",
    "Requests that wait before a gate now.",
    ["gate"],
)
REQUESTS_REFUSED: Final = Counter(
    "hansard_requests_refused",
    "Requests that were told to come again later, by cause: full (the queue before the gate), late (they had waited).",
    ["gate", "cause"],
)


Format = Literal["text/plain", "application/openmetrics-text"]
"""The formats of an exposition."""


def format_for(accept: str) -> Format:
    """The format for an `Accept` header. Its parameters are ignored: one version of each format is written."""
    named = {part.partition(";")[0].strip() for part in accept.split(",")}
    return "application/openmetrics-text" if "application/openmetrics-text" in named else "text/plain"


def exposition(wanted: Format) -> tuple[bytes, str]:
    """The metrics in this format, and their content type."""
    encode, content_type = choose_encoder(f"{wanted}; version=1.0.0" if wanted != "text/plain" else "")
    return encode(REGISTRY), content_type
