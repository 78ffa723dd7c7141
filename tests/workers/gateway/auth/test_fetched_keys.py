"""Key sets at an address: when they are fetched, how often, and what is used while a host misbehaves."""

from collections.abc import AsyncIterator

import anyio
import pytest
from joserfc.jwk import ECKey

from core.concurrency import gathered
from core.refusals import Unavailable
from tests.support.bounds import BOUND
from tests.support.house import told
from tests.support.key_host import LOOPBACK, KeyHost, http, jwks, key_host, public, tls_client
from workers.gateway.auth import fetched_keys
from workers.gateway.auth.fetched_keys import FLOOR_S, FRESH_S, FetchedKeys, KeyFetcher
from workers.gateway.http.refusals import KeysNotFetched
from workers.http_client import HttpClient

KEY = public(ECKey.generate_key("P-256"), kid="1")
NEW = public(ECKey.generate_key("P-256"), kid="2")


class Clock:
    """A clock that is set."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def fetcher(clock: Clock) -> AsyncIterator[KeyFetcher]:
    found = KeyFetcher(HttpClient(LOOPBACK, tls=tls_client()), clock=clock)
    async with found.running():
        yield found


@pytest.fixture
async def host() -> AsyncIterator[KeyHost]:
    async with key_host(KEY) as found:
        yield found


async def arrived(found: FetchedKeys) -> None:
    """Wait for the running fetch."""
    if found.flight is not None:
        with anyio.fail_after(BOUND):
            await found.flight.wait()


async def test_a_set_is_fetched_when_it_is_first_needed(fetcher: KeyFetcher, host: KeyHost) -> None:
    found = fetcher.at(host.url)
    with pytest.raises(KeysNotFetched):
        _ = found.keys
    assert host.requests == []
    assert await fetcher.renewed(found, None)
    assert len(found.keys) == 1
    assert fetcher.at(host.url) is found


async def test_all_who_need_a_set_share_one_fetch(fetcher: KeyFetcher, host: KeyHost) -> None:
    found = fetcher.at(host.url)
    assert all(await gathered([lambda: fetcher.renewed(found, None)] * 50))
    assert len(host.requests) == 1


async def test_a_fresh_set_is_not_fetched_again_and_an_old_one_is_in_the_background(
    fetcher: KeyFetcher, host: KeyHost, clock: Clock
) -> None:
    found = fetcher.at(host.url)
    await fetcher.renewed(found, None)
    first = found.keys
    clock.now += FRESH_S - 1
    fetcher.freshen(found)
    assert found.flight is None
    clock.now += 1
    host.serve(NEW)
    fetcher.freshen(found)
    assert found.keys is first  # nobody waited
    await arrived(found)
    assert found.keys is not first
    assert len(host.requests) == 2


async def test_a_set_that_is_served_unchanged_stays_the_same_object(
    fetcher: KeyFetcher, host: KeyHost, clock: Clock
) -> None:
    found = fetcher.at(host.url)
    await fetcher.renewed(found, None)
    first = found.keys
    clock.now += FRESH_S
    fetcher.freshen(found)
    await arrived(found)
    assert (len(host.requests), found.keys) == (2, first)


async def test_made_up_names_of_keys_cause_one_fetch_per_floor(
    fetcher: KeyFetcher, host: KeyHost, clock: Clock
) -> None:
    found = fetcher.at(host.url)
    await fetcher.renewed(found, None)
    for _ in range(100):
        assert not await fetcher.renewed(found, found.keys)
    assert len(host.requests) == 1
    clock.now += FLOOR_S
    for _ in range(100):
        assert not await fetcher.renewed(found, found.keys)
    assert len(host.requests) == 2


async def test_a_new_key_is_found_as_soon_as_the_floor_allows(fetcher: KeyFetcher, host: KeyHost, clock: Clock) -> None:
    found = fetcher.at(host.url)
    await fetcher.renewed(found, None)
    host.serve(KEY, NEW)
    old = found.keys
    clock.now += FLOOR_S
    assert await fetcher.renewed(found, old)
    assert len(found.keys) == 2
    assert await fetcher.renewed(found, old)  # somebody else has waited for it
    assert len(host.requests) == 2


@pytest.mark.parametrize(
    "reply",
    [
        None,
        b"garbage\r\n\r\n",
        http(b"<html>Sign in</html>"),
        http(jwks()),
        http(jwks(KEY) + b" " * 70_000),
        http(jwks(KEY), "500 Internal Server Error"),
        http(b"", "304 Not Modified"),
        http(jwks(NEW), "302 Found", "Location: https://127.0.0.1/other"),
    ],
)
async def test_the_old_set_is_kept_while_its_host_misbehaves(
    fetcher: KeyFetcher, host: KeyHost, clock: Clock, reply: bytes | None
) -> None:
    found = fetcher.at(host.url)
    await fetcher.renewed(found, None)
    first = found.keys
    host.reply = reply
    for _ in range(3):
        clock.now += FRESH_S * 100
        assert not await fetcher.renewed(found, first)
        assert found.keys is first
    host.serve(NEW)
    clock.now += FLOOR_S
    assert await fetcher.renewed(found, first)
    assert len(host.requests) == 5


async def test_a_host_that_was_never_there_leaves_no_set_and_is_asked_again_after_the_floor(
    fetcher: KeyFetcher, host: KeyHost, clock: Clock
) -> None:
    host.reply = http(b"", "503 Service Unavailable")
    found = fetcher.at(host.url)
    for _ in range(20):
        assert not await fetcher.renewed(found, None)
    assert found.current is None
    assert len(host.requests) == 1
    host.serve(KEY)
    clock.now += FLOOR_S
    assert await fetcher.renewed(found, None)


async def test_a_host_that_hangs_is_given_up_and_holds_up_no_other(
    fetcher: KeyFetcher, host: KeyHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetched_keys, "WITHIN_S", 1.0)
    host.hang()
    found = fetcher.at(host.url)
    fetcher.freshen(found)
    async with key_host(KEY) as other:
        assert await fetcher.renewed(fetcher.at(other.url), None)
    assert found.flight is not None
    assert not await fetcher.renewed(found, None)
    assert found.current is None


async def test_the_number_of_those_who_wait_is_bounded(
    fetcher: KeyFetcher, host: KeyHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetched_keys, "MOST_WAITING", 2)
    host.hang()
    found = fetcher.at(host.url)
    async with anyio.create_task_group() as tasks:
        for _ in range(2):
            tasks.start_soon(fetcher.renewed, found, None)
        await host.asked.wait()
        with pytest.raises(Unavailable):
            await fetcher.renewed(found, None)
        host.open.set()
    assert found.waiting == 0
    assert found.current is not None


async def test_who_leaves_takes_no_fetch_along(fetcher: KeyFetcher, host: KeyHost) -> None:
    host.hang()
    found = fetcher.at(host.url)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(fetcher.renewed, found, None)
        await host.asked.wait()
        tasks.cancel_scope.cancel()
    host.open.set()
    await arrived(found)
    assert found.current is not None


async def test_a_private_address_is_not_asked_unless_it_is_permitted(host: KeyHost) -> None:
    fetcher = KeyFetcher(HttpClient(tls=tls_client()))
    async with fetcher.running():
        assert not await fetcher.renewed(fetcher.at(host.url), None)
    assert host.requests == []


async def test_a_failing_host_is_logged_once_and_again_when_it_is_back(
    fetcher: KeyFetcher, host: KeyHost, clock: Clock
) -> None:
    found = fetcher.at(f"{host.url}?key=hidden")
    with told() as lines:
        await fetcher.renewed(found, None)
        for reply in (http(b"secret", "500 No"), None, http(jwks(KEY))):
            host.reply = reply
            clock.now += FRESH_S
            fetcher.freshen(found)
            await arrived(found)
    assert [(line["event"], line["host"]) for line in lines] == [
        ("key_set_fetched", "localhost"),
        ("key_set_not_fetched", "localhost"),
        ("key_set_fetched", "localhost"),
    ]
    assert (lines[1]["cause"], lines[1]["kept"]) == ("status", True)
    assert "secret" not in str(lines)
    assert "hidden" not in str(lines)


async def test_a_fetcher_that_does_not_run_fetches_nothing(host: KeyHost) -> None:
    fetcher = KeyFetcher(HttpClient(LOOPBACK, tls=tls_client()))
    fetcher.freshen(fetcher.at(host.url))
    assert not await fetcher.renewed(fetcher.at(host.url), None)
    assert host.requests == []
