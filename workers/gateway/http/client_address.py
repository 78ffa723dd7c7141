"""The client address as the key of a client's share: the peer of the connection, or as reported by trusted proxies.

`X-Forwarded-For` is a list to which each proxy appends the address of its own peer. With `hops` proxies in front, the
entry that is `hops` from the right is the last one that a trusted proxy wrote; all entries left of it were sent by
the client and prove nothing.

Without trusted proxies the peer is the client, unless its address is of this machine or of a private network. Such a
peer is most likely a proxy, and one share for all clients behind it would refuse honest clients.
"""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from starlette.types import Scope

Network = IPv4Network | IPv6Network

LOOPBACK: Final = tuple(ip_network(text) for text in ("127.0.0.0/8", "::1/128"))
PRIVATE: Final = tuple(
    ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10")
)
PREFIX_V6: Final = 64
"""Bits of an IPv6 address that identify a client: the client itself chooses the rest."""
_REMEMBERED: Final = 4096


class ClientAddress:
    """Finds the key under which a client is counted. None if the address is unknown or shared by many clients."""

    def __init__(self, hops: int, *, shared: Iterable[Network] = (*LOOPBACK, *PRIVATE)) -> None:
        """Trust `hops` proxies. Peers in the networks `shared` are not counted."""
        self.hops = hops
        self._shared = tuple(shared)

    def of_peer(self, host: str | None) -> str | None:
        """Return the key of a connection's peer. None if the peer is a trusted proxy."""
        return None if self.hops or host is None else self._unshared(host)

    def of_request(self, scope: Scope) -> str | None:
        """Return the key of a request's client."""
        client = scope["client"]
        if not self.hops:
            return None if client is None else self._unshared(client[0])
        listed = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
        entries = [entry for entry in listed.decode("latin-1").split(",") if entry.strip()]
        if entries:
            return key_of(entries[-min(self.hops, len(entries))].strip())
        return None if client is None else self._unshared(client[0])

    def _unshared(self, host: str) -> str | None:
        address = parse(host)
        if address is None or any(address in network for network in self._shared):
            return None
        return key_of(host)


@lru_cache(_REMEMBERED)
def key_of(text: str) -> str | None:
    """Return the address itself, or the /64 of an IPv6 address. None for text that is no address."""
    address = parse(text)
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, PREFIX_V6), strict=False))
    return None if address is None else str(address)


@lru_cache(_REMEMBERED)
def parse(text: str) -> IPv4Address | IPv6Address | None:
    """Parse a peer name or an entry of `X-Forwarded-For`, with or without a port. None if it is no address."""
    host = text.strip('"')
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return address if mapped is None else mapped
