"""Bounds of one HTTP connection, over a socket: each answers with a problem, or closes, and others go on."""

import socket
from collections.abc import Callable, MutableMapping
from contextlib import ExitStack
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

import anyio
import pytest
from anyio import Event
from anyio.abc import SocketStream
from starlette.types import Receive, Scope, Send

from tests.support.house import told
from tests.support.wire import BOUND, Answer, Served, Wire, request, served
from workers.gateway.http.request_reader import WAITING_BYTES
from workers.runtime import metrics
from workers.runtime.limits import Limits

SMALL = Limits(max_header_bytes=1000, max_header_lines=10, max_target=200)
SHORT = 0.05
ONE_READ = 262_144
"""Bytes that a loop reads at a time, at most."""
LONG = 10_000_000
"""Bytes of an answer that no buffer of the system takes whole."""


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """Each loop that a gateway runs on: transports differ between the two."""
    if request.param and find_spec("uvloop") is None:
        pytest.skip("uvloop is not installed")
    return "asyncio", {"use_uvloop": request.param}


class Application:
    """Answers with what it was asked; at `/wait` not before it may, at `/long` with so much, at `/ignore` at once."""

    def __init__(self) -> None:
        self.free = Event()
        self.follows = Event()
        self.follows.set()
        self.asked: list[str] = []
        self.gone = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        self.asked.append(path)
        body, more = b"", path not in ("/ignore", "/long")
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.gone += 1
                return
            if (refusal := message.get("hansard.refusal")) is not None:
                body, more = f"refused {refusal.code}".encode(), False
                break
            body += message["body"]
            more = message["more_body"]
        if path == "/wait":
            await self.free.wait()
        if path == "/follow":
            await self.follows.wait()
            while (await receive())["type"] != "http.disconnect":
                pass
            self.gone += 1
            return
        if path == "/long":
            body = b"x" * LONG
        said = f"{scope['method']} {path} ".encode() + body
        length = (b"content-length", str(len(said)).encode())
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        await send({"type": "http.response.body", "body": said})


def counted(name: str, **labels: str) -> float:
    return metrics.REGISTRY.get_sample_value(f"hansard_{name}", labels) or 0.0


async def until(holds: Callable[[], bool]) -> None:
    with anyio.fail_after(BOUND):
        while not holds():
            await anyio.lowlevel.checkpoint()


async def ask(server: Served, data: bytes, *, bare: bool = False) -> Answer:
    """Send it on a connection of its own; the answer, after which the server has closed."""
    async with server.wire() as wire:
        await wire.send(data)
        answer = await wire.answer(bare=bare)
        assert answer.headers["connection"] == "close"
        assert await wire.end() == b""
    return answer


async def alive(server: Served) -> None:
    """See that others are served."""
    async with server.wire() as wire:
        await wire.send(request("GET", "/fine"))
        assert (await wire.answer()).body == b"GET /fine "


# --- size ---


@pytest.mark.parametrize(
    "lines",
    [
        [f"X: {'v' * 1000}"],
        [f"X-{number}: {'v' * 150}" for number in range(8)],
        [f"{number}: v" for number in range(10)],
        [f"{'n' * 1000}: v"],
    ],
    ids=["one long value", "several values", "many lines", "a long name"],
)
async def test_a_head_that_is_too_large_is_refused(lines: list[str]) -> None:
    async with served(Application(), SMALL) as server:
        answer = await ask(server, request("GET", "/", *lines))
        assert answer.status == 431
        answer.problem("headers-too-large")
        await alive(server)


async def test_a_head_as_large_as_it_may_be_is_taken() -> None:
    async with served(Application(), SMALL) as server, server.wire() as wire:
        for lines in ([f"X: {'v' * 900}"], [f"{number}: v" for number in range(9)]):
            await wire.send(request("GET", "/", *lines))
            assert (await wire.answer()).status == 200


