"""Rates of writes: counted in Redis per member, network and site, by the generic cell rate algorithm (GCRA).

The count of a write is sent together with the read of the site's keys: the token is verified already, by the last known
keys (`workers.gateway.auth.provisional`). Its result is awaited before anything is decided, so a rate costs no round
trip. A caller whom the current keys do not confirm is refused all the same. A server that fails here, or takes no
writes, limits no caller: each time is counted in a metric, and the write itself meets the fault.
"""

from typing import Final, NamedTuple, get_args

import redis.exceptions
import structlog

from core.keys import Keys
from core.policy import Rates as RatesPolicy
from core.rate_limits import Limit, RateKind, RateLimits, in_force
from core.redis import errors
from core.redis.router import PendingCommand, Router
from core.redis.script import Script
from workers.gateway.http.refusals import RateExceeded
from workers.runtime import metrics
from workers.runtime.limits import share

PATIENCE: Final = 1.0
"""Seconds to wait for the result of a count."""
GUESTS_PER_MINUTE: Final = 60
"""New guests per minute and site."""
NOTICES_PER_MINUTE: Final = 60
"""Notices per minute and site."""

_MINUTE: Final = 60.0
_MICRO: Final = 1_000_000
_TAKE: Final = Script("workers.gateway", "take_rate")
_log = structlog.get_logger(__name__)

_Arguments = tuple[bytes, bytes]
"""Interval in microseconds, and burst, as arguments of the script."""


class _Limits(NamedTuple):
    """The arguments of one kind, for a member and for a network."""

    member: _Arguments
    network: _Arguments | None


_ByKind = dict[RateKind, _Limits | None]


class _Whose(NamedTuple):
    """Whose rates a write counts against."""

    site: str
    member: str
    network: str | None


class RateCheck:
    """A write that is being counted against the rates of its member and of the member's network."""

    __slots__ = ("_begun", "_limits", "_other", "_rates", "_whose", "digest")

    def __init__(self, rates: "Rates", limits: _ByKind, whose: _Whose, kind: RateKind, digest: str) -> None:
        """`digest` is the command key of the write."""
        self.digest = digest
        self._rates = rates
        self._limits = limits
        self._whose = whose
        self._other: RateKind | None = None
        self._begun = self._begin(kind)

    @property
    def is_pending(self) -> bool:
        """True until `confirm` was called."""
        return self._begun is not None

    async def confirm(self) -> None:
        """Wait for the result. Raises RateExceeded, once."""
        begun, self._begun = self._begun, None
        # The usual result came with the keys of the site.
        if begun is not None and not (begun.posted.done.done() and begun.call.outcome == _COUNTED):
            await self._rates.finish(begun, _WHOSE)

    async def also(self, kind: RateKind) -> None:
        """Count the write as one of another kind, too. Raises RateExceeded, once."""
        if self._other != kind:
            self._other = kind
            begun = self._begin(kind)
            if begun is not None:
                await self._rates.finish(begun, _WHOSE)

    def _begin(self, kind: RateKind) -> PendingCommand | None:
        limits = self._limits[kind]
        return None if limits is None else self._rates.count(limits, self._whose, kind, self.digest)


_COUNTED: Final = 0
_WHOSE: Final = ("member", "network")


class Rates:
    """The rates of a deployment's sites."""

    def __init__(
        self,
        calls: Router,
        keys: Keys,
        *,
        guests_per_minute: int = GUESTS_PER_MINUTE,
        notices_per_minute: int = NOTICES_PER_MINUTE,
    ) -> None:
        """`guests_per_minute` bounds the new guests of a site, `notices_per_minute` the notices about its comments."""
        self._calls = calls
        self._keys = keys
        self._guests = guests_per_minute
        self._notices = notices_per_minute
        self._known: dict[str, tuple[RatesPolicy, _ByKind | None]] = {}
        """The last policy of each site, and its arguments. Made for every write they would cost as much as the rest."""

    def limits(self, site: str, policy: RatesPolicy) -> _ByKind | None:
        """Return the limits by which a site's policy counts; None for none."""
        known = self._known.get(site)
        if known is None or known[0] != policy:
            in_it = in_force(policy)
            known = self._known[site] = policy, None if in_it is None else _by_kind(in_it)
        return known[1]

    def begin(
        self, site: str, member: str, network: str | None, *, kind: RateKind, limits: _ByKind, digest: str
    ) -> RateCheck:
        """Send the count of a write, in the packet of this tick. `network` is a pseudonym, `digest` a command key."""
        return RateCheck(self, limits, _Whose(site, member, network), kind, digest)

    def count(self, limits: _Limits, whose: _Whose, kind: RateKind, digest: str) -> PendingCommand:
        """Send one count of a member and, if it is known and limited, of the member's network."""
        site, member, network = whose
        place = self._keys.of(site)
        key = place.rate(site, kind, f"m:{member}")
        if network is None or limits.network is None:
            return self._calls.begin_script(_TAKE, (key,), (digest, *limits.member))
        keys, arguments = (key, place.rate(site, kind, f"n:{network}")), (digest, *limits.member, *limits.network)
        return self._calls.begin_script(_TAKE, keys, arguments)

    async def take_guest(self, site: str, network: str | None) -> None:
        """Count a new guest of an existing site. Raises RateExceeded."""
        await self._take_without_token(site, network, "guests", self._guests)

    async def take_notice(self, site: str, network: str | None) -> None:
        """Count a notice about a comment of an existing site. Raises RateExceeded."""
        await self._take_without_token(site, network, "notices", self._notices)

    async def finish(self, begun: PendingCommand, whose: tuple[str, ...]) -> None:
        """Wait for the result of a count; `whose` names its keys. Raises RateExceeded."""
        try:
            with errors.waiting(PATIENCE):
                refused = await self._calls.finish(begun)
        except redis.exceptions.RedisError as error:
            metrics.RATES_NOT_COUNTED.inc()
            _log.warning("rate_not_counted", error=errors.said(error))
            return
        if refused != _COUNTED:
            number, wait = refused
            metrics.RATES_EXCEEDED.labels(whose[number - 1]).inc()
            raise RateExceeded(whose[number - 1], wait / 1000)

    async def _take_without_token(self, site: str, network: str | None, kind: str, per_minute: int) -> None:
        """Count what needs no token. A network may take its share of what a site allows."""
        if not per_minute:
            metrics.RATES_EXCEEDED.labels("site").inc()
            raise RateExceeded("site", _MINUTE)
        place = self._keys.of(site)
        keys = [place.rate(site, kind, "site")]
        arguments: list[str | bytes] = ["", *_per_minute(per_minute)]
        if network is not None:
            keys.append(place.rate(site, kind, f"n:{network}"))
            arguments += _per_minute(share(per_minute))
        await self.finish(self._calls.begin_script(_TAKE, keys, arguments), ("site", "network"))


def _by_kind(limits: RateLimits) -> _ByKind:
    found: _ByKind = {}
    for kind in get_args(RateKind):
        limit = limits.of(kind)
        found[kind] = None if limit is None else _Limits(_arguments(limit), _of_network(limit, limits.network))
    return found


def _arguments(limit: Limit, times: int = 1) -> _Arguments:
    return b"%d" % max(1, round(limit.every * _MICRO / times)), b"%d" % (limit.burst * times)


def _of_network(limit: Limit, times: int) -> _Arguments | None:
    return _arguments(limit, times) if times else None


def _per_minute(number: int) -> _Arguments:
    return _arguments(Limit(every=_MINUTE / number, burst=number))
