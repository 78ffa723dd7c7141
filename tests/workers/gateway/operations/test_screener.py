"""Where a site's texts are screened: who sets that up, what is refused, and what never leaves it again."""

from base64 import b64encode
from typing import Any, Final

import httpx2
import pytest
from msgspec.structs import replace

from core.position import START
from core.screener import Screeners
from core.sealing import Unsealable
from tests.support.house import ADA, ADMIN, AUDITOR, MOD, PARTITIONS, SITE, House, Who, problem, told
from workers.gateway.shapes.screening import ScreenerShape
from workers.runtime.address_guard import parse_private_hosts
from workers.screening_shapes.registry import SHAPES

SECRET: Final = f"whsec_{b64encode(bytes(range(32))).decode()}"
GIVEN: Final = {"url": "https://screener.example/hook?key=of-the-address", "shape": "hansard", "secret": SECRET}


async def put(house: House, who: Who = ADMIN, **given: Any) -> httpx2.Response:
    body = {name: value for name, value in {**GIVEN, **given}.items() if value is not None}
    return await house.ask("PUT", "screening", who, body)


async def events(house: House) -> list[tuple[str, Any]]:
    found = (await house.get("audit", AUDITOR)).json()["events"]
    return [(one["type"], one["data"]) for one in found if one["type"].startswith("screener.")]


async def test_an_admin_sets_a_screener_up_reads_it_and_takes_it_away(house: House) -> None:
    problem(await house.get("screening", ADMIN), 404, "not-found")
    assert (await put(house)).status_code == 200
    answer = await house.get("screening", ADMIN)
    assert answer.json() == {"url": GIVEN["url"], "shape": "hansard"}
    assert (await house.ask("DELETE", "screening", ADMIN)).status_code == 200
    problem(await house.get("screening", ADMIN), 404, "not-found")


async def test_the_log_says_who_sent_texts_where_and_has_neither_address_nor_secret(house: House) -> None:
    await put(house)
    await put(house, shape="coral", secret="another secret of theirs")
    await house.ask("DELETE", "screening", ADMIN)
    kept = [("hansard", "screener.example"), ("coral", "screener.example")]
    found = await events(house)
    assert [kind for kind, _ in found] == ["screener.configured", "screener.configured", "screener.removed"]
    assert [(data["shape"], data["host"]) for _, data in found[:2]] == kept
    for number in range(PARTITIONS):
        entries = b"".join(e + c for _, e, c in await house.log.read(number, START, limit=1000))
        assert b"of-the-address" not in entries
        assert SECRET.encode() not in entries


async def test_what_is_already_so_is_no_event(house: House) -> None:
    first = await put(house)
    again = await put(house)
    assert again.json()["position"] == first.json()["position"]
    assert len(await events(house)) == 1
    await house.ask("DELETE", "screening", ADMIN)
    await house.ask("DELETE", "screening", ADMIN)
    assert len(await events(house)) == 2


async def test_without_a_secret_the_one_that_the_site_has_for_the_shape_stays(house: House) -> None:
    told = problem(await put(house, secret=None), 400, "bad-request")
    assert told["errors"][0]["pointer"] == "/secret"
    await put(house)
    assert (await put(house, url="https://screener.example/moved", secret=None)).status_code == 200
    screener = await house.services.screeners.read(SITE)
    assert screener is not None
    assert (screener.url, screener.secret) == ("https://screener.example/moved", SECRET)
    problem(await put(house, shape="coral", secret=None), 400, "bad-request")


@pytest.mark.parametrize("who", [ADA, MOD, AUDITOR])
async def test_nobody_but_an_admin_knows_or_changes_it(house: House, who: Who) -> None:
    await put(house)
    for method in ("GET", "PUT", "DELETE"):
        body = GIVEN if method == "PUT" else None
        problem(await house.ask(method, "screening", who, body), 403, "not-allowed")


