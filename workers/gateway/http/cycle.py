"""One request with its response in the server: uvicorn's cycle, flow control and transport, adapted."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from core.refusals import Refusal
from workers.gateway.http import caching, problems, request_log
from workers.gateway.http.refusals import REFUSAL
from workers.gateway.http.request_record import RequestRecord
from workers.gateway.http.response import WHOLE, send_response

JOINED: Final = 64 * 1024
"""Longest body in bytes that is copied behind its head. `writelines` copies nothing, but in some versions of Python
(3.12.1) it loses data that the system does not take at once."""


class Cycle(RequestResponseCycle):
    """One request and its response. `refusal` is the reason why the rest of the request body is not read."""

    refusal: Refusal | None = None

    async def receive(self) -> Any:
        """Return the next ASGI message."""
        message: Any = await super().receive()
        if self.refusal is not None and message["type"] == "http.request":
            message[REFUSAL] = self.refusal
        return message

    async def send(self, message: Any) -> None:
        """Send an ASGI message. A head waits for the next message if that contains the whole body."""
        if WHOLE in message and self.scope["method"] != "HEAD":
            outlet: Outlet = self.transport  # type: ignore[assignment]  # uvicorn knows it as a transport
            outlet.hold()
        await super().send(message)

    async def send_500_response(self) -> None:
        """Respond to a request after a failure outside of all error handlers."""
        record: RequestRecord | None = self.scope.get("hansard")  # type: ignore[assignment]  # ours, not uvicorn's
        reply = problems.internal(request_log.request_id() if record is None else record.request)
        reply = reply.also((b"cache-control", caching.NO_STORE), (b"connection", b"close"))
        await send_response(self.send, reply, without_body=self.scope["method"] == "HEAD")


class Flow(FlowControl):
    """Flow control that keeps reading paused while requests wait, even if other code resumes it."""

    held = False

    def resume_reading(self) -> None:
        """Resume reading, unless reading is held."""
        if not self.held:
            super().resume_reading()


class Outlet(asyncio.Transport):
    """The transport as seen by uvicorn. The protocol decides how to close it."""

    def __init__(self, transport: asyncio.Transport, close: Callable[[], None]) -> None:
        super().__init__()
        self._transport = transport
        self._head = b""
        # Bound directly: these are called for every response.
        self.write = transport.write  # type: ignore[method-assign]  # the same method of another object
        self.is_closing = transport.is_closing  # type: ignore[method-assign]  # as above
        self.close = close  # type: ignore[method-assign]  # as above

    def hold(self) -> None:
        """Send the next write together with the one after it: two separate writes wake the client twice."""
        self.write = self._keep  # type: ignore[method-assign]  # for one call

    def _keep(self, data: Any) -> None:
        self._head = data
        self.write = self._join  # type: ignore[method-assign]  # for one call

    def _join(self, data: Any) -> None:
        self.write = self._transport.write  # type: ignore[method-assign]  # as before
        if len(data) <= JOINED:
            self.write(self._head + data)
        else:
            self.write(self._head)
            self.write(data)
