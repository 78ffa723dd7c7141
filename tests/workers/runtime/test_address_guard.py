"""Which addresses a host that somebody else names may have."""

from ipaddress import ip_address

import pytest

from workers.runtime.address_guard import NO_PRIVATE_HOSTS, fault_of, is_public, parse_private_hosts, parsed

PRIVATE = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",  # noqa: S104 - an address to refuse
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1",
    "2002:7f00:1::",
    "2001::1",
    "2001:db8::1",
    "fc00::1",
    "fd00::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_leads_into_a_network_is_not_public(address: str) -> None:
    assert not is_public(parsed(address))
    assert not NO_PRIVATE_HOSTS.permits("keys.example", parsed(address))


@pytest.mark.parametrize("address", ["93.184.216.34", "1.1.1.1", "2606:4700::1111", "2a00:1450:4001::1"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(parsed(address))


def test_an_address_mapped_to_ipv6_is_the_address_itself() -> None:
    assert parsed("::ffff:10.0.0.1") == ip_address("10.0.0.1")
    assert is_public(parsed("::ffff:93.184.216.34"))


def test_a_network_is_permitted_for_every_host() -> None:
    given = parse_private_hosts(" 10.1.0.0/16, 192.168.7.7 ,fd00::/8,")
    for address in ("10.1.2.3", "192.168.7.7", "fd12::1"):
        assert given.permits("keys.example", parsed(address))
    for address in ("10.2.0.1", "192.168.7.8", "127.0.0.1", "::1"):
        assert not given.permits("keys.example", parsed(address))


def test_a_host_is_permitted_with_its_private_addresses_alone() -> None:
    given = parse_private_hosts("Keys.Internal")
    for address in ("10.0.0.1", "127.0.0.1", "fd00::1"):
        assert given.permits("keys.internal.", parsed(address))
        assert not given.permits("other.internal", parsed(address))
        assert not given.permits("keys.internal.example", parsed(address))


@pytest.mark.parametrize("setting", ["1", "keys.internal"])
@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "::", "224.0.0.1", "255.255.255.255"])
def test_an_address_that_no_service_has_is_permitted_by_its_network_alone(setting: str, address: str) -> None:
    assert not parse_private_hosts(setting).permits("keys.internal", parsed(address))
    assert parse_private_hosts(address).permits("keys.internal", parsed(address))


def test_one_permits_every_private_address() -> None:
    given = parse_private_hosts("1")
    assert given
    assert all(given.permits("any.example", parsed(one)) for one in ("127.0.0.1", "10.0.0.1", "::1", "fd00::1"))


def test_nothing_is_permitted_by_default() -> None:
    assert not parse_private_hosts("")
    assert not parse_private_hosts(" , ")
    assert not NO_PRIVATE_HOSTS


@pytest.mark.parametrize("wrong", ["2", "10.0.0.1/8", "10.0.0", "*.internal", "https://keys", "a b", "keys/", "[::1]"])
def test_what_is_neither_a_host_nor_a_network_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_private_hosts(wrong)


@pytest.mark.parametrize(
    "url",
    [
        *("http://screener.example/", "http://93.184.216.34/", "http://screener.internal/", "http://[::1]/"),
        *("https://127.0.0.1/", "https://10.0.0.1/x", "https://169.254.169.254/latest", "https://[fd00::1]/"),
        *("https://[::ffff:127.0.0.1]/", "https://[64:ff9b::7f00:1]/", "https://0/", "https://2130706433/"),
        *("https://0x7f.1/", "https://127.1/", "https://0x7f000001./"),
    ],
)
def test_an_address_that_leads_into_a_network_has_a_fault_before_anybody_connects_to_it(url: str) -> None:
    assert fault_of(url, NO_PRIVATE_HOSTS)


@pytest.mark.parametrize("url", ["https://screener.example/", "https://93.184.216.34/", "https://[2606:4700::1111]/"])
def test_an_address_of_the_internet_has_no_fault(url: str) -> None:
    assert fault_of(url, NO_PRIVATE_HOSTS) is None


def test_a_host_that_the_operator_permits_may_be_private_and_be_asked_without_tls() -> None:
    private = parse_private_hosts("screener.internal,10.1.0.0/16")
    for url in (
        "http://screener.internal/",
        "http://10.1.2.3:8080/",
        "https://10.1.2.3/",
        "https://screener.internal/",
    ):
        assert fault_of(url, private) is None
    for url in ("http://10.2.0.1/", "http://screener.example/", "https://127.0.0.1/"):
        assert fault_of(url, private)
    everything = parse_private_hosts("1")
    assert fault_of("http://127.0.0.1/", everything) is None
    assert fault_of("https://169.254.169.254/", everything), "the metadata services of clouds"