async def test_a_head_without_an_end_is_refused_while_it_comes() -> None:
    for begin in (b"GET / HTTP/1.1\r\nX: ", b"GET / HTTP/1.1\r\nHost: h\r\n", b"\r\n"):
        more = b"v" * 400 if begin.endswith(b": ") else b"a: b\r\n" if begin.startswith(b"GET") else b"\r\n"
        async with served(Application(), SMALL) as server, server.wire() as wire:
            await wire.send(begin)
            for _ in range(1 + 1000 // len(more)):
                await wire.send(more)
            assert (await wire.answer()).status == 431


async def test_no_more_of_a_head_is_kept_than_it_may_have_whatever_is_sent() -> None:
    async with served(Application()) as server, server.wire() as wire:
        await wire.send(b"GET / HTTP/1.1\r\nX: ")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_flood, wire, b"v" * 65_536)
            assert (await wire.answer()).status == 431
            await wire.end()
            tasks.cancel_scope.cancel()


async def _flood(wire: Wire, data: bytes) -> None:
    try:
        while True:
            await wire.send(data)
    except (anyio.BrokenResourceError, anyio.ClosedResourceError):
        return


async def test_a_target_that_is_too_long_is_refused() -> None:
    async with served(Application(), SMALL) as server:
        for target in ("/" + "a" * 200, "/?" + "q=1&" * 50, "http://h/" + "a" * 200):
            answer = await ask(server, request("GET", target))
            assert answer.status == 414
            answer.problem("target-too-long")
        async with server.wire() as wire:
            await wire.send(request("GET", "/" + "a" * 199))
            assert (await wire.answer()).status == 200


async def test_what_follows_a_body_is_bounded_as_a_head_is_and_read_by_nobody() -> None:
    seen: list[Any] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await Application()(scope, receive, send)
        seen.append(scope["headers"])

    chunked = request("POST", "/", "Transfer-Encoding: chunked")
    async with served(application, SMALL) as server:
        async with server.wire() as wire:
            await wire.send(chunked + b"3\r\nabc\r\n0\r\nAuthorization: x\r\n\r\n")
            assert (await wire.answer()).body == b"POST / abc"
        assert seen == [[(b"host", b"h"), (b"transfer-encoding", b"chunked")]]
        for long in (b"0\r\nx: " + b"v" * 1200, b"0\r\n" + b"a: b\r\n" * 12, b"3;x=" + b"v" * 1200):
            answer = await ask(server, chunked + long)
            assert answer.body == b"POST / refused headers-too-large"


# --- form ---


