"""The load: clients that write through gateways, each deed under a key of its own, tried again until it is settled."""

import json
import random
import time
from collections.abc import Sequence
from typing import Final

import anyio

from tests.bench.http import Answer
from tests.faults.clients import Client
from tests.faults.people import Tokens
from tests.faults.record import ANSWERED, REFUSED, TAKEN, UNCONFIRMED, Deed, Record
from tests.faults.scene import Scene

AGAIN: Final = (0.02, 0.25)
"""Seconds between two tries of a deed: the first pause, and the longest."""
REPEATS: Final = 0.04
"""So many deeds of all are asked for once more after they were acknowledged."""
DOUBLES: Final = 0.02
"""So many are asked for twice at the same time, at two gateways."""
SETTLED_WITHIN: Final = 60.0
"""Seconds after which a deed that gets no answer is a finding."""


class Load:
    """So many clients, at so many deeds a second in all. What they do is in `record`."""

    def __init__(
        self, scene: Scene, record: Record, gateways: Sequence[str], *, clients: int, rate: float, seed: str
    ) -> None:
        self.record = record
        self.scene = scene
        self.gateways = gateways
        self._clients = clients
        self._rate = rate
        self._seed = seed
        self._tokens = Tokens()
        self._ending = False
        self._taken_so_far = 0
        self._moved = anyio.Event()

    def client(self, at: int = 0) -> Client:
        """Another caller."""
        return Client(self.gateways, self._tokens, at)

    async def run(self) -> None:
        """Write until `end`. A deed that is under way then may stay open."""
        async with anyio.create_task_group() as tasks:
            for number in range(self._clients):
                tasks.start_soon(self._go_on, number)

    def end(self) -> None:
        """Begin no more deeds, and try none again."""
        self._ending = True

    async def acknowledged(self, more: int) -> None:
        """Wait until so many more deeds were acknowledged."""
        wanted = self.record.acknowledged + more
        while self.record.acknowledged < wanted:
            await self._moved.wait()

    async def taken(self, more: int) -> None:
        """Wait until so many more answers said that a write was taken, confirmed or not."""
        wanted = self._taken_so_far + more
        while self._taken_so_far < wanted:
            await self._moved.wait()

    async def knock(self, thread: str, dice: random.Random) -> None:
        """Post to a thread until that is taken, confirmed or not: the others may all be busy elsewhere."""
        client = self.client(dice.randrange(len(self.gateways)))
        deed = self.record.begin(self.scene.root(thread, dice))
        while (answer := await client.attempt(deed)) is None or not (
            self._taken(deed, answer) or answer.status in TAKEN
        ):
            client.turn()
            await anyio.sleep(AGAIN[1])
        client.close()

    async def settle(self) -> None:
        """Ask for everything that is open until it is settled, one deed a client at a time."""
        open_deeds = self.record.open()
        with anyio.move_on_after(SETTLED_WITHIN):
            async with anyio.create_task_group() as tasks:
                for number in range(self._clients):
                    tasks.start_soon(self._settle, open_deeds[number :: self._clients], number)

    async def again(self, share: float, dice: random.Random) -> None:
        """Ask once more for a share of what was acknowledged: it must be answered as before."""
        client = self.client()
        done = [deed for deed in self.record.deeds if deed.acknowledged(self.record.level)]
        for deed in dice.sample(done, int(len(done) * share)):
            await client.attempt(deed)
        client.close()

    async def _go_on(self, number: int) -> None:
        dice = random.Random(f"{self._seed}-{number}")
        client, other = self.client(number), self.client(number + 1)
        every = self._clients / self._rate
        due = time.monotonic() + every * dice.random()
        while not self._ending:
            await anyio.sleep(max(0.0, due - time.monotonic()))
            # Who was held up does not make up for it: the rate is the most that is asked, never a backlog.
            due = max(due + every, time.monotonic() - every)
            deed = self.record.begin(self.scene.next(dice))
            if dice.random() < DOUBLES:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(other.attempt, deed)
                    tasks.start_soon(self._carry_out, client, deed)
            else:
                await self._carry_out(client, deed)
            if dice.random() < REPEATS and deed.acknowledged(self.record.level):
                await client.attempt(deed)
        client.close()
        other.close()

    async def _carry_out(self, client: Client, deed: Deed) -> None:
        pause = AGAIN[0]
        while True:
            answer = await client.attempt(deed)
            if answer is not None and self._taken(deed, answer):
                return
            if answer is not None and answer.status != UNCONFIRMED:
                client.turn()  # this one is in trouble: perhaps another is not
            if self._ending:
                return
            await anyio.sleep(pause)
            pause = min(2 * pause, AGAIN[1])

    def _taken(self, deed: Deed, answer: Answer) -> bool:
        """Whether that was the last word about a deed."""
        done = answer.status in ANSWERED and deed.acknowledged(self.record.level) is not None
        if answer.status in TAKEN:
            self._taken_so_far += 1
            self.record.acknowledged += done
            moved, self._moved = self._moved, anyio.Event()
            moved.set()
        if done:
            self.scene.learn(deed)
            return True
        if answer.status in REFUSED:
            self.scene.learn(deed, json.loads(answer.body).get("current"))
            return True
        return False

    async def _settle(self, deeds: Sequence[Deed], number: int) -> None:
        client = self.client(number)
        for deed in deeds:
            pause = AGAIN[0]
            while not deed.settled(self.record.level):
                answer = await client.attempt(deed)
                if answer is not None and self._taken(deed, answer):
                    break
                client.turn()
                await anyio.sleep(pause)
                pause = min(2 * pause, AGAIN[1])
        client.close()
