"""Topology discovery: asks several cluster nodes or sentinels at once, and does not wait for silent ones."""

import random
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final, TypeVar

import anyio
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from core.partitions import SLOTS
from core.redis.address import place
from core.redis.client import ask
from core.redis.slots import SlotMap, merged

ANSWER_WITHIN: Final = 1.0
"""Seconds in which the first node or sentinel must answer."""

GRACE: Final = 0.2
"""Seconds for the others after the first answer: the quickest may be cut off from the rest."""

MOST_ASKED: Final = 8
"""Cluster nodes asked at once."""

_log = structlog.get_logger(__name__)
_Answer = TypeVar("_Answer")


async def ask_cluster(nodes: Sequence[tuple[str, Redis]]) -> SlotMap | None:
    """Slot map as some of these nodes report it; None if none answers."""
    asked = random.sample(nodes, min(len(nodes), MOST_ASKED))
    answers = await soon([(name, partial(ask, client, "CLUSTER NODES")) for name, client in asked])
    return merged(answers) if answers else None


async def ask_sentinels(sentinels: Sequence[tuple[str, Redis]], service: str) -> SlotMap | None:
    """Primary as the sentinel with the latest failover reports it; None if no sentinel knows it."""
    answers = await soon([(name, partial(_watched, client, service)) for name, client in sentinels])
    if not answers:
        return None
    _, (_, primary) = max(answers, key=lambda answer: answer[1][0])
    return SlotMap([primary] * SLOTS, frozenset({primary}), frozenset())


async def soon(asks: Sequence[tuple[str, Callable[[], Awaitable[_Answer]]]]) -> list[tuple[str, _Answer]]:
    """Answers within a second, or soon after the first of them; with the name of each node or sentinel."""
    answers: list[tuple[str, _Answer]] = []

    async def one(name: str, asking: Callable[[], Awaitable[_Answer]]) -> None:
        try:
            answer = await asking()
        except RedisError as error:
            _log.debug("look_failed", node=name, error=str(error))
            return
        answers.append((name, answer))
        tasks.cancel_scope.deadline = min(tasks.cancel_scope.deadline, anyio.current_time() + GRACE)

    async with anyio.create_task_group() as tasks:
        tasks.cancel_scope.deadline = anyio.current_time() + ANSWER_WITHIN
        for name, asking in asks:
            tasks.start_soon(one, name, asking)
    return answers


async def _watched(client: Redis, service: str) -> tuple[int, str]:
    """Epoch of the last failover that this sentinel has seen, and the primary since then."""
    # During a failover, only the first command names the new primary, and only the second tells which failover it is.
    found = await ask(client, "SENTINEL GET-MASTER-ADDR-BY-NAME", service)
    if found is None:
        raise ResponseError(f"the sentinel knows no service {service}")
    state: dict[str, Any] = await ask(client, "SENTINEL MASTER", service)
    return int(state["config-epoch"]), place(_text(found[0]), _text(found[1]))


def _text(value: bytes | str | int) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
