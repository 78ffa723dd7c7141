"""Metrics of the log and of the Redis layer. No label names a site, a thread or a person."""

from typing import Final

from prometheus_client import Counter, Gauge

APPENDS: Final = Counter("hansard_log_appends", "Decisions carried to the log, by what came of them.", ["outcome"])
BROKEN: Final = Gauge(
    "hansard_log_broken_partitions",
    "Partitions that this process takes no writes for, because their log is not whole. Anything but 0 needs a person.",
)
FAULTS: Final = Counter("hansard_redis_faults", "Calls of the server that failed, by call, each try counted.", ["call"])
LOSSES: Final = Counter("hansard_redis_subscription_losses", "Times the subscription for wakes was lost.")
REDIRECTIONS: Final = Counter(
    "hansard_redis_redirections",
    "Calls that a node of a cluster sent elsewhere, by how: moved (for good), ask (while a slot moves).",
    ["how"],
)
UNFIT: Final = Gauge(
    "hansard_deployment_unfit",
    "1 while this process takes no writes and commits nothing, because the deployment's record is gone, is another's "
    "or has a format that its version does not read.",
)
