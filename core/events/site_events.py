"""Events of a site: opening, signing keys, policy, screener and word lists. Word lists are one aggregate per site."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final, Literal

import msgspec
from msgspec import Struct

from core.events.event import Event
from core.events.policy_event import PolicyEvent
from core.policy import IN_CONTENT, Policy, PolicyChanges, PolicyWords

_DEFAULT_POLICY: Final[Mapping[str, Any]] = msgspec.to_builtins(Policy())


class SiteOpened(PolicyEvent, frozen=True, kw_only=True, tag="site.opened", omit_defaults=True):
    """A site was opened. `policy` is stored whole, so that later defaults do not change what was agreed."""

    CONTENT: ClassVar[frozenset[str]] = frozenset({"name", "words"})
    POLICY: ClassVar[str] = "policy"
    policy: Policy
    name: str | None = None
    words: PolicyWords | None = None

    @classmethod
    def stored(cls, facts: dict[str, Any]) -> dict[str, Any]:
        """Return the fields as they are stored: the words of the policy apart, without those that are the default."""
        policy = facts["policy"]
        for name in IN_CONTENT:
            if name in policy and policy[name] == _DEFAULT_POLICY[name]:
                del policy[name]
        return super().stored(facts)


class SiteRekeyed(Event, frozen=True, kw_only=True, tag="site.rekeyed", omit_defaults=True):
    """The keys that sign the site's tokens were replaced. Holds their kind and number, never the keys."""

    kind: Literal["hs256", "jwks"]
    number: int


class PolicyChanged(PolicyEvent, frozen=True, kw_only=True, tag="policy.changed", omit_defaults=True):
    """Fields of the site's policy were changed."""

    CONTENT: ClassVar[frozenset[str]] = frozenset({"words"})
    POLICY: ClassVar[str] = "changes"
    changes: PolicyChanges
    words: PolicyWords | None = None


class ScreenerConfigured(Event, frozen=True, kw_only=True, tag="screener.configured", omit_defaults=True):
    """A screener of the site's texts was set up, or another one. Holds its shape and its host, never its secret."""

    CONTENT: ClassVar[frozenset[str]] = frozenset({"host"})
    shape: str
    host: str | None = None


class ScreenerRemoved(Event, frozen=True, kw_only=True, tag="screener.removed", omit_defaults=True):
    """The site has no screener any more."""


class ListVersion(Struct, frozen=True, kw_only=True, gc=False):
    """A word list: the position of its version, and the number and the digest of its terms."""

    list: str
    at: str
    count: int
    digest: str


class ListChanged(Event, frozen=True, kw_only=True, tag="list.changed", omit_defaults=True):
    """A word list of the site was replaced, or with `removed` taken away.

    `others` are the site's other lists then, so that the last event alone tells which lists there are.
    """

    CONTENT: ClassVar[frozenset[str]] = frozenset({"terms"})
    list: str
    count: int = 0
    digest: str | None = None
    removed: bool = False
    others: tuple[ListVersion, ...] = ()
    terms: tuple[str, ...] | None = None
