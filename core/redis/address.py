"""Redis URL of a deployment: one server, sentinels or a cluster.

    redis://  rediss://  unix://                                       one server, as in redis-py
    redis+sentinel://[user:password@]host:port,host:port/service       the server that the sentinels call primary
    redis+cluster://[user:password@]host:port,host:port                some nodes of a cluster; the rest are discovered

`rediss+sentinel` and `rediss+cluster` are the same over TLS. User, password and parameters (`?db=2`) are those of the
servers. Sentinels that require a password get it as `?sentinel_password=` and `?sentinel_username=`.
"""

from typing import Final, Literal, NamedTuple
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit

from redis.asyncio.connection import parse_url

from core.redis.errors import BadAddress

Kind = Literal["single", "sentinel", "cluster"]

SCHEMES: Final = "redis://, rediss://, unix://, redis+sentinel:// or redis+cluster://"
"""URL schemes. Over TLS the last two begin with rediss."""

_PORTS: Final = {"sentinel": 26379, "cluster": 6379}
"""Default ports."""


class Address(NamedTuple):
    """Parsed Redis URL. `places` are sentinels or cluster nodes as `host:port`, or the URL of one server."""

    kind: Kind
    places: tuple[str, ...]
    service: str = ""
    """Name of the primary at the sentinels."""
    scheme: str = "redis"
    account: str = ""
    """`user:password@` for the servers, quoted as in a URL."""
    parameters: str = ""
    """`?…` for the servers."""
    watching: str = ""
    """`user:password@` for the sentinels."""

    def server(self, place: str) -> str:
        """URL of the server at `host:port`."""
        return place if self.kind == "single" else f"{self.scheme}://{self.account}{place}{self.parameters}"

    def name(self, place: str) -> str:
        """Name of a server for log lines: without user, password and parameters."""
        if self.kind != "single":
            return place
        parts = urlsplit(place)
        return parts.netloc.rpartition("@")[2] or parts.path

    def sentinel(self, place: str) -> str:
        """URL of the sentinel at `host:port`."""
        return f"{self.scheme}://{self.watching}{place}"

    def __repr__(self) -> str:
        """Show the kind and the number of places only: the rest may hold a password."""
        return f"Address({self.kind!r}, {len(self.places)} places)"


def parse(url: str) -> Address:
    """Parse a URL. Raises `BadAddress`, with a one-line message that shows no password."""
    try:
        parts = _split(url)
    except ValueError as error:
        raise BadAddress(f"The Redis URL cannot be used: {error}") from error
    scheme, _, kind = parts.scheme.partition("+")
    if parts.scheme in {"redis", "rediss", "unix"}:
        return Address("single", (url,))
    if scheme not in {"redis", "rediss"} or kind not in _PORTS:
        raise BadAddress(f"A Redis URL starts with {SCHEMES}")
    account, _, hosts = parts.netloc.rpartition("@")
    places = tuple(_place(host, _PORTS[kind]) for host in hosts.split(","))
    parameters = dict(parse_qsl(parts.query))
    watching = _account(parameters.pop("sentinel_username", ""), parameters.pop("sentinel_password", ""))
    return Address(
        kind="sentinel" if kind == "sentinel" else "cluster",
        places=places,
        service=_service(parts, kind),
        scheme=scheme,
        account=account and f"{account}@",
        parameters=f"?{urlencode(parameters)}" if parameters else "",
        watching=watching,
    )


def has_password(url: str) -> bool:
    """True if the URL carries a password, for servers or sentinels. Raises `BadAddress`, ValueError."""
    address = parse(url)
    return bool(address.watching) or any(parse_url(address.server(one)).get("password") for one in address.places)


def place(host: str, port: int | str) -> str:
    """`host:port`, as written in a URL."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _split(url: str) -> SplitResult:
    """Split a URL. `urlsplit` gets no list of hosts: newer versions refuse a bracket after the first host."""
    scheme, mark, rest = url.partition("://")
    if "+" not in scheme:
        return urlsplit(url)
    end = min((at for sign in "/?#" if (at := rest.find(sign)) >= 0), default=len(rest))
    return urlsplit(f"{scheme}{mark}{rest[end:]}")._replace(netloc=rest[:end])


def _place(text: str, port: int) -> str:
    try:
        parts = urlsplit(f"//{text}")
        named = place(parts.hostname or "", parts.port or port)
    except ValueError as error:
        # The text in place of the port may be part of a password.
        raise BadAddress("The Redis URL cannot be used: list the servers as host:port,host:port") from error
    if not parts.hostname:
        raise BadAddress("The Redis URL cannot be used: it names no host, or an empty host between two commas")
    return named


def _service(parts: SplitResult, kind: str) -> str:
    service = parts.path.strip("/")
    if kind == "sentinel" and (not service or "/" in service):
        raise BadAddress(
            "A Redis URL for Sentinel ends with the name of the service: redis+sentinel://host:port/service"
        )
    if kind == "cluster" and service:
        raise BadAddress("A Redis URL for a cluster has no path: a cluster has only one database and no service")
    return service


def _account(username: str, password: str) -> str:
    return f"{quote(username, safe='')}:{quote(password, safe='')}@" if username or password else ""
