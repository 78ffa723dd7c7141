"""Asking gateways that may be gone: a client has one connection, and takes another gateway after each failure."""

import json
from collections.abc import Sequence
from typing import Final

import anyio

from core.position import Position
from tests.bench import http
from tests.bench.http import Answer, Line
from tests.faults.people import ROOT, Tokens
from tests.faults.record import Deed, Try, now

ANSWERS_WITHIN: Final = 12.0
"""Seconds after which a client gives a request up. A gateway may insist for five, and once more for the views."""


class Client:
    """One caller: it holds on to a gateway as long as that answers, and then takes the next."""

    def __init__(self, gateways: Sequence[str], tokens: Tokens, at: int = 0) -> None:
        self._gateways = gateways
        self._tokens = tokens
        self._at = at
        self._line: Line | None = None

    async def ask(self, request: bytes, within: float = ANSWERS_WITHIN) -> Answer | None:
        """The answer; None where none came, and then it is not known what became of the request."""
        try:
            with anyio.fail_after(within):
                if self._line is None:
                    self._line = await http.connected(self._gateways[self._at % len(self._gateways)])
                return await self._line.ask(request)
        except OSError:  # a TimeoutError and a ConnectionError are both
            self.turn()
            return None

    def turn(self) -> None:
        """Ask another gateway from now on."""
        self.close()
        self._at += 1

    def close(self) -> None:
        """Hang up."""
        if self._line is not None:
            self._line.close()
            self._line = None

    async def read(self, path: str, member: str | None = None) -> Answer | None:
        """What stands at a path of the site."""
        headers = [] if member is None else [self._by(self._tokens.of(member))]
        return await self.ask(http.request("GET", f"{ROOT}{path}", headers))

    async def put(self, path: str, document: object, bearer: str) -> Answer | None:
        """Set something up: nothing that the record is about."""
        return await self.ask(http.request("PUT", f"{ROOT}{path}", [self._by(bearer)], json.dumps(document).encode()))

    def request(self, deed: Deed) -> bytes:
        """A deed as it goes out."""
        headers = [self._by(self._tokens.of(deed.member)), ("Idempotency-Key", deed.key)]
        if deed.revision is not None:
            headers.append(("If-Match", f'"{deed.revision}"'))
        return http.request(deed.method, deed.path, headers, json.dumps(deed.facts).encode() if deed.facts else b"")

    async def attempt(self, deed: Deed) -> Answer | None:
        """Ask for a deed once, and put what came of it into the record."""
        one = Try(sent=now())
        deed.tries.append(one)
        answer = await self.ask(self.request(deed))
        one.ended = now()
        if answer is not None:
            _note(one, answer)
        return answer

    @staticmethod
    def _by(bearer: str) -> tuple[str, str]:
        return "Authorization", f"Bearer {bearer}"


def _note(one: Try, answer: Answer) -> None:
    one.status = answer.status
    one.level = answer.header("Hansard-Durability")
    document = json.loads(answer.body) if answer.header("Content-Type").endswith("json") else {}
    if "position" in document:
        one.position = Position.parse(document["position"])
    one.problem = document.get("type", "")
