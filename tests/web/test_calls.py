"""Writes of all pages: the same one has the same key until its outcome is clear, and it is done once."""

from typing import TYPE_CHECKING, Any

from tests.support.following import Station
from tests.web.visiting import Publisher, Visitors
from workers.gateway.web.assets import release

if TYPE_CHECKING:
    from playwright.async_api import Route

_WRITES = """
async ([module, writes]) => {
  const { Calls } = await import(module);
  const token = { get: async () => null, renew: async () => null };
  const calls = new Calls("sample", token, new AbortController().signal);
  for (const [method, path, body] of writes) {
    await calls.write(method, path, body).catch((error) => { if (error.status === undefined) throw error; });
  }
}
"""
ONE: tuple[Any, ...] = ("PUT", "/one", {"text": "a"})
OTHER: tuple[Any, ...] = ("PUT", "/one", {"text": "b"})
BACK: tuple[Any, ...] = ("DELETE", "/one", None)
ELSEWHERE: tuple[Any, ...] = ("PUT", "/two", {"text": "a"})
CUT = 0

# What is written, what becomes of it, and the number of the key that goes with it.
STORY: list[tuple[tuple[Any, ...], int, int]] = [
    (ONE, 503, 1),
    (ONE, CUT, 1),
    (ELSEWHERE, 502, 2),  # another path is another write
    (ONE, 429, 1),
    (ONE, 401, 1),
    (ONE, 200, 1),
    (ELSEWHERE, 200, 2),
    (ONE, 409, 3),  # it was done before: this one is meant anew
    (ONE, 403, 4),  # the refusal was clear
    (ONE, CUT, 5),
    (OTHER, 503, 6),  # another body is another write
    (ONE, CUT, 7),  # the other one may have been done since
    (BACK, CUT, 8),
    (BACK, 200, 8),
    (ONE, 200, 9),
]


async def test_a_write_keeps_its_key_until_its_outcome_is_clear(
    sample: Station, publisher: Publisher, visitors: Visitors
) -> None:
    del sample
    keys: list[str] = []
    outcomes = iter(status for _, status, _ in STORY)

    async def answered(route: "Route") -> None:
        headers = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*"}
        headers["Access-Control-Allow-Methods"] = "*"
        if route.request.method == "OPTIONS":
            await route.fulfill(status=204, headers=headers)
            return
        keys.append(route.request.headers["idempotency-key"])
        status = next(outcomes)
        if status == CUT:
            await route.abort("connectionreset")
        else:
            await route.fulfill(status=status, headers=headers, json={})

    visitor = await visitors.arrive()
    page = await visitor.open(publisher.put("/", "", head="<link rel=icon href='data:,'>", policy=""))
    await page.route("**/v1/**", answered)
    module = publisher.gateway + release().address("shared/calls.js")
    await page.evaluate(_WRITES, [module, [list(write) for write, _, _ in STORY]])
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys), start=1)}
    assert [numbers[key] for key in keys] == [number for _, _, number in STORY]
    visitor.excuse("Failed to load resource")
