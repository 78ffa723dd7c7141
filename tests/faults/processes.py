"""Faults of processes of Hansard: killed, frozen, or left alone by clients that hang up."""

from collections.abc import Sequence

import anyio

from tests.faults.record import Try, now
from tests.faults.trouble import Trouble, blocking
from tests.faults.workers import Hansard

STORM: int = 120
"""So many requests are broken off in one storm."""


async def kill_gateway(trouble: Trouble) -> None:
    """One gateway is gone, with all requests that it had under way."""
    await kill_one_of(trouble, trouble.stage.gateways)


async def kill_projector(trouble: Trouble) -> None:
    """One projector is gone, in the middle of a commit perhaps; its leases run out."""
    await kill_one_of(trouble, trouble.stage.projectors)


async def freeze_projector(trouble: Trouble) -> None:
    """A projector stands still, shorter or longer than its leases last, and then goes on as if nothing were."""
    await freeze_one_of(trouble, trouble.stage.projectors)


async def freeze_one_of(trouble: Trouble, among: Sequence[Hansard]) -> None:
    """Let one process stand still for a while."""
    victim = trouble.dice.choice(among)
    victim.freeze()
    trouble.strike()
    if trouble.dice.random() < 0.5:
        await trouble.lasting(0.3, 3)
    else:
        await trouble.lasting(11, 14)
    victim.thaw()
    await trouble.some_acknowledged()


async def cancelled_requests(trouble: Trouble) -> None:
    """Clients hang up, a moment after they asked or in the middle of asking."""
    trouble.strike()
    async with anyio.create_task_group() as tasks:
        for number in range(STORM):
            tasks.start_soon(_hang_up, trouble, number)
            await anyio.sleep(trouble.dice.uniform(0, 0.02))


async def kill_one_of(trouble: Trouble, among: Sequence[Hansard]) -> None:
    """Kill one process, and start it again a while later."""
    victim = trouble.dice.choice(among)
    await blocking(victim.kill)
    trouble.strike()
    await trouble.some_acknowledged()
    await victim.restart()


async def _hang_up(trouble: Trouble, number: int) -> None:
    load, dice = trouble.load, trouble.dice
    deed = load.record.begin(load.scene.next(dice))
    client = load.client(number)
    request = client.request(deed)
    port = trouble.stage.gateways[number % len(trouble.stage.gateways)].port
    one = Try(sent=now())
    deed.tries.append(one)
    try:
        async with await anyio.connect_tcp("127.0.0.1", port) as line:
            await line.send(request if dice.random() < 0.8 else request[: len(request) // 2])
            await anyio.sleep(dice.choice((0, 0.001, 0.005, 0.02)))
    except OSError:
        pass  # the gateway was faster to hang up
    one.ended = now()
