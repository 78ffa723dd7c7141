"""What clients ask for, said in a few words, so that another process can make the requests."""

import json
import random
import time
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import accumulate, count, cycle
from typing import Any, Final, TypeVar

from joserfc import jwt
from joserfc.jwk import OctKey
from msgspec import Struct

from core.ids import comment_id
from tests.bench.http import request
from tests.bench.people import BODY, MEMBERS, ROOT, SECRET, SITE, body

_Thing = TypeVar("_Thing")


class Get(Struct, frozen=True, kw_only=True, tag=True):
    """Read these paths: one after the other, each client from another place on, or by Zipf's law."""

    paths: tuple[str, ...]
    zipf: bool = False
    headers: tuple[tuple[str, str], ...] = ()

    def of_client(self, number: int, clients: int) -> Iterator[bytes]:
        """What one client asks, without end."""
        ready = [request("GET", path, self.headers) for path in self.paths]
        if self.zipf:
            return _drawn(ready, random.Random(number))
        # Apart by as much as there is, so that none asks for what another had just before.
        begin = len(ready) * number // clients
        return cycle(ready[begin:] + ready[:begin])


class Post(Struct, frozen=True, kw_only=True, tag=True):
    """Write comments in threads drawn by Zipf's law: one, and then so many answers to it. Each is another text.

    `series` keeps the keys apart from those of other rounds.
    """

    series: str
    threads: tuple[str, ...]
    answers: int = 0
    characters: int = BODY

    def of_client(self, number: int, clients: int) -> Iterator[bytes]:
        """What one member writes, without end."""
        del clients
        member = MEMBERS[number]
        bearer = authorization(token({"sub": member.id, "name": member.name, "aud": SITE}))
        dice = random.Random(f"{self.series}-{number}")
        threads = _drawn(self.threads, dice)
        thread, parent = "", ""
        for made in count():
            key = f"{self.series}-{made}"
            document = {"body": body(dice, self.characters)}
            if made % (1 + self.answers) == 0:
                thread = next(threads)
                parent = comment_id(SITE, thread, member.id, key)
            else:
                document["parent"] = parent
            headers = [bearer, ("Idempotency-Key", key)]
            yield request("POST", f"{ROOT}/threads/{thread}/comments", headers, json.dumps(document).encode())


class Ballot(Struct, frozen=True, kw_only=True, tag=True):
    """Vote: many members on many comments, threads drawn by Zipf's law, one vote a member and comment.

    Of ten votes, eight are a member's first on that comment, one changes an earlier one, one takes it back. `series`
    keeps the keys apart from those of other rounds, and draws other pairs of member and comment.
    """

    series: str
    comments: dict[str, tuple[str, ...]]
    """Comments by thread."""

    def of_client(self, number: int, clients: int) -> Iterator[bytes]:
        """What the members of one connection do, without end: each of `MEMBERS` has one connection."""
        dice = random.Random(f"{self.series}-{number}")
        voters = [_bearer(member.id, member.name) for member in MEMBERS[VOTERS:][number::clients]]
        threads = _drawn(tuple(self.comments), dice)
        cast: list[tuple[str, str, tuple[str, str], int]] = []
        for made in count():
            kind = dice.random()
            if kind < _FIRST or not cast:
                thread = next(threads)
                comment, bearer = dice.choice(self.comments[thread]), dice.choice(voters)
                value = 1 if dice.random() < _UP else -1
                cast.append((thread, comment, bearer, value))
            else:
                thread, comment, bearer, before = cast.pop(dice.randrange(len(cast)))
                value = -before if kind < _CHANGED else 0
            path = f"{ROOT}/threads/{thread}/comments/{comment}/vote"
            headers = [bearer, ("Idempotency-Key", f"{self.series}-{made}")]
            yield request("PUT", path, headers, b'{"value":%d}' % value)


VOTERS: Final = 1000
"""From this one on, `MEMBERS` vote; those before it write."""
_FIRST: Final = 0.8
_CHANGED: Final = 0.9
_UP: Final = 0.8


Asks = Get | Post | Ballot


@cache
def _bearer(member: str, name: str) -> tuple[str, str]:
    return authorization(token({"sub": member, "name": name, "aud": SITE}))


def token(claims: dict[str, Any], secret: str = SECRET) -> str:
    """A token that says this and is good for an hour."""
    key = OctKey.import_key(secret.encode())
    return jwt.encode({"alg": "HS256"}, {**claims, "exp": int(time.time()) + 3600}, key)


def authorization(bearer: str) -> tuple[str, str]:
    """The header with a token."""
    return "Authorization", f"Bearer {bearer}"


def zipf(things: int) -> list[float]:
    """The weights of so many things by Zipf's law, added up."""
    return list(accumulate(1 / rank for rank in range(1, things + 1)))


def _drawn(things: Sequence[_Thing], dice: random.Random) -> Iterator[_Thing]:
    weights = zipf(len(things))
    while True:
        yield from dice.choices(things, cum_weights=weights, k=64)
