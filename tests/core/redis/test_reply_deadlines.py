"""Bounds on the time for which callers wait: each keeps its own, whatever came before it."""

import asyncio
import math

import anyio
import pytest
from redis.exceptions import TimeoutError  # noqa: A004 - the name redis has

from core.redis.command import RedisCommand
from core.redis.in_flight import CommandGroup
from core.redis.reply_deadlines import ReplyDeadlines
from tests.support.bounds import BOUND

pytestmark = pytest.mark.anyio


def group() -> CommandGroup:
    return CommandGroup([RedisCommand(("GET", "a"))], asyncio.get_running_loop().create_future())


async def test_a_short_bound_is_kept_behind_a_long_one() -> None:
    overdue = ReplyDeadlines()
    long, short = group(), group()
    overdue.add(long, 3600)
    overdue.add(short, 0.01)
    with anyio.fail_after(BOUND):
        await short.done
    assert isinstance(short.calls[0].outcome, TimeoutError)
    assert not long.done.done()
    assert len(overdue) == 1


async def test_a_long_bound_is_kept_behind_a_short_one_that_was_discarded() -> None:
    overdue = ReplyDeadlines()
    short, long = group(), group()
    overdue.add(short, 0.01)
    overdue.add(long, 0.02)
    overdue.discard(short)
    with anyio.fail_after(BOUND):
        await long.done
    assert not short.done.done()
    assert not overdue


async def test_a_bound_that_has_passed_is_kept_at_once_and_none_at_all_is_not_kept() -> None:
    overdue = ReplyDeadlines()
    late, patient = group(), group()
    overdue.add(patient, math.inf)
    overdue.add(late, -1)
    with anyio.fail_after(BOUND):
        await late.done
    assert not patient.done.done()
    assert not overdue
