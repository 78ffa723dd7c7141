"""Rate limits of a site: how often one member may write, by the kind of the write.

Each limit is one of the generic cell rate algorithm (GCRA): one write every so many seconds, and so many at once by
whom has not written for a while. The policy field `rates` stores `normal`, `off`, or an object with limits by kind.
"""

from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct, ValidationError, convert

from core.policy import Rates

RateKind = Literal["posts", "votes", "reports", "openings"]
"""`posts`: posts, edits and restorations. `reports`: reports, removal requests and appeals. `openings`: first
comments that open a thread, which are posts as well."""

LONGEST_BURST: Final = 500


class Limit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One write every `every` seconds, `burst` at once."""

    every: Annotated[float, Meta(ge=0.001, le=86_400)]
    burst: Annotated[int, Meta(ge=1, le=LONGEST_BURST)]


class RateLimits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits of a member by kind; null is no limit. Everyone in a network together has `network` times these."""

    posts: Limit | None = Limit(every=3, burst=10)
    votes: Limit | None = Limit(every=0.5, burst=60)
    reports: Limit | None = Limit(every=3, burst=10)
    openings: Limit | None = Limit(every=720, burst=5)
    network: Annotated[int, Meta(ge=0, le=1000)] = 20
    """0 is no limit per network."""

    def of(self, kind: RateKind) -> Limit | None:
        """Return the limit of a kind."""
        limit: Limit | None = getattr(self, kind)
        return limit


NORMAL: Final = RateLimits()
_KINDS: Final = frozenset(RateLimits.__struct_fields__)


def in_force(rates: Rates) -> RateLimits | None:
    """Return the limits of a stored policy; None for `off`. What only a newer version knows is passed over."""
    match rates:
        case "normal":
            return NORMAL
        case "off":
            return None
        case _:
            try:
                return decoded({kind: limit for kind, limit in rates.items() if kind in _KINDS})
            except ValidationError:
                return NORMAL


def decoded(rates: dict[str, Any]) -> RateLimits:
    """Decode an object with limits by kind. Raises ValidationError."""
    return convert(rates, RateLimits)
