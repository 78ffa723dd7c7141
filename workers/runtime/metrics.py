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
    "Writes acknowledged over HTTP, by the durability reached.",
    ["durability"],
)

NOTES_DROPPED: Final = Counter(
    "hansard_notes_dropped",
    "Notes about members, for rules, that were dropped because the server did not take them in time.",
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
    "Events not yet in the views of a partition.",
    ["partition"],
)
PROJECTION_LAG_SECONDS: Final = Gauge(
    "hansard_projection_lag_seconds",
    "Age of the oldest event not yet in the views of a partition; 0 if the views are up to date.",
    ["partition"],
)
VIEWS_LAG_SECONDS: Final = Gauge(
    "hansard_views_lag_seconds",
    "Age of the oldest event not yet in the views, over all partitions, as measured by this process for the readers "
    "it serves; 0 if the views are up to date. It grows while no projector runs.",
)
ANSWERING: Final = Gauge(
    "hansard_answering",
    "1 if the server was available to this process when last checked, by what (reads, writes), otherwise 0.",
    ["what"],
)
STOPPED_PARTITIONS: Final = Gauge(
    "hansard_stopped_partitions",
    "Partitions whose projection stopped: the log has a hole or an unreadable entry, cannot be read at all, or is "
    "not the log that the views were made from. Anything but 0 needs an operator.",
)
PARKED_THREADS: Final = Gauge(
    "hansard_parked_threads",
    "Threads whose projection stopped at an event that cannot be applied, in the partitions whose lease this process "
    "holds; counted every few seconds. Each needs an operator.",
)
OWNED_PARTITIONS: Final = Gauge(
    "hansard_owned_partitions",
    "Partitions whose lease this process holds.",
)
LOST_BRANCHES: Final = Counter(
    "hansard_lost_branches",
    "Times a projection found that the log had diverged (its last event is gone) and restarted from the stored views.",
)
REBALANCES: Final = Counter(
    "hansard_rebalances",
    "Changes in the set of live workers, as seen by this process; its own start counts.",
)
HANDOVERS: Final = Counter(
    "hansard_handovers",
    "Partitions that this process no longer holds, by how: given (released for another worker to take), lost "
    "(another worker already had it).",
    ["how"],
)
UNKNOWN_EVENTS: Final = Counter(
    "hansard_unknown_events",
    "Events of a type, version or content scheme unknown to this version, found by a live projection. Their threads "
    "are parked; such an event in a site's own log changes no view.",
)

# --- drift ---

DRIFT: Final = Counter(
    "hansard_drift",
    "Fields of served views found to differ from the log, by view. Anything but 0 needs an operator.",
    ["view"],
)
DRIFT_CHECKED: Final = Counter(
    "hansard_drift_checked_threads",
    "Threads folded from their log and compared with the served views.",
)
DRIFT_UNCOMPARED: Final = Counter(
    "hansard_drift_uncompared",
    "Views not compared, because versions that wrote to them write them differently, by part: html counts rows, all "
    "counts threads, a view counts its fields. A rebuild ends this.",
    ["part"],
)
DRIFT_WALKS: Final = Counter(
    "hansard_drift_walks",
    "Partitions in which every thread was checked in one walk.",
)
DRIFT_SECONDS: Final = Counter(
    "hansard_drift_seconds",
    "Seconds spent on drift checks, waiting for the server included.",
)
DRIFT_QUARANTINED: Final = Gauge(
    "hansard_drift_quarantined_threads",
    "Threads that differ from the log or cannot be checked, and are left out for now.",
)

WORDS_LOST: Final = Counter(
    "hansard_words_lost",
    "Texts found missing from the log though no event took them out. Anything but 0 needs an operator.",
)

# --- screening ---

SCREENED_PARTITIONS: Final = Gauge(
    "hansard_screened_partitions",
    "Partitions whose texts this process has screened.",
)
SCREENING_DUE: Final = Gauge(
    "hansard_screening_due",
    "Comments about which a screener is still to be asked or told something, in the partitions of this process.",
)
SCREENING_OLDEST_SECONDS: Final = Gauge(
    "hansard_screening_oldest_seconds",
    "Age of the oldest text that waits for a screener; 0 if none does.",
)
SCREENING_BREAKERS_OPEN: Final = Gauge(
    "hansard_screening_breakers_open",
    "Screeners that are not asked for a while, because their last requests failed.",
)
SCREENING_REQUESTS: Final = Counter(
    "hansard_screening_requests",
    "Texts that a screener was asked about, by shape.",
    ["shape"],
)
SCREENING_ANSWERS: Final = Counter(
    "hansard_screening_answers",
    "Answers of screeners, by verdict: approve, hold, reject.",
    ["verdict"],
)
SCREENING_FAILURES: Final = Counter(
    "hansard_screening_failures",
    "Texts about which there was no answer, so that the policy decided, by cause: late, unreachable, refused (the "
    "address is not allowed), large, malformed, status, breaker (the last requests failed), backlog (too many texts of "
    "the site wait), unconfigured (the site has no screener), sealed (it cannot be opened), off (the policy screens no "
    "more).",
    ["cause"],
)
SCREENING_FEEDBACK: Final = Counter(
    "hansard_screening_feedback",
    "Decisions of staff that a screener was told of, by outcome: ok, or the cause of a failure; failed ones are tried "
    "again for three days.",
    ["outcome"],
)

# --- the feed ---

