"""Finding out who serves what: from several who should know, at the same time, not waiting for the silent ones."""

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

LOOK_WITHIN: Final = 1.0
"""Seconds in which the first of those who are asked has to answer."""

GRACE: Final = 0.2
"""Seconds that the others are given after the first: one that is cut off from the rest may be the quickest."""

MOST_ASKED: Final = 8
"""So many nodes of a cluster are asked at a time."""

_log = structlog.get_logger(__name__)
_Answer = TypeVar("_Answer")


async def look_at_cluster(nodes: Sequence[tuple[str, Redis]]) -> SlotMap | None:
    """Who serves which slot, as some of these nodes tell it; None where none answers."""
    asked = random.sample(nodes, min(len(nodes), MOST_ASKED))
    answers = await soon([(name, partial(ask, client, "CLUSTER NODES")) for name, client in asked])
    return merged(answers) if answers else None


async def look_at_sentinels(sentinels: Sequence[tuple[str, Redis]], service: str) -> SlotMap | None:
    """Who is primary, in the view of the sentinel that has seen the latest failover; None where none knows."""
    answers = await soon([(name, partial(_watched, client, service)) for name, client in sentinels])
    if not answers:
        return None
    _, (_, primary) = max(answers, key=lambda answer: answer[1][0])
    return SlotMap([primary] * SLOTS, frozenset({primary}), frozenset())


async def soon(asks: Sequence[tuple[str, Callable[[], Awaitable[_Answer]]]]) -> list[tuple[str, _Answer]]:
    """The answers that are there within a second, or soon after the first of them; with the name of who gave each."""
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
        tasks.cancel_scope.deadline = anyio.current_time() + LOOK_WITHIN
        for name, asking in asks:
            tasks.start_soon(one, name, asking)
    return answers


async def _watched(client: Redis, service: str) -> tuple[int, str]:
    """Which failover this sentinel has seen last, and who has been primary since."""
    # While a failover runs, only the first question tells who it will be; only the second tells which failover it is.
    found = await ask(client, "SENTINEL GET-MASTER-ADDR-BY-NAME", service)
    if found is None:
        raise ResponseError(f"the sentinel knows no service {service}")
    state: dict[str, Any] = await ask(client, "SENTINEL MASTER", service)
    return int(state["config-epoch"]), place(_text(found[0]), _text(found[1]))


def _text(value: bytes | str | int) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
