"""Parses the requests of one connection: uvicorn's httptools protocol, with bounds on its input.

Bytes are counted as they come in, before the parser keeps them: the parser itself joins the pieces of one header line,
and calls back only at the end of the line. Data is fed to the parser up to the end of one head at a time, so that no
more requests are parsed than may wait.

| bound | consequence |
| --- | --- |
| max_header_bytes, max_header_lines | 431, close |
| max_target | 414, close |
| max_pipelined | reading pauses until one of them has its response |

A refused request gets its response after those before it, and is the last of its connection.
"""

from abc import abstractmethod
from typing import Any, Final
from urllib.parse import unquote

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from core.refusals import Refusal
from workers.gateway.http.cycle import Cycle, Flow
from workers.gateway.http.refusals import BadRequest, HeadersTooLarge, TargetTooLong
from workers.runtime.limits import Limits

PIECE: Final = 16_384
"""Maximum bytes fed to the parser at a time."""
BODY_PIECE: Final = 1024
"""The same while a body comes in: requests behind it are counted after each piece."""
WAITING_BYTES: Final = 65_536
"""Bytes of waiting requests beyond which reading pauses. Data that one read brought behind them is kept unparsed."""
_LINE_END: Final = b"\r\n"
_END_OF_HEAD: Final = _LINE_END * 2
_WATCHED: Final = frozenset({b"host", b"expect", b"transfer-encoding"})


def decoded(path: str) -> str:
    """Decode the escapes of a path, except those of slashes: an escaped slash is no separator."""
    return "/".join(unquote(segment).replace("/", "%2F") for segment in path.split("/"))


