"""Request bodies while they come in: bounded by size, by memory for all of them together, and by token.

The caller is not authenticated yet when a body is read. So the total bounds the memory in use, not the announced
lengths: a client that announces much and sends nothing uses none. The server (`protocol`) bounds the duration of a
body, and reports a violation by a message with `refusals.REFUSAL`.
"""

from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from core.refusals import Refusal, Unavailable
from workers.gateway.http.refusals import REFUSAL, RequestTooLarge, TooManyRequests
from workers.runtime import metrics
from workers.runtime.limits import Limits

_DEFAULT = Limits()


class BodyBudget:
    """The memory budget for the request bodies of one gateway."""

    def __init__(
        self,
        *,
        most_bytes: int = _DEFAULT.max_body_bytes_total,
        most_per_token: int = _DEFAULT.max_bodies_per_token,
    ) -> None:
        """All bodies together have at most `most_bytes`. A token sends at most `most_per_token` bodies at a time."""
        self.bytes = 0
        self._most_bytes = most_bytes
        self._most_per_token = most_per_token
        self._sending: dict[str, int] = {}
        metrics.BODY_BYTES.set_function(lambda: self.bytes)

    async def read(self, receive: Receive, length: bytes | None, limit: int, token: str = "") -> bytes:
        """Read a whole body of at most `limit` bytes, whether its length was announced or not.

        Its bytes count until `release`. An empty token, of an operation that needs none, has no share.

        Raises RequestTooLarge, TooManyRequests for one body too many of a token, Unavailable if all bodies exhaust the
        budget, ClientDisconnect, and the server's refusal of a body that does not come.
        """
        if length is not None and length.isdigit() and int(length) > limit:
            raise _too_large(limit)
        sending = self._sending.get(token, 0)
        if token and sending >= self._most_per_token:
            metrics.SHARES_EXHAUSTED.labels("token").inc()
            raise TooManyRequests(
                f"at most {self._most_per_token} request bodies per token may be in transit at a time"
            )
        self._sending[token] = sending + 1
        try:
            return await self._read(receive, limit)
        finally:
            if (left := self._sending[token] - 1) > 0:
                self._sending[token] = left
            else:
                del self._sending[token]

    def release(self, body: bytes) -> None:
        """Stop counting the bytes of a body."""
        self.bytes -= len(body)

    async def _read(self, receive: Receive, limit: int) -> bytes:
        parts: list[bytes] = []
        size = 0
        try:
            while True:
                part, more = _part(await receive())
                size += len(part)
                self.bytes += len(part)
                self._check(size, limit)
                if not more and not parts:
                    return part
                parts.append(part)
                if not more:
                    return b"".join(parts)
        except BaseException:
            self.bytes -= size
            raise

    def _check(self, size: int, limit: int) -> None:
        if size > limit:
            raise _too_large(limit)
        if self.bytes > self._most_bytes:
            metrics.SHARES_EXHAUSTED.labels("bodies").inc()
            raise Unavailable("the request bodies in transit take too much memory on this server")


def _part(message: Message) -> tuple[bytes, bool]:
    """Return a part of the body, and True if more follows."""
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    refusal: Refusal | None = message.get(REFUSAL)
    if refusal is not None:
        raise refusal
    return message.get("body", b""), message.get("more_body", False)


def _too_large(limit: int) -> RequestTooLarge:
    return RequestTooLarge(f"a body may have at most {limit} bytes")