MALFORMED = [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"BREW / HTTP/1.1\r\nHost: h\r\n\r\n",
    b"GET / HTTP/1.1\nHost: h\n\n",
    request("GET", "/", "X: a\x00b"),
    request("GET", "/", "X : a"),
    request("GET", "/", " folded"),
    request("GET", "http://[", ""),
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    request("GET", "/", host=None),
    request("GET", "/", "Host: other"),
    request("GET", "/", "Host: other", version="1.0"),
    request("POST", "/", "Content-Length: 3", "Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
    request("POST", "/", "Transfer-Encoding: chunked", "Content-Length: 3", body=b"0\r\n\r\n"),
    request("POST", "/", "Content-Length: 3", "Content-Length: 4", body=b"abcd"),
    request("POST", "/", "Content-Length: 3", "Content-Length: 3", body=b"abc"),
    request("POST", "/", "Content-Length: +3", body=b"abc"),
    request("POST", "/", "Content-Length: 3, 3", body=b"abc"),
    request("POST", "/", "Content-Length:", body=b"abc"),
    request("POST", "/", "Transfer-Encoding: chunked, identity", body=b"0\r\n\r\n"),
    request("POST", "/", "Transfer-Encoding: xchunked", body=b"0\r\n\r\n"),
    request("POST", "/", "Transfer-Encoding : chunked", body=b"0\r\n\r\n"),
    request("POST", "/", "Transfer-Encoding:\x0bchunked", body=b"0\r\n\r\n"),
    request("POST", "/", "Transfer-Encoding: chunked", version="1.0", body=b"0\r\n\r\n"),
    request("POST", "/", "Transfer-Encoding: chunked", "Transfer-Encoding: identity", body=b"0\r\n\r\n"),
]


async def test_what_is_not_well_formed_is_a_bad_request_and_the_last_of_its_connection() -> None:
    application = Application()
    async with served(application) as server:
        for sent in MALFORMED:
            answer = await ask(server, sent + request("GET", "/smuggled"))
            assert answer.status == 400, sent
            answer.problem("bad-request")
            assert application.asked == [], sent
        await alive(server)


async def test_a_body_that_turns_out_malformed_is_told_to_its_reader() -> None:
    application = Application()
    async with served(application) as server:
        for body in (b"zz\r\n", b"3\r\nabcdef\r\n", b"-1\r\n", b"3\nabc\n0\n\n"):
            sent = request("POST", "/", "Transfer-Encoding: chunked") + body + request("GET", "/smuggled")
            assert (await ask(server, sent)).body == b"POST / refused bad-request"
    assert set(application.asked) == {"/"}


async def test_an_answer_to_head_has_no_body_when_it_is_refused_either() -> None:
    async with served(Application(), SMALL) as server:
        answer = await ask(server, request("HEAD", "/", f"X: {'v' * 1000}"), bare=True)
        assert (answer.status, answer.body) == (431, b"")
        assert int(answer.headers["content-length"]) > 0
        assert (await ask(server, request("HEAD", "/", "Host: other"), bare=True)).status == 400


async def test_http_1_0_needs_no_host_and_ends_its_connection() -> None:
    async with served(Application()) as server:
        for host in (None, "h"):
            answer = await ask(server, request("GET", "/", "Connection: keep-alive", version="1.0", host=host))
            assert answer.body == b"GET / "


async def test_an_upgrade_is_ignored_and_what_follows_it_is_the_next_request() -> None:
    async with served(Application()) as server, server.wire() as wire:
        upgrade = request("GET", "/one", "Connection: Upgrade", "Upgrade: h2c")
        await wire.send(upgrade + request("GET", "/two"))
        assert (await wire.answer()).body == b"GET /one "
        assert (await wire.answer()).body == b"GET /two "


async def test_the_body_of_a_request_that_may_be_upgraded_is_no_request() -> None:
    application = Application()
    smuggled = request("GET", "/smuggled")
    coded = b"%x\r\n%b\r\n0\r\n\r\n" % (len(smuggled), smuggled)
    upgrade = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: x")
    async with served(application) as server:
        for line, body in ((f"Content-Length: {len(smuggled)}", smuggled), ("Transfer-Encoding: chunked", coded)):
            head = request("POST", "/one", *upgrade, line)
            for parts in ([head + body + request("GET", "/two")], [head, body, request("GET", "/two")]):
                async with server.wire() as wire:
                    for part in parts:
                        await wire.send(part)
                        for _ in range(10):
                            await anyio.lowlevel.checkpoint()
                    assert (await wire.answer()).body == b"POST /one " + smuggled
                    assert (await wire.answer()).body == b"GET /two "
        old = request("GET", "/one", *upgrade, version="1.0", host=None)
        assert (await ask(server, old + smuggled)).body == b"GET /one "
        answer = await ask(server, request("CONNECT", "h:1") + request("GET", "/smuggled"))
        assert answer.status == 400
    assert set(application.asked) == {"/one", "/two"}


async def test_requests_arrive_whole_wherever_the_network_cuts_them() -> None:
    chunked = request("POST", "/c", "Transfer-Encoding: chunked", body=b"3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n")
    plain = request("POST", "/p", "Content-Length: 4", body=b"\r\n\r\n")
    sent = request("GET", "/a") + chunked + plain + request("GET", "/b")
    wanted = [b"GET /a ", b"POST /c abcd", b"POST /p \r\n\r\n", b"GET /b "]
    async with served(Application()) as server:
        place = urlsplit(server.url)
        for size in (1, 2, 3, 5, 7, len(sent)):
            async with server.wire() as wire:
                for start in range(0, len(sent), size):
                    await wire.send(sent[start : start + size])
                assert [(await wire.answer()).body for _ in wanted] == wanted, (size, place)


# --- time ---


async def test_a_head_that_does_not_come_in_time_is_refused() -> None:
    async with served(Application(), Limits(head_timeout=SHORT)) as server:
        for begin in (b"G", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: h\r\n"):
            async with server.wire() as wire:
                await wire.send(begin)
                answer = await wire.answer()
                assert answer.status == 408
                answer.problem("request-timeout")
                await wire.end()


async def test_the_time_of_a_head_is_counted_from_its_first_byte() -> None:
    limits = Limits(head_timeout=SHORT)
    async with served(Application(), limits) as server, server.wire() as wire, anyio.create_task_group() as tasks:
        tasks.start_soon(_drip, wire, request("GET", "/" + "a" * 10_000))
        assert (await wire.answer()).status == 408
        tasks.cancel_scope.cancel()


async def _drip(wire: Wire, data: bytes) -> None:
    try:
        for start in range(len(data)):
            await wire.send(data[start : start + 1])
            await anyio.sleep(SHORT / 20)
    except (anyio.BrokenResourceError, anyio.ClosedResourceError):
        return


async def test_a_body_that_does_not_come_in_time_is_told_to_its_reader() -> None:
    async with served(Application(), Limits(body_timeout=SHORT)) as server:
        for head in (("Content-Length: 9",), ("Transfer-Encoding: chunked",)):
            for begun in (b"", b"3\r\nab"):
                answer = await ask(server, request("POST", "/", *head) + begun)
                assert answer.body == b"POST / refused request-timeout"


async def test_a_body_gets_more_time_for_what_has_come() -> None:
    limits = Limits(body_timeout=SHORT, body_rate=1)
    async with served(Application(), limits) as server, server.wire() as wire:
        await wire.send(request("POST", "/", "Content-Length: 100", body=b"a" * 99))
        with anyio.move_on_after(SHORT * 4):
            await wire.answer()
            pytest.fail("99 bytes are worth 99 s")
        await wire.send(b"b")
        assert (await wire.answer()).body == b"POST / " + b"a" * 99 + b"b"


async def test_a_body_that_nobody_asked_for_yet_is_not_late() -> None:
    gate = Event()

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await gate.wait()
        await Application()(scope, receive, send)

    async with served(application, Limits(body_timeout=SHORT)) as server, server.wire() as wire:
        await wire.send(request("POST", "/", "Expect: 100-continue", "Content-Length: 3"))
        with anyio.move_on_after(SHORT * 4):
            await wire.answer()
            pytest.fail("it was not asked for")
        gate.set()
        assert (await wire.answer()).status == 100
        await wire.send(b"abc")
        assert (await wire.answer()).body == b"POST / abc"


async def test_a_silent_connection_is_closed_before_and_between_requests() -> None:
    idle = counted("connections_closed_total", cause="idle")
    async with served(Application(), Limits(idle_timeout=SHORT)) as server:
        async with server.wire() as wire:
            assert await wire.end() == b""
        async with server.wire() as wire:
            await wire.send(b"\r\n")
            assert await wire.end() == b""
        async with server.wire() as wire:
            await wire.send(request())
            await wire.answer()
            assert await wire.end() == b""
    assert counted("connections_closed_total", cause="idle") == idle + 3


async def test_a_connection_whose_request_is_under_way_is_not_idle() -> None:
    application = Application()
    async with served(application, Limits(idle_timeout=SHORT, head_timeout=SHORT)) as server, server.wire() as wire:
        await wire.send(request("GET", "/wait") + b"GET /next HTTP/1.1\r\n")
        with anyio.move_on_after(SHORT * 4):
            await wire.answer()
            pytest.fail("nothing is to be answered yet")
        application.free.set()
        assert (await wire.answer()).body == b"GET /wait "
        assert (await wire.answer()).status == 408, "from here on, the head that was begun is waited for"


async def test_an_answer_that_its_client_does_not_take_ends_the_connection() -> None:
    unsent = counted("connections_closed_total", cause="unsent")
    for lines in ((), ("Connection: close",)):
        async with served(Application(), Limits(send_timeout=SHORT)) as server, server.wire() as wire:
            await wire.send(request("GET", "/long", *lines))
            await server.left(1)
            await server.left(0)
    assert counted("connections_closed_total", cause="unsent") == unsent + 2


async def test_an_answer_that_is_taken_slowly_is_sent_whole() -> None:
    async with served(Application(), Limits(send_timeout=SHORT * 10)) as server:
        place = urlsplit(server.url)
        with socket.socket() as small:
            # Nothing that the client has not read lies in the system for long.
            small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
            small.connect((place.hostname, place.port))
            async with await SocketStream.from_socket(small) as stream:
                await stream.send(request("GET", "/long", "Connection: close"))
                taken = 0
                with anyio.fail_after(BOUND):
                    async for part in stream:
                        taken += len(part)
                        await anyio.sleep(SHORT / 10)
        assert taken > LONG


async def test_a_stream_whose_client_takes_nothing_is_ended() -> None:
    ended = Event()

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_pour, send)
            while (await receive())["type"] != "http.disconnect":
                pass
            tasks.cancel_scope.cancel()
        ended.set()

    async with served(application, Limits(send_timeout=SHORT)) as server, server.wire() as wire:
        await wire.send(request("GET", "/feed"))
        with anyio.fail_after(BOUND):
            await ended.wait()


async def _pour(send: Send) -> None:
    while True:
        await send({"type": "http.response.body", "body": b"x" * 65_536, "more_body": True})
        await anyio.lowlevel.checkpoint()


# --- unread data ---


async def test_a_client_gets_the_answer_to_what_is_refused_while_it_sends() -> None:
    async with served(Application(), SMALL) as server:
        for refused in (request("GET", "/", f"X: {'v' * 1000}"), request("POST", "/ignore", f"Content-Length: {LONG}")):
            async with server.wire() as wire:
                await wire.send(refused)
                for _ in range(20):
                    await wire.send(b"z" * 100_000)
                answer = await wire.answer()
                assert answer.headers["connection"] == "close"
                await wire.end()


async def test_a_client_that_goes_on_sending_after_its_answer_is_cut_off() -> None:
    limits = Limits(linger_timeout=SHORT)
    async with served(Application(), limits) as server, server.wire() as wire:
        await wire.send(request("POST", "/ignore", f"Content-Length: {2**40}"))
        assert (await wire.answer()).status == 200
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_flood, wire, b"z" * 65_536)
            await server.left(0)


