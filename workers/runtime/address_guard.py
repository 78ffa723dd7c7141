"""Guard of outgoing connections: the addresses that a host named by a publication may have.

Operators, and later publications, name hosts that Hansard connects to. Without a guard, such a name could lead into the
network of the deployment: to Redis, or to the metadata service of a cloud. So only public addresses are allowed, and
those that the operator of the deployment permits (`HANSARD_PRIVATE_HOOKS`).
"""

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

ALL: Final = "1"
"""The setting that permits all private addresses."""
_HOST: Final = re.compile(r"[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?")
_DIGITS: Final = re.compile(r"[0-9.]+")
_NUMERIC: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
"""The last part of a host that systems take for an IPv4 address in another form. No domain of the internet has it."""
_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
"""All that is assigned to hosts of the internet. Embedded IPv4 addresses (mapped, NAT64) lie outside."""
_6TO4: Final = IPv6Network("2002::/16")
"""IPv6 addresses with an embedded IPv4 address, which Python counts as global."""


class PrivateHosts(Struct, frozen=True, kw_only=True):
    """The private hosts and networks that an operator permits. By default none."""

    everything: bool = False
    hosts: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()

    def __bool__(self) -> bool:
        return self.everything or bool(self.hosts or self.networks)

    def permits_name(self, host: str) -> bool:
        """True if a host of this name is permitted, whatever address of this deployment's network it has."""
        return self.everything or host.lower().rstrip(".") in self.hosts

    def permits(self, host: str, address: Address) -> bool:
        """True if a connection to this address of `host` is permitted although the address is not public.

        An address that only has a meaning on its link must lie in a permitted network: the metadata services of clouds
        have such addresses.
        """
        if any(address in network for network in self.networks):
            return True
        if not self.permits_name(host):
            return False
        if address.is_loopback:
            return True  # Python counts ::1 among the reserved ones
        return not (address.is_link_local or address.is_multicast or address.is_unspecified or address.is_reserved)


NO_PRIVATE_HOSTS: Final = PrivateHosts()


def fault_of(url: str, private: PrivateHosts) -> str | None:
    """The fault of an address that a publication names, as far as it shows without a look-up; None if there is none.

    `url` is a normalised http or https address. Every connection is checked again, by the addresses of its host.
    """
    target = urlsplit(url)
    host = target.hostname or ""
    address = _literal(host)
    if address is None and _NUMERIC.fullmatch(host.rstrip(".").rpartition(".")[2]):
        return "the host is no name, and no address in its usual form"
    permitted = private.permits_name(host) if address is None else private.permits(host, address)
    if permitted:
        return None
    if target.scheme != "https":
        return "the address must be https, without a user"
    return None if address is None or is_public(address) else "the host has an address that is not public"


def _literal(host: str) -> Address | None:
    try:
        return parsed(host)
    except ValueError:
        return None


def parse_private_hosts(text: str) -> PrivateHosts:
    """Parse a list of hosts, addresses and networks separated by commas, or `1` for all. Raises ValueError."""
    if text.strip() == ALL:
        return PrivateHosts(everything=True)
    hosts: set[str] = set()
    networks: list[Network] = []
    for part in filter(None, (one.strip().lower() for one in text.split(","))):
        if "/" in part or ":" in part or _DIGITS.fullmatch(part):
            networks.append(ip_network(part))
        elif _HOST.fullmatch(part):
            hosts.add(part)
        else:
            raise ValueError("neither a host nor a network")
    return PrivateHosts(hosts=frozenset(hosts), networks=tuple(networks))


def is_public(address: Address) -> bool:
    """True if this is the address of a host of the internet."""
    if isinstance(address, IPv6Address):
        return address in _GLOBAL_UNICAST and address.is_global and address not in _6TO4
    return address.is_global and not address.is_multicast


def parsed(text: str) -> Address:
    """Parse an address as the system returns it, without its zone. An IPv4 address mapped to IPv6 is unwrapped."""
    address = ip_address(text.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return address if mapped is None else mapped
