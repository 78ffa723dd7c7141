"""What a generator of requests finds: the gateway keeps to its own document, whatever it is asked.

Well-formed requests may be refused for what a schema cannot say: 412, 413, 422 and 428 are then right, and 400 where
the problem points to such a field (`UNSAYABLE`).
"""

import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final, NamedTuple

import anyio
import pytest
import schemathesis
import uvicorn
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, settings
from schemathesis import Case, CheckContext, GenerationMode, Response
from schemathesis.config import SchemathesisConfig

from tests.gateway.house import ADA, BEN, SITE, THREAD, House, Who, built, operator_token, token
from workers.gateway.openapi import document

EXPECTED: Final = ["2xx", "3xx", "401", "403", "404", "409", "412", "413", "422", "428"]
UNSAYABLE: Final = {
    "": "an Idempotency-Key or If-Match given twice",
    "/anchor": "an anchor that is there, and that of the parent",
    "/parent_revision": "needs a parent",
    "/title": "has something that can be seen",
    "/name": "has something that can be seen",
    "/quote/exact": "has something that can be seen",
    "/url": "lies in an origin of the publication",
    "/until": "is not past",
    "/at": "is not later than now",
    "/from": "a position needs a thread",
    "/to": "a position needs a thread",
    "/after": "excludes at",
}
CONFIG: Final = {
    "checks": {
        "positive_data_acceptance": {"enabled": False},  # `taken` below looks closer
        "missing_required_header": {"expected-statuses": [400, 401, 403, 404, 415, 422, 428]},
        "negative_data_rejection": {"expected-statuses": [400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 428]},
    },
    "phases": {"coverage": {"enabled": True}},
}

STAFF: Final = Who("mod", ("moderator", "auditor", "admin"))


class Site(NamedTuple):
    """Where the server listens, and what is there."""

    address: str
    comment: str


@contextlib.asynccontextmanager
async def served(url: str) -> AsyncIterator[Site]:
    async with built(url) as house:
        comment = await _furnished(house)
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            config = uvicorn.Config(house.app, lifespan="off", log_config=None, access_log=False)
            server = uvicorn.Server(config)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(server.serve, [listening])
                yield Site(f"http://127.0.0.1:{listening.getsockname()[1]}", comment)
                server.should_exit = True


async def _furnished(house: House) -> str:
    await house.open_site(premoderation="links")
    await house.open_thread()
    comment = await house.post(ADA)
    await house.post(BEN, "An answer.", parent=comment)
    return comment


@pytest.fixture(scope="module")
def site(server: str) -> Iterator[Site]:
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(served(server)) as found:
        yield found


def taken(ctx: CheckContext, response: Response, case: Case[Any]) -> None:
    """What is well-formed is not refused as if it were not."""
    del ctx
    if case.meta is None or case.meta.generation.mode is not GenerationMode.POSITIVE:
        return
    if response.status_code != 400:
        codes = [code for code in EXPECTED if str(response.status_code).startswith(code.rstrip("x"))]
        assert codes, f"{response.status_code}: {response.text}"
        return
    told = response.json()
    if told["type"] in ("/problems/bad-cursor", "/problems/unknown-position"):
        return
    pointers = {error["pointer"] for error in told["errors"]}
    assert pointers <= UNSAYABLE.keys(), told


schema = schemathesis.openapi.from_dict(document(), config=SchemathesisConfig.from_dict(CONFIG)).exclude(
    operation_id="followThread"
)


# The server runs in another thread and draws its pauses by chance: hypothesis takes that for a test's own doing.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module")
@schema.parametrize()
@settings(max_examples=4, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_the_gateway_keeps_to_its_document(case: Case[Any], site: Site) -> None:
    real = {"site": SITE, "thread": THREAD, "comment": site.comment}
    places: dict[str, Any] = case.path_parameters or {}
    if case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE:
        places.update({name: value for name, value in real.items() if name in places})
    case.path_parameters = places
    operator = case.operation.definition.raw.get("x-who") == "operator"
    bearer = operator_token() if operator else token(STAFF)
    case.call_and_validate(
        base_url=site.address, headers={"Authorization": f"Bearer {bearer}"}, additional_checks=[taken]
    )
