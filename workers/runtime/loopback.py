"""Addresses of this machine alone."""

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """True if this is an address of the loopback interface, or `localhost`. An IPv6 address may have brackets."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.removeprefix("[").removesuffix("]")).is_loopback
    except ValueError:
        return False
