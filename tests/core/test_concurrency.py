import anyio
import pytest

from core.concurrency import both


async def test_two_things_are_asked_at_the_same_time() -> None:
    first, second = anyio.Event(), anyio.Event()

    async def one() -> int:
        first.set()
        await second.wait()
        return 1

    async def other() -> str:
        await first.wait()
        second.set()
        return "two"

    assert await both(one, other) == (1, "two")


@pytest.mark.parametrize("turned", [False, True])
async def test_the_first_failure_is_raised_and_ends_the_other(turned: bool) -> None:
    ended: list[str] = []

    async def fails() -> None:
        raise LookupError("as it is, without a group around it")

    async def waits() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            ended.append("waits")

    async def begins_and_fails() -> None:
        await anyio.lowlevel.checkpoint()  # whoever waits has begun
        await fails()

    with pytest.raises(LookupError, match="as it is"):
        await (both(waits, begins_and_fails) if turned else both(begins_and_fails, waits))
    assert ended == ["waits"]
