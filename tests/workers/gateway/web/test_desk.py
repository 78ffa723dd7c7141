"""The token desk: for whoever sits at this machine and looks at the sample, and for nobody else."""

import json
import time
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import pytest

from tests.support.house import SITE, THREAD, House, problem
from workers.gateway.app import build
from workers.gateway.web import desk
from workers.gateway.web.desk import ROLES, ROUTE, Sample
from workers.roles.up import _shown
from workers.runtime.settings import Settings

Ask = Callable[..., Any]

HERE = {"Sec-Fetch-Site": "same-origin"}
LOOPBACK = ["127.0.0.1:8400", "127.0.0.1", "127.1.2.3:80", "localhost:8400", "LOCALHOST", "[::1]:8400", "[::1]"]
STRANGERS = [
    "evil.example",
    "evil.example:8400",
    "127.0.0.1.evil.example",
    "localhost.evil.example:8400",
    "127.0.0.1:8400@evil.example",
    "127.0.0.1:evil",
    "[::1].evil.example",
    "[::1",
    "192.168.1.2:8400",
    "0.0.0.0:8400",
    "2130706433",
    "127.1",
    "",
]


@pytest.fixture(scope="module")
async def ask(standing: House) -> AsyncIterator[Ask]:
    """Asks a gateway that shows the site of the tests as its sample."""
    app = build(standing.services, sample=Sample(site=SITE, thread=THREAD))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://127.0.0.1:8400") as client:

        async def asking(who: str = "bea", method: str = "GET", **headers: str) -> httpx2.Response:
            given = HERE | {name.replace("_", "-"): value for name, value in headers.items()}
            return await client.request(method, f"{ROUTE}?as={who}", headers=given)

        yield asking


def claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    found: dict[str, Any] = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return found


@pytest.mark.parametrize("who", ROLES)
async def test_it_signs_for_each_person_a_token_that_the_site_takes(ask: Ask, standing: House, who: str) -> None:
    answer = await ask(who)
    assert answer.status_code == 200
    token = answer.json()["token"]
    said = claims(token)
    assert said["aud"] == SITE
    assert said["sub"] == ROLES[who].sub
    assert 0 < said["exp"] - time.time() <= desk.VALID_FOR
    me = await standing.client.get(
        f"/v1/sites/{SITE}/threads/{THREAD}/me", headers={"Authorization": f"Bearer {token}"}
    )
    assert me.status_code == 200, me.text
    queue = await standing.client.get(
        f"/v1/sites/{SITE}/moderation/queue", headers={"Authorization": f"Bearer {token}"}
    )
    assert queue.status_code == (200 if who == "wilma" else 403)


async def test_no_other_origin_may_read_a_token_and_no_cache_keeps_one(ask: Ask) -> None:
    answer = await ask()
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert not [name for name in answer.headers if name.startswith("access-control")]
    preflight = await ask(method="OPTIONS", origin="https://evil.example", access_control_request_method="GET")
    assert not [name for name in preflight.headers if name.startswith("access-control")]


@pytest.mark.parametrize("host", LOOPBACK)
async def test_it_answers_to_the_names_of_this_machine(ask: Ask, host: str) -> None:
    assert (await ask(host=host)).status_code == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST"])
@pytest.mark.parametrize("host", STRANGERS)
async def test_a_stranger_whose_name_leads_to_this_machine_finds_nothing(ask: Ask, host: str, method: str) -> None:
    answer = await ask(method=method, host=host)
    assert answer.status_code == 404
    assert b"token" not in answer.content
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", ""])
async def test_a_page_of_another_origin_finds_nothing(ask: Ask, site: str) -> None:
    problem(await ask(Sec_Fetch_Site=site), 404, "not-found")


@pytest.mark.parametrize("header", ["Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP"])
async def test_whoever_comes_through_a_proxy_finds_nothing(ask: Ask, header: str) -> None:
    problem(await ask(**{header: "10.0.0.1"}), 404, "not-found")


@pytest.mark.parametrize("who", ["", "nobody", "operator", "bea&as=wilma%zz", "../wilma"])
async def test_it_signs_for_nobody_else(ask: Ask, who: str) -> None:
    answer = await ask(who)
    assert answer.status_code in (400, 404)
    assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_without_the_sample_there_is_no_desk(standing: House) -> None:
    answer = await standing.client.get(f"{ROUTE}?as=bea", headers=HERE | {"Host": "127.0.0.1:8400"})
    problem(answer, 404, "not-found")


@pytest.mark.parametrize(
    ("settings", "shown"),
    [
        (Settings(), True),
        (Settings(host="localhost"), True),
        (Settings(host="::1"), True),
        (Settings(host="0.0.0.0"), False),  # noqa: S104 - nothing listens there
        (Settings(host="::"), False),
        (Settings(host="192.168.1.2"), False),
        (Settings(host="hansard.example"), False),
        (Settings(trusted_proxies=1), False),
    ],
)
def test_there_is_one_only_where_nobody_else_can_reach_it(settings: Settings, shown: bool) -> None:
    assert (_shown(settings) is not None) is shown
