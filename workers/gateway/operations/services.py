"""Dependencies of the gateway, passed in whole: nothing here is global."""

import time
from collections.abc import Callable, Mapping

from msgspec import Struct, field

from core.application.aggregate_cache import AggregateCache
from core.contacts import Contacts
from core.durability import MEMORY, Durability
from core.log.port import Log
from core.refusals import Unavailable
from core.screener import Screeners
from core.sightings import Sightings
from core.singleflight import SingleFlight
from projections.read.current_row import CurrentRows
from projections.read.moderation_summary import Summary
from projections.read.served_generation import Served
from workers.gateway.auth.keyring import Keyring
from workers.gateway.auth.tokens import Operators
from workers.gateway.batches import OpenBatches
from workers.gateway.deciders import Deciders
from workers.gateway.hands import HandStore
from workers.gateway.http.admission import Admission
from workers.gateway.http.body_budget import BodyBudget
from workers.gateway.http.lag_watch import LagWatch
from workers.gateway.http.networks import Networks
from workers.gateway.http.public_address import PublicAddress
from workers.gateway.http.response import Response
from workers.gateway.http.response_cache import ResponseCache
from workers.gateway.note_keeper import NoteKeeper
from workers.gateway.notice_references import NoticeReferences
from workers.gateway.operations.bounded_work import BoundedWork
from workers.gateway.operations.count_cache import CountCache
from workers.gateway.operations.past_cache import PastPages
from workers.gateway.operations.record_cache import RecordIndexes
from workers.gateway.operations.standings_cache import StandingsCache
from workers.gateway.operations.thread_checks import ThreadChecks
from workers.gateway.pseudonyms import Pseudonyms
from workers.gateway.rates import Rates
from workers.runtime.address_guard import NO_PRIVATE_HOSTS, PrivateHosts


class Services(Struct, frozen=True, kw_only=True):
    """The log, the views and the keys of a deployment, and the settings of this gateway."""

    log: Log
    served: Served
    """The served views, for the functions of `projections.read`."""
    current_rows: CurrentRows
    """Rows for the responses to votes."""
    keyring: Keyring
    operators: Operators
    rates: Rates
    """Counts of writes per member, network and site."""
    networks: Networks
    """Pseudonyms of the networks of requests, for rates."""
    contacts: Contacts
    """Sealed names and addresses of people."""
    screeners: Screeners
    """Screeners of sites, sealed."""
    references: NoticeReferences
    """References of notices."""
    pseudonyms: Pseudonyms
    """Pseudonyms of voters."""
    hands: HandStore
    """Items of the moderation queue that moderators have in hand."""
    deciders: Deciders
    """Moderators by the time of their last decision."""
    batches: OpenBatches
    """Batches that their caller may continue."""
    notes: NoteKeeper
    """Writes what rules need to know of members."""
    counts: CountCache
    """Cached comment counts of threads."""
    past: PastPages
    """Cached pages of the past, and the bound of the work that makes them."""
    standings: StandingsCache
    """Cached standings of sites."""
    records: RecordIndexes
    """Cached indexes of the events of threads."""
    checks: ThreadChecks
    """Checks of single threads."""
    reports: BoundedWork = field(default_factory=lambda: BoundedWork("reports", "reports", at_once=2))
    """The bound of figures and rehearsals."""
    sightings: Sightings
    """Hints about the passages of inline questions."""
    response_cache: ResponseCache | None = None
    """Response cache for public reads; None disables it."""
    durability: Durability = MEMORY
    """Durability that an acknowledgement of a write promises in this deployment."""
    max_request: int = 262_144
    """Most bytes of a request body."""
    lag: LagWatch
    """Lag of the views, measured every few seconds."""
    stopped: Callable[[], Mapping[int, str]] = dict
    """Stopped partitions of this process's projector, if it has one, each with the position and the cause."""
    serves_pages: bool = True
    """False if the process only projects and serves operations."""
    running: Callable[[], bool] = lambda: True
    """True once all parts of the process have started, until it is about to end."""
    summaries: SingleFlight[tuple[str, str | None], Summary] = field(default_factory=SingleFlight)
    """Summaries of the moderation of sites, by site and label, shared by concurrent callers."""
    readiness: SingleFlight[str, Response] = field(default_factory=SingleFlight)
    """Responses of `/readyz` and `/readyz/writes`, by path, shared by concurrent callers."""
    exposition: SingleFlight[str, Response] = field(default_factory=SingleFlight)
    """Responses of `/metrics` by format, shared likewise."""
    public: PublicAddress = field(default_factory=PublicAddress)
    """Address of this gateway for browsers: all absolute addresses are made from it."""
    private_hosts: PrivateHosts = NO_PRIVATE_HOSTS
    """Private hosts that a publication may name."""
    operations_apart: bool = False
    """True if readiness and metrics are served at an address of their own, and nowhere else."""
    unfit: Callable[[], str | None] = lambda: None
    """The reason this process may not write to its deployment now, as a sentence; None if it may."""
    clock: Callable[[], float] = time.time
    """Seconds since 1970, for checking tokens. Commands are checked against the time of the log."""
    admission: Admission = field(default_factory=Admission)
    """Bounds of concurrent requests."""
    bodies: BodyBudget = field(default_factory=BodyBudget)
    """Memory bound of request bodies while they are received."""
    aggregate_cache: AggregateCache = field(default_factory=AggregateCache)
    """Cached aggregates. Hints only: a load or the append compares each with the log."""

    def require_fit(self) -> None:
        """Raise Unavailable if this process may not write to its deployment."""
        unfit = self.unfit()
        if unfit is not None:
            raise Unavailable(unfit)
