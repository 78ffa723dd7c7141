"""The keys that sign a site's tokens: stored outside the log, read for every request with a token.

One hash per site, in the site's own partition: `kind` is `hs256` or `jwks`, `keys` is the JSON of the given keys, and
`guests` is the key that signs the tokens of guests. Hansard makes that one when the first guest asks for a token; new
keys of the site leave it as it is.
Reading the hash every time makes a rotation effective at once. The reads of one event loop tick share one pipeline, and
equal bytes give the same object, so nothing is parsed twice. The head of the site is read beside the hash: a change of
policy moves it, and the rules for tokens are loaded again. Key material never leaves this package: no event, response,
metric or log line contains any.
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from hashlib import blake2b
from secrets import token_urlsafe
from typing import Any, Final, Literal, NamedTuple

from joserfc.jwk import OctKey
from msgspec import Struct

from core import heads
from core.domain.site import Site
from core.keys import Keys
from core.redis import errors
from core.redis.command import RedisCommand
from core.redis.router import PendingCommand, Router
from core.redis.script import Script
from core.refusals import NotFound
from workers.gateway.auth.claims import USUAL, TokenRules, rules_of
from workers.gateway.auth.fetched_keys import KeyFetcher
from workers.gateway.auth.signing_keys import MOST_BYTES, SiteKeys, Tokens, parsed_keys
from workers.gateway.auth.site_names import SiteNames


class KeySet(Struct, frozen=True):
    """Keys as stored. The log may contain their kind, number and digest, and nothing else."""

    kind: Literal["hs256", "jwks"]
    number: int
    document: bytes
    """JSON of a list of secrets, of a key set, or of the address of a key set."""

    @property
    def digest(self) -> str:
        """Hash that identifies this key set and reveals nothing about it."""
        return blake2b(self.document, digest_size=16).hexdigest()

    def __repr__(self) -> str:
        """Show kind and number only."""
        return f"Given({self.kind!r}, {self.number})"


class PendingKeys(NamedTuple):
    """A read of a site's keys in progress, and the last known keys."""

    last: SiteKeys
    begun: tuple[PendingCommand, ...]


class _Known(NamedTuple):
    """The keys of a site with what they were made from: the stored fields, and the head of the site."""

    fields: Mapping[bytes, bytes]
    head: bytes | None
    keys: SiteKeys


_OPEN: Final = Script("core.redis", "open_site_keys")
_MAKE_GUEST_KEY: Final = Script("core.redis", "make_guest_key")
_READ: Final = "read_keys"
"""Name of the read in logs and metrics."""

PATIENCE: Final = 1.0
"""Seconds for which a read of keys is retried. Later steps of the same request have their own retry time."""


Sites = Callable[[str], Awaitable[Site]]
"""Loads a site as it is now. Raises NotFound."""