async def test_a_body_that_is_there_already_but_not_read_ends_nothing() -> None:
    async with served(Application()) as server, server.wire() as wire:
        for _ in range(2):
            await wire.send(request("POST", "/ignore", "Content-Length: 3", body=b"abc"))
            answer = await wire.answer()
            assert answer.status == 200
            assert "connection" not in answer.headers


# --- pipelining ---


async def test_no_more_than_so_many_requests_of_a_connection_wait_behind_the_first() -> None:
    application = Application()
    async with served(application, Limits(max_pipelined=3)) as server, server.wire() as wire:
        many = [request("GET", "/wait"), *(request("GET", f"/{number}") for number in range(200))]
        await wire.send(b"".join(many))
        await until(lambda: application.asked == ["/wait"])
        (protocol,) = server.protocols()
        await until(lambda: len(protocol.pipeline) == 3)
        assert protocol.flow.read_paused
        application.free.set()
        assert (await wire.answer()).body == b"GET /wait "
        for number in range(200):
            assert (await wire.answer()).body == f"GET /{number} ".encode()
            assert len(protocol.pipeline) <= 3


async def test_no_more_bytes_of_requests_wait_than_they_may() -> None:
    application = Application()
    body = b"b" * 60_000
    async with served(application) as server, server.wire() as wire, anyio.create_task_group() as tasks:
        await wire.send(request("GET", "/wait"))
        await until(lambda: application.asked == ["/wait"])
        (protocol,) = server.protocols()
        posts = [request("POST", f"/{number}", f"Content-Length: {len(body)}", body=body) for number in range(12)]
        tasks.start_soon(wire.send, b"".join(posts))
        await until(lambda: protocol.flow.read_paused)
        assert sum(len(cycle.body) for cycle, _ in protocol.pipeline) < 2 * WAITING_BYTES
        assert len(protocol._unparsed) <= ONE_READ
        application.free.set()
        assert (await wire.answer()).body == b"GET /wait "
        for number in range(12):
            assert (await wire.answer()).body == f"POST /{number} ".encode() + body


