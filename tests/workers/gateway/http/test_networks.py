"""Pseudonyms of networks: the same for a network, a site and a day, and for nothing else."""

from functools import partial
from typing import Any

from workers.gateway.http.client_address import ClientAddress
from workers.gateway.http.networks import Networks

DAY = 86_400
NOW = 1_800_000_000.0
SECRET = "the operator's secret, 32 bytes and more"


def scope(address: str | None) -> dict[str, Any]:
    headers = [] if address is None else [(b"x-forwarded-for", address.encode())]
    return {"headers": headers, "client": ("127.0.0.1", 4000)}


def of(address: str | None, site: str = "kew", now: float = NOW, *, hops: int = 1, secret: str = SECRET) -> str | None:
    return Networks(ClientAddress(hops), secret).of(scope(address), site, lambda: now)


def test_a_network_has_one_pseudonym_a_site_and_day_in_every_gateway() -> None:
    assert of("192.0.2.1") == of("192.0.2.1", now=NOW + 60) is not None
    assert of("2001:db8::1") == of("2001:db8::2"), "a client chooses the rest of its address itself"
    others = [
        of("192.0.2.2"),
        of("192.0.2.1", "soho"),
        of("192.0.2.1", now=NOW + DAY),
        of("192.0.2.1", secret="another secret, of 32 bytes and more"),
    ]
    assert len({of("192.0.2.1"), *others}) == 1 + len(others)


def test_a_pseudonym_does_not_hold_the_address() -> None:
    assert "192.0.2.1" not in (of("192.0.2.1") or "")


def test_a_day_goes_over_into_the_next() -> None:
    networks = Networks(ClientAddress(1), SECRET)
    first, second = (networks.of(scope("192.0.2.1"), "kew", partial(float, now)) for now in (NOW, NOW + DAY))
    assert first != second
    assert networks.of(scope("192.0.2.1"), "kew", lambda: NOW) == first


def test_without_trusted_proxies_or_an_address_there_is_none() -> None:
    assert of("192.0.2.1", hops=0) is None
    assert of(None) is None
    assert of("unknown") is None
