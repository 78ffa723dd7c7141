"""Metrics of the log and of the Redis layer. No label names a site, a thread or a person."""

from typing import Final

from prometheus_client import Counter, Gauge

APPENDS: Final = Counter("hansard_log_appends", "Appends of decisions to the log, by outcome.", ["outcome"])
BROKEN: Final = Gauge(
    "hansard_log_broken_partitions",
    "Partitions for which this process refuses writes, because their log is damaged. Anything but 0 needs an operator.",
)
FAULTS: Final = Counter("hansard_redis_faults", "Failed calls to Redis, by call; each try counts.", ["call"])
LOSSES: Final = Counter("hansard_redis_subscription_losses", "Times the pub/sub subscription was lost.")
REDIRECTIONS: Final = Counter(
    "hansard_redis_redirections",
    "Calls redirected by a node of a cluster, by how: moved (for good), ask (while a slot moves).",
    ["how"],
)
UNFIT: Final = Gauge(
    "hansard_deployment_unfit",
    "1 while this process takes no writes and commits nothing, because the deployment's record is gone, belongs to "
    "another deployment or has a format that this version does not read.",
)