async def test_a_follower_that_waits_for_its_client_reads_no_further_than_the_bound_either() -> None:
    application = Application()
    application.follows = Event()
    async with served(application, Limits(max_pipelined=3)) as server, server.wire() as wire:
        await wire.send(request("GET", "/follow"))
        await until(lambda: application.asked == ["/follow"])
        (protocol,) = server.protocols()
        await wire.send(request("GET", "/more") * 50)
        await until(lambda: protocol.flow.read_paused)
        kept = protocol._unparsed
        application.follows.set()
        for _ in range(20):
            await wire.send(request("GET", "/more"))
            await anyio.lowlevel.checkpoint()
        assert protocol._unparsed == kept
        assert len(protocol.pipeline) == 3


async def test_a_follower_with_requests_behind_it_is_told_when_its_client_leaves() -> None:
    application = Application()
    async with served(application, Limits(max_pipelined=3)) as server:
        async with server.wire() as wire:
            await wire.send(request("GET", "/follow") + request("GET", "/next"))
            await until(lambda: application.asked == ["/follow"])
        await until(lambda: application.gone == 1)


async def test_what_is_refused_behind_others_is_answered_in_its_turn() -> None:
    application = Application()
    async with served(application, SMALL) as server, server.wire() as wire:
        await wire.send(request("GET", "/wait") + request("GET", "/two") + b"nonsense\r\n\r\n")
        await until(lambda: application.asked == ["/wait"])
        application.free.set()
        assert (await wire.answer()).body == b"GET /wait "
        assert (await wire.answer()).body == b"GET /two "
        (await wire.answer()).problem("bad-request")
        assert await wire.end() == b""