@pytest.mark.parametrize(
    ("pointer", "given"),
    [
        ("/shape", {"shape": "perspective"}),
        ("/url", {"url": "ftp://screener.example/"}),
        ("/url", {"url": "http://screener.example/"}),
        ("/url", {"url": "http://127.0.0.1/"}),
        ("/url", {"url": "http://10.0.0.7:8080/"}),
        ("/url", {"url": "https://127.0.0.1/"}),
        ("/url", {"url": "https://169.254.169.254/latest/meta-data"}),
        ("/url", {"url": "https://[::1]/"}),
        ("/url", {"url": "https://2130706433/"}),
        ("/url", {"url": "https://user:word@screener.example/"}),
        ("/url", {"url": f"https://screener.example/{'x' * 2000}"}),
        ("/secret", {"secret": "whsec_short"}),
        ("/secret", {"secret": f"whsec_{b64encode(bytes(32)).decode()}"}),
        ("/secret", {"shape": "coral", "secret": "x" * 32}),
        ("/secret", {"shape": "akismet", "secret": "not a key"}),
        ("/secret", {"secret": "x" * 513}),
        ("/timeout", {"timeout": 5}),
    ],
)
async def test_what_cannot_be_asked_is_refused_where_it_is_wrong(house: House, pointer: str, given: Any) -> None:
    answer = problem(await put(house, **given), 400, "bad-request")
    assert [error["pointer"] for error in answer["errors"]] == [pointer]
    assert await house.services.screeners.read(SITE) is None


async def test_a_host_that_the_operator_permits_may_be_asked_without_tls(house: House) -> None:
    house.serve(replace(house.services, private_hosts=parse_private_hosts("screener.internal,127.0.0.0/8")))
    for url in ("http://screener.internal/hook", "http://127.0.0.1:9/hook"):
        assert (await put(house, url=url)).status_code == 200


async def test_no_line_that_is_logged_and_no_answer_has_the_secret(house: House) -> None:
    with told() as lines:
        answers = [await put(house), await house.get("screening", ADMIN), await put(house, shape="akismet")]
    kept = repr(lines) + "".join(answer.text for answer in answers)
    assert SECRET not in kept
    assert SECRET.removeprefix("whsec_") not in kept
    assert SECRET not in repr(await house.services.screeners.read(SITE))


async def test_a_screener_lies_sealed_and_opens_nowhere_else(house: House) -> None:
    await put(house)
    calls, keys = house.deployment.calls, house.deployment.keys
    sealed = await calls.call("GET", keys.of(SITE).screener(SITE))
    assert b"screener.example" not in sealed
    await calls.call("SET", keys.of("orangery").screener("orangery"), sealed)
    with pytest.raises(Unsealable):
        await house.services.screeners.read("orangery")
    with pytest.raises(Unsealable):
        await Screeners(calls, keys, "another key of thirty-two bytes !").read(SITE)


async def test_one_that_another_key_sealed_is_set_up_again(house: House) -> None:
    await put(house)
    other = Screeners(house.deployment.calls, house.deployment.keys, "another key of thirty-two bytes !")
    house.serve(replace(house.services, screeners=other))
    problem(await house.get("screening", ADMIN), 503, "unavailable")
    assert (await put(house)).status_code == 200
    assert (await house.get("screening", ADMIN)).json()["shape"] == "hansard"


async def test_a_deployment_without_a_key_keeps_no_secret(house: House) -> None:
    without = Screeners(house.deployment.calls, house.deployment.keys, None)
    house.serve(replace(house.services, screeners=without))
    answer = problem(await put(house), 503, "unavailable")
    assert "HANSARD_CONTACTS_KEY" in answer["detail"]
    assert await events(house) == []


def test_the_document_names_the_shapes_that_there_are() -> None:
    assert ScreenerShape.__origin__.__args__ == tuple(SHAPES)  # type: ignore[attr-defined] # of a literal
