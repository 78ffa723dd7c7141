"""What the gateway works with, handed in whole: nothing here is global."""

import time
from collections.abc import Callable, Mapping

from msgspec import Struct, field

from core.application.aggregates import AggregateCache
from core.durability import MEMORY, Durability
from core.log.port import Log
from core.refusals import Unavailable
from core.singleflight import SingleFlight
from projections.read.served_generation import Served
from projections.read.views import Views
from workers.gateway.auth.keyring import Keyring
from workers.gateway.auth.tokens import Operators
from workers.gateway.http.admission import Admission
from workers.gateway.http.body_budget import BodyBudget
from workers.gateway.http.lag_watch import LagWatch
from workers.gateway.http.response import Response
from workers.gateway.http.response_cache import ReadyAnswers
from workers.gateway.operations.count_cache import CountCache
from workers.gateway.operations.past_cache import PastPages


class Services(Struct, frozen=True, kw_only=True):
    """The log, the views and the keys of a deployment, and what was set for this gateway."""

    log: Log
    views: Views
    served: Served
    """The served generation itself, to be asked how far it has come."""
    keyring: Keyring
    operators: Operators
    counts: CountCache
    """Counts of threads, remembered."""
    past: PastPages
    """Pages of the past, kept, and the bound of the work that makes them."""
    ready: ReadyAnswers | None = None
    """Answers that are kept ready; None makes every answer anew."""
    durability: Durability = MEMORY
    """What an acknowledgement of a write means in this deployment."""
    max_request: int = 262_144
    """Bytes that a body may have."""
    lag: LagWatch
    """How far the views are behind, looked at every few seconds."""
    stopped: Callable[[], Mapping[int, str]] = dict
    """The partitions of this process's own projector, where it has one, that stopped, and where and why each did."""
    serves_pages: bool = True
    """False where the process projects and answers operations alone."""
    running: Callable[[], bool] = lambda: True
    """True once all parts of the process have started, until it is about to end."""
    readiness: SingleFlight[str, Response] = field(default_factory=SingleFlight)
    """Answers of `/readyz` and `/readyz/writes`, by path, shared by callers of one moment."""
    exposition: SingleFlight[str, Response] = field(default_factory=SingleFlight)
    """Answers of `/metrics` by format, shared likewise."""
    operations_apart: bool = False
    """True where readiness and metrics are served at an address of their own, and nowhere else."""
    unfit: Callable[[], str | None] = lambda: None
    """The cause that keeps this process from writing to its deployment now, in a sentence; None where it may write."""
    clock: Callable[[], float] = time.time
    """Seconds since 1970: tokens are judged by it. Commands are judged by the time of the log."""
    admission: Admission = field(default_factory=Admission)
    """How much is taken on at the same time."""
    bodies: BodyBudget = field(default_factory=BodyBudget)
    """The memory that request bodies may take while they come in."""
    folds: AggregateCache = field(default_factory=AggregateCache)
    """Aggregates folded lately; each time, a load or the append tells whether they are still the last word."""

    def require_fit(self) -> None:
        """Raise Unavailable where this process may not write to its deployment."""
        unfit = self.unfit()
        if unfit is not None:
            raise Unavailable(unfit)