class Keyring:
    """Reads and replaces the keys of sites. Raises `core.refusals.Unavailable` if the server stays unreachable."""

    def __init__(
        self,
        redis: Router,
        keys: Keys,
        *,
        sites: Sites | None = None,
        fetcher: KeyFetcher | None = None,
        patience: float = PATIENCE,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        """`most_bytes` bounds the cached tokens of all sites together.

        Without `sites`, the rules for tokens are the usual ones; without `fetcher`, no key set is fetched.
        """
        self._redis = redis
        self._patience = patience
        self._keys = keys
        self._sites = sites
        self.fetcher = fetcher
        self.tokens = Tokens(most_bytes)
        self.names = SiteNames(redis, keys, patience=patience)
        self._parsed: dict[str, _Known] = {}

    def running(self) -> AbstractAsyncContextManager[None]:
        """Fetch key sets for as long as the context lasts."""
        return nullcontext() if self.fetcher is None else self.fetcher.running()

    async def read(self, site: str) -> SiteKeys | None:
        """Return the current keys of a site. None if the site has no keys and so does not exist."""
        return await self._known(site, await self._retry(lambda: self._redis.all(self._reads(site)), _READ))

    def begin(self, site: str) -> PendingKeys | None:
        """Start a read of a site's keys, to continue with the last known keys. None if no keys are known."""
        known = self._parsed.get(site)
        if known is None:
            return None
        return PendingKeys(known.keys, tuple(self._redis.begin(*read.command) for read in self._reads(site)))

    async def finish(self, site: str, pending: PendingKeys) -> SiteKeys | None:
        """Return the current keys of a site: the same object as the last known keys if they have not changed."""
        begun: tuple[PendingCommand, ...] = pending.begun

        async def attempt() -> list[Any]:
            nonlocal begun
            if not begun:
                return await self._redis.all(self._reads(site))
            first, begun = begun, ()
            return [await self._redis.finish(one) for one in first]

        return await self._known(site, await self._retry(attempt, _READ))

    def _reads(self, site: str) -> list[RedisCommand]:
        """The reads of a site's keys: its hash, and the head that a change of its policy moves."""
        reads = [RedisCommand(("HGETALL", self._place(site)))]
        if self._sites is not None:
            reads.append(RedisCommand(("HGET", self._keys.of(site).heads(site, ""), heads.SITE)))
        return reads

    async def _known(self, site: str, replies: list[Any]) -> SiteKeys | None:
        fields, head = _mapping(replies[0]), replies[1] if len(replies) > 1 else None
        if not fields:
            self._parsed.pop(site, None)
            return None
        known = self._parsed.get(site)
        if known is None or known.fields != fields or known.head != head:
            # The head was read first, so the rules are at least as new. If they are newer, the next read loads again.
            rules = USUAL if known is None else known.keys.rules
            if known is None or known.head != head:
                rules = await self._rules(site)
                known = self._parsed.get(site)
            if known is None or known.fields != fields or known.keys.rules != rules:
                known = _Known(fields, head, parsed_keys(fields, self.tokens, self.fetcher, rules))
            self._parsed[site] = known = known._replace(head=head)
        if self.fetcher is not None and known.keys.fetched is not None:
            self.fetcher.freshen(known.keys.fetched)
        return known.keys

    async def _rules(self, site: str) -> TokenRules:
        if self._sites is None:
            return USUAL
        try:
            return rules_of((await self._sites(site)).policy)
        except NotFound:
            return USUAL  # an opening that was interrupted: there is no policy yet

    async def holds(self, site: str, key_set: KeySet) -> bool | None:
        """True if these are the keys of the site. None if the site has no keys."""
        fields = await self._fields(site)
        return _fields_of(key_set).items() <= fields.items() if fields else None

    async def open(self, site: str, key_set: KeySet) -> bool | None:
        """Give an opened site these keys unless it has keys. Returns True if they are its keys now.

        None if the site is not opened; it then gets no keys. Of several concurrent calls one sets the keys.
        """
        await self.names.note(site)
        partition = self._keys.of(site)
        keys = partition.heads(site, ""), self._place(site)
        args = heads.SITE, key_set.kind, key_set.document
        reply: bytes = await self._retry(lambda: self._redis.run(_OPEN, keys, args), "set_keys")
        return None if reply == b"UNOPENED" else reply == b"SAME"

    async def write(self, site: str, key_set: KeySet) -> None:
        """Replace the keys of a site. From the next request on, tokens signed with any other key are invalid."""
        await self.names.note(site)
        pairs = [part for pair in _fields_of(key_set).items() for part in pair]
        await self._retry(lambda: self._redis.call("HSET", self._place(site), *pairs), "set_keys")

    async def guest_key(self, site: str) -> OctKey | None:
        """Return the key that signs the tokens of a site's guests, made by the first call. None if it has no keys."""
        keys = await self.read(site)
        if keys is None or keys.guests is not None:
            return None if keys is None else keys.guests
        made = token_urlsafe(32)
        place = self._place(site)
        kept: bytes | None = await self._retry(lambda: self._redis.run(_MAKE_GUEST_KEY, [place], [made]), "set_keys")
        return None if kept is None else OctKey.import_key(kept)

    async def _fields(self, site: str) -> dict[bytes, bytes]:
        return _mapping(await self._retry(lambda: self._redis.call("HGETALL", self._place(site)), _READ))

    def _place(self, site: str) -> str:
        return self._keys.of(site).site_keys(site)

    async def _retry(self, attempt: Callable[[], Any], what: str) -> Any:
        return await errors.retry(attempt, what, patience=self._patience)


def _mapping(reply: list[bytes]) -> dict[bytes, bytes]:
    return dict(zip(reply[::2], reply[1::2], strict=True))


def _fields_of(key_set: KeySet) -> dict[bytes, bytes]:
    return {b"kind": key_set.kind.encode(), b"keys": key_set.document}