class RequestReader(HttpToolsProtocol):
    """Parses the requests of one connection. A subclass handles the requests."""

    flow: Flow

    def __init__(self, config: Config, server_state: ServerState, app_state: dict[str, Any], limits: Limits) -> None:
        super().__init__(config=config, server_state=server_state, app_state=app_state)
        self._limits = limits
        self._max_lines = limits.max_header_lines
        self._max_target = limits.max_target
        self._exact = limits.max_header_bytes - PIECE
        """Pending bytes from which on the size of a head is calculated exactly."""

        self._partial = False
        """Set while a request is partly received."""
        self._in_head = False
        """Set while the head of that request is incomplete."""
        self._since = 0.0
        """Time at which the wait for the incoming head or body began; 0 without a wait."""
        self._pending = 0
        """Bytes fed to the parser since the last complete head, part of a body, or request."""
        self._body_bytes = 0
        self._hosts = 0
        self._keep_alive = True
        self._refusal: Refusal | None = None
        self._upgrade = False
        self._waiting_bytes = 0
        """Bytes of the requests that wait, since the last time that none waited."""
        self._unparsed = b""
        """Unparsed data that came in after the waiting requests."""
        self._ignores_input = False
        """Set if incoming data is dropped."""
        self._dropped = False
        """Set if data was dropped, or the client may be sending data that will not be read."""
        self._stopping = False

    @abstractmethod
    def _begin(self, scope: Any, *, expects: bool) -> None:
        """Handle a request whose head is complete, at once or after those before it."""

    @abstractmethod
    def _refuse(self, refusal: Refusal) -> None:
        """Refuse the incoming request after those before it, and take nothing more from this connection."""

    @abstractmethod
    def _watch(self) -> None:
        """Start timing the rest of a head or a body."""

    def data_received(self, data: bytes) -> None:
        """Parse received data as far as the bounds allow."""
        partial = self._partial
        if self._ignores_input:
            self._dropped = True
        elif self.flow.held:
            self._hold_back(self._unparsed + data)
        elif partial or data.find(_END_OF_HEAD) != len(data) - 4 or len(data) > PIECE:
            self._parse(data)
        else:
            # Most requests are one head and nothing else: the same as below, without the cases that cannot occur.
            self._pending += len(data)
            self._feed(data)
            if self._pending or self._partial or self.pipeline:
                self._check_bounds(data, len(data), len(data))

    def _parse(self, data: bytes) -> None:
        start, end = 0, len(data)
        while start < end and not self._ignores_input:
            stop = self._end_of_piece(data, start, end)
            self._pending += stop - start
            fed = self._feed(data[start:stop])
            start += fed
            if self._check_bounds(data, start, fed):
                return
        if start < end:
            self._dropped = True

    def _feed(self, piece: bytes) -> int:
        """Feed a piece to the parser, and refuse malformed data. Returns the number of bytes taken."""
        try:
            self.parser.feed_data(piece)
        except httptools.HttpParserUpgrade as upgrade:
            self._ignore_upgrade()
            return int(upgrade.args[0])
        except httptools.HttpParserError:
            self._refuse(self._refusal or BadRequest("this is not well-formed HTTP"))
        return len(piece)

    def _check_bounds(self, data: bytes, start: int, fed: int) -> bool:
        """Check the bounds after a piece of `fed` bytes. True if the rest of the data was put aside until later."""
        if self._ignores_input:
            return False
        if self._pending > self._limits.max_header_bytes:
            self._refuse(self._headers_too_large())
            return False
        if self.pipeline:
            self._waiting_bytes += fed
            if len(self.pipeline) >= self._limits.max_pipelined or self._waiting_bytes > WAITING_BYTES:
                self._hold_back(data[start:])
                return True
        if self._partial:
            self._watch()
        return False

    def _ignore_upgrade(self) -> None:
        """Parse the head again without its upgrade, which may be ignored (RFC 9110, section 7.8).

        The parser ends a request with an upgrade at its head, and would read the body as the next request.
        """
        first = b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        lines = [first, *(b"%b: %b" % header for header in self.headers if header[0] != b"upgrade")]
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn has it
        self._feed(_LINE_END.join(lines) + _END_OF_HEAD)

    def _end_of_piece(self, data: bytes, start: int, end: int) -> int:
        """Return the end of the next piece for the parser: after one head at most."""
        if self._partial and not self._in_head:
            return min(start + BODY_PIECE, end)
        if self._in_head and start == 0 and data[0] in _LINE_END:
            return min(len(_LINE_END) + 1, end)  # the data before may have ended with the first part of _END_OF_HEAD
        found = data.find(_END_OF_HEAD, start, start + PIECE)
        return found + len(_END_OF_HEAD) if found >= 0 else min(start + PIECE, end)

    def _hold_back(self, data: bytes) -> None:
        """Keep the data behind the waiting requests, and pause reading until one of them has its response."""
        self._unparsed = data
        self.flow.held = True
        self.flow.pause_reading()

    def _continue_reading(self) -> None:
        """Parse the kept data, and resume reading."""
        data, self._unparsed = self._unparsed, b""
        self.flow.held = False
        self._parse(data)
        if self._partial:
            self._watch()
        self.flow.resume_reading()

    def on_message_begin(self) -> None:
        """Begin to receive a request."""
        # As uvicorn has it, without a call: this is done for every request.
        self.url = b""
        self.expect_100_continue = False
        self.headers = []
        self.scope = {  # type: ignore[typeddict-item]  # the rest follows with the head
            "type": "http",
            "asgi": {"version": self.asgi_version, "spec_version": "2.3"},
            "http_version": "1.1",
            "server": self.server,
            "client": self.client,
            "scheme": "http",
            "root_path": self.root_path,
            "headers": self.headers,
            "state": self.app_state.copy(),
        }
        self._partial = self._in_head = True
        self._since = 0.0
        self._hosts = 0

    def on_url(self, url: bytes) -> None:
        """Take a part of the target."""
        self.url += url
        if len(self.url) > self._max_target:
            self._stop(TargetTooLong(f"path and query may have at most {self._max_target} bytes together"))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a line of the head, or a trailer line of a chunked body, which is not read."""
        name = name.lower()
        headers = self.headers
        headers.append((name, value))
        if name in _WATCHED:
            if name == b"host":
                self._hosts += 1
            else:
                self._watched(name, value)
        if len(headers) > self._max_lines:
            self._stop(self._headers_too_large())

    def _watched(self, name: bytes, value: bytes) -> None:
        if name == b"expect":
            self.expect_100_continue = value.lower() == b"100-continue"
        elif value.strip().lower() != b"chunked":
            # The parser would refuse it, too, but only after the handling of the request has begun.
            self._stop(BadRequest("the only supported Transfer-Encoding is chunked"))
        elif self.parser.get_http_version() != "1.1":
            self._stop(BadRequest("HTTP/1.0 has no Transfer-Encoding"))

    def on_headers_complete(self) -> None:
        """Check the head, and hand the request over."""
        parser, scope = self.parser, self.scope
        method, version = parser.get_method(), parser.get_http_version()
        self._upgrade = parser.should_upgrade()
        if self._upgrade:
            if method == b"CONNECT":
                self._stop(BadRequest("this server is not a proxy"))
            return  # the head is parsed again
        scope["method"] = method.decode("ascii")
        if version != "1.1":
            scope["http_version"] = version
        if self._hosts != 1 and (self._hosts or version == "1.1"):
            self._stop(BadRequest("an HTTP/1.1 request must have exactly one Host"))
        if self._pending > self._exact and self._size() > self._limits.max_header_bytes:
            self._stop(self._headers_too_large())
        parsed = httptools.parse_url(self.url)
        path = parsed.path.decode("ascii")
        scope["path"] = self.root_path + (decoded(path) if "%" in path else path)
        scope["raw_path"] = self.root_path.encode("ascii") + parsed.path
        scope["query_string"] = parsed.query or b""

        self._in_head = False
        self._since, self._pending, self._body_bytes = 0.0, 0, 0
        self._keep_alive = version != "1.0" and parser.should_keep_alive()
        self.headers = []  # trailer lines behind the body are not part of the head
        self._begin(scope, expects=self.expect_100_continue)

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._pending = 0
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Complete the request: only then can another request follow on this connection."""
        if self._upgrade:
            return
        self._partial = False
        self._since, self._pending = 0.0, 0
        cycle = self.cycle
        if cycle.response_complete:
            return
        if not cycle.response_started:
            cycle.keep_alive = self._keep_alive and not self._stopping
        if not cycle.keep_alive:
            self._ignores_input = True
        cycle.more_body = False
        cycle.message_event.set()

    def _stop(self, refusal: Refusal) -> None:
        """Stop the parser. Raises `refusal`."""
        self._refusal = refusal
        raise refusal

    def _headers_too_large(self) -> Refusal:
        most = self._limits
        return HeadersTooLarge(
            f"a request head may have at most {most.max_header_bytes} bytes in {most.max_header_lines} lines"
        )

    def _size(self) -> int:
        """Number of bytes in the parsed head, line ends and separators included."""
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _break_body(self, refusal: Refusal) -> None:
        """Tell the reader of the body why the rest of the body will not come."""
        self._since = 0.0
        cycle = self.cycle
        if isinstance(cycle, Cycle) and not cycle.response_started:
            cycle.refusal = refusal
            cycle.message_event.set()

    def _method(self) -> str:
        # The parser knows the method once it has seen a target.
        return self.parser.get_method().decode("ascii") if self._in_head and self.url else ""
