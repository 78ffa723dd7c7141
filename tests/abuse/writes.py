"""Attacks by writes: one member's flood, texts that are dear to render, refused writes, guests without end."""

from typing import Final

from core.domain.notice import MOST_OPEN
from core.rate_limits import NORMAL
from tests.abuse.attack import Allowed, Attack, Hostile, request
from tests.bench.people import ROOT

NETWORK: Final = "192.0.2.1"
"""Address of the network of many members, as the proxy in front tells it."""
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


async def flood_threads(hostile: Hostile) -> None:
    """Post as one member in two threads by turns."""

    def ask(number: int, turn: int) -> bytes:
        path = hostile.path("/comments", thread=hostile.target.long_thread if turn % 2 else None)
        return request("POST", path, token=hostile.token(1), body={"body": f"Flood {number} {turn}."})

    await hostile.again_and_again(ask, WRITERS)


async def flood_by_many(hostile: Hostile) -> None:
    """Post as many members from one network."""

    def ask(number: int, turn: int) -> bytes:
        body = {"body": f"Flood {number} {turn}."}
        headers = {"X-Forwarded-For": NETWORK}
        token = hostile.token(number + turn * WRITERS)
        return request("POST", hostile.path("/comments"), token=token, body=body, headers=headers)

    await hostile.again_and_again(ask, WRITERS)


async def votes(hostile: Hostile) -> None:
    """Vote as one member, up and down by turns."""
    comment = await hostile.post(hostile.token(3))

    def ask(number: int, turn: int) -> bytes:
        path = hostile.path(f"/comments/{comment}/vote")
        return request("PUT", path, token=hostile.token(2), body={"value": 1 - (number + turn) % 3})

    await hostile.again_and_again(ask, WRITERS)


async def dear_texts(hostile: Hostile) -> None:
    """Post texts made of fragments that are dear to render, and read them."""

    def ask(number: int, turn: int) -> bytes:
        if turn % 4 == 3:
            return request("GET", f"{hostile.path()}?limit={1 + turn % 50}")
        fragment = DEAR[(number + turn) % len(DEAR)]
        text = (fragment * LENGTH)[: LENGTH - 8] + f" {number % 100} {turn % 1000}"
        token = hostile.token(number + turn * 8)  # by turns: one member would soon meet a rate
        return request("POST", hostile.path("/comments"), token=token, body={"body": text})

    await hostile.again_and_again(ask, 8)


async def refused(hostile: Hostile) -> None:
    """Send writes that are refused late: bad parents, bad bodies, forged tokens."""

    def ask(number: int, turn: int) -> bytes:
        member = hostile.token(number + turn * WRITERS)
        kinds: tuple[tuple[str, object], ...] = (
            (member, {"body": "Answer.", "parent": f"none-{turn}"}),
            (member, {"body": "x" * (LENGTH + 1)}),
            (member[:-4] + "AAAA", {"body": "Forged."}),
            (member, {"text": "Unknown field."}),
        )
        token, body = kinds[(number + turn) % len(kinds)]
        return request("POST", hostile.path("/comments"), token=token, body=body)

    await hostile.again_and_again(ask, WRITERS)


async def guests(hostile: Hostile) -> None:
    """Ask for tokens of new guests without a pause."""

    def ask(number: int, turn: int) -> bytes:
        return request("POST", f"{ROOT}/guests", body={"name": f"Guest {number} {turn}"})

    await hostile.again_and_again(ask, WRITERS)


async def notices(hostile: Hostile) -> None:
    """File notices about one comment without a pause."""
    comment = await hostile.post(hostile.token(4))

    def ask(number: int, turn: int) -> bytes:
        about = {"thread": hostile.target.thread, "comment": comment}
        return request("POST", f"{ROOT}/notices", body={**about, "explanation": f"{number} {turn}", "good_faith": True})

    await hostile.again_and_again(ask, WRITERS)


assert NORMAL.posts is not None
assert NORMAL.votes is not None
_POSTS: Final = Allowed(at_once=NORMAL.posts.burst, every=NORMAL.posts.every)
_OF_NETWORK: Final = Allowed(at_once=NORMAL.posts.burst * NORMAL.network, every=NORMAL.posts.every / NORMAL.network)
_NOTICES: Final = Allowed(at_once=MOST_OPEN, every=86_400)

ATTACKS: Final = (
    Attack(
        name="flood by one member",
        does=f"posts on {WRITERS} connections as one member",
        token=True,
        run=flood,
        allowed=_POSTS,
    ),
    Attack(
        name="flood over threads",
        does=f"posts on {WRITERS} connections as one member, in several threads",
        token=True,
        run=flood_threads,
        allowed=_POSTS,
    ),
    Attack(
        name="flood by many members",
        does=f"posts on {WRITERS} connections as 200 members of one network",
        token=True,
        run=flood_by_many,
        allowed=_OF_NETWORK,
    ),
    Attack(
        name="flood of votes",
        does=f"votes on {WRITERS} connections as one member, up and down by turns",
        token=True,
        run=votes,
        allowed=Allowed(at_once=NORMAL.votes.burst, every=NORMAL.votes.every, counted=(200,)),
    ),
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
    Attack(
        name="notices",
        does=f"posts a comment and files notices about it without a token, on {WRITERS} connections",
        token=True,
        run=notices,
        allowed=_NOTICES,
    ),
    Attack(name="new guests", does=f"asks for tokens of new guests, on {WRITERS} connections", run=guests),
)