# --- defects ---


async def test_an_application_that_fails_is_answered_as_a_defect_and_nothing_is_said_of_it() -> None:
    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        raise LookupError("secret words")

    async with served(application) as server:
        answer = await ask(server, request())
        assert answer.status == 500
        assert len(answer.problem("internal")["request"]) == 16
        assert b"secret" not in answer.body
        assert answer.headers["cache-control"] == "no-store"


# --- in the log and the metrics ---


async def test_what_the_server_refuses_is_counted_and_logged_as_other_requests_are() -> None:
    labels = {"route": "none", "method": "GET", "status": "431"}
    before = counted("http_requests_total", **labels)
    seconds = counted("http_seconds_count", route="none", method="GET")
    lines: list[MutableMapping[str, Any]]
    async with served(Application(), SMALL) as server:
        with told() as lines:
            await ask(server, request("GET", "/secret", f"X: {'v' * 1000}"))
    assert counted("http_requests_total", **labels) == before + 1
    assert counted("http_seconds_count", route="none", method="GET") == seconds + 1
    (line,) = [line for line in lines if line["event"] == "request_answered"]
    assert (line["route"], line["method"], line["status"], len(line["request"])) == ("none", "GET", 431, 16)
    assert "secret" not in str(lines)


# --- many connections ---


async def test_the_longest_idle_connection_is_closed_first_at_the_limit() -> None:
    closed = counted("connections_closed_total", cause="room")
    serving = served(Application(), Limits(max_connections=3))
    async with serving as server, server.wire() as first, server.wire() as second, server.wire() as third:
        for wire in (first, second, third, first):
            await wire.send(request())
            await wire.answer()
        async with server.wire() as fourth:
            await fourth.send(request())
            assert (await fourth.answer()).status == 200
            assert await second.end() == b""
            for wire in (first, third):
                await wire.send(request())
                assert (await wire.answer()).status == 200
    assert counted("connections_closed_total", cause="room") == closed + 1


async def test_where_none_is_idle_newcomers_wait_for_one_that_is() -> None:
    application = Application()
    serving = served(application, Limits(max_connections=2))
    with told() as lines:
        async with serving as server, server.wire() as first, server.wire() as second:
            for wire in (first, second):
                await wire.send(request("GET", "/wait"))
            await until(lambda: application.asked == ["/wait"] * 2)
            async with server.wire() as third:
                await third.send(request("GET", "/third"))
                for _ in range(20):
                    await anyio.lowlevel.checkpoint()
                assert server.server.connections.open == 2
                application.free.set()
                assert (await third.answer()).body == b"GET /third "
                assert server.server.connections.open <= 2
    assert [line["event"] for line in lines if "connection" in line["event"]] == ["connection_limit_approached"]


async def test_silent_connections_keep_nobody_out() -> None:
    async with served(Application(), Limits(max_connections=8)) as server:
        place = urlsplit(server.url)
        with ExitStack() as stack:
            for _ in range(40):
                stack.enter_context(socket.create_connection((place.hostname or "", place.port or 0)))
            await alive(server)
            assert server.server.connections.open <= 8