FEED_CLIENTS: Final = Gauge(
    "hansard_feed_clients",
    "Clients that follow a thread.",
)
FEED_DELIVERIES: Final = Counter(
    "hansard_feed_deliveries",
    "Frames sent to clients.",
)
FEED_RESETS: Final = Counter(
    "hansard_feed_resets",
    "Clients that had to read the page again, by cause: position (the client's position is too old or unknown), lost "
    "(the feed lost frames), exchanged (other views are served), behind (the client reads too slowly), long (the "
    "replay has too many frames or bytes), busy (no place for the replay was free in time), slow (the client did not "
    "take the replay in time).",
    ["cause"],
)
FEED_REPLAYS: Final = Gauge(
    "hansard_feed_replays",
    "Replays running: clients that are being sent what they missed.",
)
FEED_REPLAYS_WAITING: Final = Gauge(
    "hansard_feed_replays_waiting",
    "Clients waiting for their replay to begin.",
)
FEED_TURNED_AWAY: Final = Counter(
    "hansard_feed_turned_away",
    "Clients whose feed was ended with a time to reconnect, by cause: full (as many feeds are open as allowed), "
    "unopened (as many threads not opened yet are followed as allowed), draining (this process stops), unavailable "
    "(the server does not respond).",
    ["cause"],
)

# --- caches ---

READY_ANSWERS: Final = Counter(
    "hansard_ready_answers",
    "Reads, by outcome: ready (the response was cached), made (it was built).",
    ["outcome"],
)
READY_BYTES: Final = Gauge(
    "hansard_ready_bytes",
    "Memory used by cached responses, in bytes.",
)

COUNTED_THREADS: Final = Gauge(
    "hansard_counted_threads",
    "Threads whose number of comments is cached.",
)
PAST_PAGES: Final = Counter(
    "hansard_past_pages",
    "Reads of pages of the past, by outcome: kept (the page was cached), made (it was built).",
    ["outcome"],
)
PAST_BYTES: Final = Gauge(
    "hansard_past_bytes",
    "Memory used by cached pages of the past, in bytes.",
)

RECORD_INDEXES: Final = Counter(
    "hansard_record_indexes",
    "Reads of the index of a thread's events, by outcome: kept (it was cached), made (it was read from the log).",
    ["outcome"],
)
RECORD_BYTES: Final = Gauge(
    "hansard_record_bytes",
    "Memory used by cached indexes of the events of threads, in bytes.",
)

FOLD_BYTES: Final = Gauge(
    "hansard_fold_bytes",
    "Memory used by cached aggregates (comments, votes, threads, standings), in bytes.",
)
KEY_SET_FETCHES: Final = Counter(
    "hansard_key_set_fetches",
    "Fetches of key sets (JWKS) from publications, by outcome: ok, status (the response was not 200), malformed (it is "
    "no key set, or has no usable key), large, late, refused (the address is not allowed), unreachable, broken (a "
    "defect).",
    ["outcome"],
)
TOKEN_BYTES: Final = Gauge(
    "hansard_token_bytes",
    "Memory used by cached verified tokens, in bytes.",
)
THREAD_BYTES: Final = Gauge(
    "hansard_thread_bytes",
    "Memory used by folded threads that the projector caches between commits, in bytes.",
)

DIFF_BYTES: Final = Gauge(
    "hansard_diff_bytes",
    "Memory used by cached comparisons of two texts, in bytes.",
)

# --- HTTP ---

HTTP_REQUESTS: Final = Counter(
    "hansard_http_requests",
    "Requests answered, by route (the pattern, never the path), method and status.",
    ["route", "method", "status"],
)
HTTP_SECONDS: Final = Histogram(
    "hansard_http_seconds",
    "Time from a request to the end of its response, feeds excluded.",
    ["route", "method"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
)

CONNECTIONS: Final = Gauge(
    "hansard_connections",
    "Open client connections.",
)
IDLE_CONNECTIONS: Final = Gauge(
    "hansard_idle_connections",
    "Open client connections without a running request; the longest idle is closed first when room is needed.",
)
CONNECTION_LIMIT: Final = Gauge(
    "hansard_connection_limit",
    "Client connections that may be open at a time: as set, but no more than the limit of open files allows.",
)
CONNECTIONS_CLOSED: Final = Counter(
    "hansard_connections_closed",
    "Client connections closed by this process, by cause: idle (silent for too long), room (the longest idle, near "
    "the limit), unsent (the client took nothing of a response), address (its client address had too many).",
    ["cause"],
)
ACCEPT_FAILURES: Final = Counter(
    "hansard_accept_failures",
    "Times the system could not accept a connection, most likely because too many files are open.",
)
BODY_BYTES: Final = Gauge(
    "hansard_body_bytes",
    "Memory used by request bodies being received or handled, in bytes.",
)
SHARES_EXHAUSTED: Final = Counter(
    "hansard_shares_exhausted",
    "Requests refused with Retry-After, by the share that was used up: address, token (bodies being sent), member "
    "(writes), bodies (of all clients together).",
    ["share"],
)
RATES_EXCEEDED: Final = Counter(
    "hansard_rates_exceeded",
    "Writes refused with Retry-After, by whose rate was exceeded: member, network, site (what needs no token).",
    ["whose"],
)
RATES_NOT_COUNTED: Final = Counter(
    "hansard_rates_not_counted",
    "Writes that no rate was counted for, because Redis failed or takes no writes.",
)

REQUESTS_UNDER_WAY: Final = Gauge(
    "hansard_requests_under_way",
    "Requests admitted by a gate and still running, except those that only wait for the views: writes, reads, "
    "operations, past (pages of the past, indexes of records), check (checks of a thread), reports (figures, "
    "rehearsals).",
    ["gate"],
)
REQUESTS_WAITING: Final = Gauge(
    "hansard_requests_waiting",
    "Requests waiting at a gate.",
    ["gate"],
)
REQUESTS_REFUSED: Final = Counter(
    "hansard_requests_refused",
    "Requests refused with Retry-After, by cause: full (the queue of the gate was full), late (the wait was too long).",
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
