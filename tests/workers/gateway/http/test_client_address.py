"""Which client a request is of: the peer, or the address that the last trusted proxy wrote."""

from typing import Any

import pytest

from workers.gateway.http.client_address import ClientAddress


def scope(*forwarded: str, peer: str | None = "127.0.0.1") -> dict[str, Any]:
    headers = [(b"host", b"h"), *((b"x-forwarded-for", text.encode("latin-1")) for text in forwarded)]
    return {"client": None if peer is None else (peer, 1234), "headers": headers}


@pytest.mark.parametrize(
    ("peer", "key"),
    [
        ("203.0.113.5", "203.0.113.5"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.5", "203.0.113.5"),
        ("127.0.0.1", None),
        ("127.8.9.10", None),
        ("::1", None),
        ("::ffff:127.0.0.1", None),
        ("10.1.2.3", None),
        ("172.17.0.1", None),
        ("192.168.1.1", None),
        ("fd00::1", None),
        ("fe80::1%eth0", None),
        (None, None),
    ],
)
def test_without_proxies_it_is_the_peer_unless_many_may_come_from_there(peer: str | None, key: str | None) -> None:
    addresses = ClientAddress(0)
    assert addresses.of_peer(peer) == key
    assert addresses.of_request(scope("198.51.100.1", peer=peer)) == key, "what the client says proves nothing"


@pytest.mark.parametrize(
    ("hops", "forwarded", "key"),
    [
        (1, ["203.0.113.5"], "203.0.113.5"),
        (1, ["198.51.100.1, 203.0.113.5"], "203.0.113.5"),
        (1, ["198.51.100.1", "203.0.113.5"], "203.0.113.5"),
        (2, ["198.51.100.1, 203.0.113.5, 192.0.2.1"], "203.0.113.5"),
        (2, ["203.0.113.5"], "203.0.113.5"),
        (3, ["198.51.100.1,203.0.113.5", "192.0.2.1 , 192.0.2.2"], "203.0.113.5"),
        (1, ["203.0.113.5:4711"], "203.0.113.5"),
        (1, ['"[2001:db8:1:2:3:4:5:6]:4711"'], "2001:db8:1:2::/64"),
        (1, ["2001:db8:1:2::9"], "2001:db8:1:2::/64"),
        (1, ["10.0.0.9"], "10.0.0.9"),
        (1, ["unknown"], None),
        (1, ["198.51.100.1, é"], None),
        (1, [""], None),
        (1, [], None),
    ],
)
def test_behind_proxies_it_is_what_the_first_of_them_wrote(hops: int, forwarded: list[str], key: str | None) -> None:
    addresses = ClientAddress(hops)
    assert addresses.of_request(scope(*forwarded)) == key
    assert addresses.of_peer("203.0.113.77") is None, "the connections are those of the proxy"


def test_who_reaches_a_process_past_its_proxies_is_its_peer() -> None:
    assert ClientAddress(1).of_request(scope(peer="203.0.113.8")) == "203.0.113.8"
