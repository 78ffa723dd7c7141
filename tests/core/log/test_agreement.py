"""Memory and Redis are one log: whatever is done to both, they answer the same, position for position."""

from collections.abc import Awaitable, Callable
from typing import Any

from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from core.keys import WINDOW_MS
from core.log.port import Append, Appended, BrokenChain, HeadWanted, Load, Log, NewEvent
from core.position import START, Position
from core.redis.deployment import Deployment, open_deployment
from tests.support.logs import PARTITIONS, SITE, MemoryPlace, RedisPlace, emptied, event

BEGINNING = 40_000 * WINDOW_MS
"""A time that no clock says yet: both logs take theirs from their newest entry, and agree."""

threads = st.sampled_from(["", "a", "b", "c"])
fields = st.sampled_from(["thread", "c:1", "c:2", "v:1:ada"])
digests = st.sampled_from(["d", "e"])
keys = st.sampled_from([None, "k", "l", "m"])
events = st.builds(event, fields, c=st.binary(max_size=9), note=st.sampled_from(["", "1 2"]), mark=st.none() | fields)
partitions = st.integers(0, PARTITIONS - 1)
limits = st.integers(0, 5)


class Agreement(RuleBasedStateMachine):
    """Does everything twice."""

    def __init__(self, portal: BlockingPortal, deployment: Deployment) -> None:
        super().__init__()
        self.portal = portal
        self.memory, self.redis = MemoryPlace(), RedisPlace(deployment)
        self.now = BEGINNING
        self.written = [START, Position(BEGINNING, 9)]
        portal.call(emptied, deployment)
        for partition in range(PARTITIONS):
            self._put(partition)

    @rule(
        thread=threads,
        events=st.lists(events, max_size=4),
        guesses=st.dictionaries(fields, st.booleans(), max_size=3),
        key=keys,
        digest=digests,
        created=st.booleans(),
        window=st.sampled_from([0, 0, 0, 0, -1, 1]),
        settled=st.data(),
    )
    def append(
        self,
        *,
        thread: str,
        events: list[NewEvent],
        guesses: dict[str, bool],
        key: str | None,
        digest: str,
        created: bool,
        window: int,
        settled: st.DataObject,
    ) -> None:
        loaded = self._both("load", self._load(thread, tuple(guesses)))
        others = st.none() | st.sampled_from(self.written)
        expected = {
            field: loaded.heads[field].position if is_right else settled.draw(others)
            for field, is_right in guesses.items()
        }
        outcome = self._both(
            "append",
            Append(
                site=SITE,
                thread=thread,
                expected=expected,
                events=tuple(events),
                now=loaded.now + window * WINDOW_MS,
                key=key,
                digest=digest,
                created=created,
                settled=None if events else settled.draw(st.sampled_from(self.written)),
            ),
        )
        if isinstance(outcome, Appended):
            self.written += outcome.positions

    @rule(thread=threads, wanted=st.lists(st.tuples(fields, st.booleans()), max_size=4), key=keys, data=st.data())
    def load(self, thread: str, wanted: list[tuple[str, bool]], key: str | None, data: st.DataObject) -> None:
        heads = tuple(
            HeadWanted(field, with_events, data.draw(st.none() | st.sampled_from(self.written)))
            for field, with_events in wanted
        )
        self._both("load", Load(site=SITE, thread=thread, heads=heads, key=key))

    @rule(partition=partitions, limit=st.integers(1, 5), data=st.data())
    def read(self, partition: int, limit: int, data: st.DataObject) -> None:
        after, upto = data.draw(st.sampled_from(self.written)), data.draw(st.none() | st.sampled_from(self.written))
        self._both("read", partition, after, limit=limit, upto=upto)
        self._both("read", partition, START, limit=1000)
        self._both("entry", partition, after)
        self._both("last", partition)

    @rule(thread=threads, aggregate=st.booleans(), limit=st.none() | limits, data=st.data())
    def chain(self, *, thread: str, aggregate: bool, limit: int | None, data: st.DataObject) -> None:
        start, until = data.draw(st.sampled_from(self.written)), data.draw(st.none() | st.sampled_from(self.written))
        self._both("chain", SITE, thread, start, aggregate=aggregate, until=until, limit=limit)
        self._both("thread_last", SITE, thread)

    @rule(partition=partitions, hours=st.sampled_from([1, 5, 24]))
    def time_passes(self, partition: int, hours: int) -> None:
        self.now += hours * 3_600_000
        self._put(partition)

    def _put(self, partition: int) -> None:
        for place in (self.memory, self.redis):
            position = self.portal.call(place.put, partition, self.now)
        self.written.append(position)

    def _load(self, thread: str, wanted: tuple[str, ...]) -> Load:
        return Load(site=SITE, thread=thread, heads=tuple(HeadWanted(field, events=False) for field in wanted))

    def _both(self, method: str, *arguments: object, **named: object) -> Any:
        async def ask(log: Log) -> object:
            call: Callable[..., Awaitable[object]] = getattr(log, method)
            try:
                return await call(*arguments, **named)
            except BrokenChain:
                return BrokenChain

        there = self.portal.call(ask, self.redis.log)
        assert self.portal.call(ask, self.memory.log) == there
        return there


def test_memory_and_redis_agree(fresh: str) -> None:
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(open_deployment(fresh, partitions=PARTITIONS)) as deployment,
    ):

        class Here(Agreement):
            def __init__(self) -> None:
                super().__init__(portal, deployment)

        run_state_machine_as_test(Here, settings=settings(max_examples=25, stateful_step_count=25))
