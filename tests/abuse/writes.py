"""Attacks by writes: one member's flood, texts that are dear to render, votes without end."""

from typing import Final

from tests.abuse.attack import Attack, Hostile, request

WRITERS: Final = 64
"""Connections that write without a pause: as many as a gateway lets write at once."""
LENGTH: Final = 5_000
"""Characters of a text: the most that a policy allows where it says nothing."""
DEAR: Final[tuple[str, ...]] = (
    "![http://",
    "[a]([a.",
    "*a_",
    "<http://a ",
    "`" * 3 + " ",
    "[",
    "> ",
    "- ",
    "&#x",
    "a.de/",
    "\\[",
    "~~a ",
)
"""Fragments whose repetition is dear to a parser of Markdown."""


async def flood(hostile: Hostile) -> None:
    """Post as one member on many connections."""

    def ask(number: int, turn: int) -> bytes:
        body = {"body": f"Flood {number} {turn}."}
        return request("POST", hostile.path("/comments"), token=hostile.token(0), body=body)

    await hostile.again_and_again(ask, WRITERS)


async def dear_texts(hostile: Hostile) -> None:
    """Post texts made of fragments that are dear to render, and read them."""

    def ask(number: int, turn: int) -> bytes:
        if turn % 4 == 3:
            return request("GET", f"{hostile.path()}?limit={1 + turn % 50}")
        fragment = DEAR[(number + turn) % len(DEAR)]
        text = (fragment * LENGTH)[: LENGTH - 8] + f" {number % 100} {turn % 1000}"
        return request("POST", hostile.path("/comments"), token=hostile.token(number), body={"body": text})

    await hostile.again_and_again(ask, 8)


async def refused(hostile: Hostile) -> None:
    """Send writes that are refused late: bad parents, bad bodies, forged tokens."""

    def ask(number: int, turn: int) -> bytes:
        kinds: tuple[tuple[str, object], ...] = (
            (hostile.token(number), {"body": "Answer.", "parent": f"none-{turn}"}),
            (hostile.token(number), {"body": "x" * (LENGTH + 1)}),
            (hostile.token(number)[:-4] + "AAAA", {"body": "Forged."}),
            (hostile.token(number), {"text": "Unknown field."}),
        )
        token, body = kinds[(number + turn) % len(kinds)]
        return request("POST", hostile.path("/comments"), token=token, body=body)

    await hostile.again_and_again(ask, WRITERS)


ATTACKS: Final = (
    Attack(name="flood by one member", does=f"posts on {WRITERS} connections as one member", token=True, run=flood),
    Attack(
        name="expensive texts",
        does="posts texts that are expensive to render, and reads them",
        token=True,
        run=dear_texts,
    ),
    Attack(
        name="refused writes",
        does=f"sends writes that are refused late, on {WRITERS} connections",
        token=True,
        run=refused,
    ),
)
