"""One path: the checks that all operations share, in order, then the operation's handler."""

import secrets
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

import structlog
from msgspec import Struct
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from core import ids
from core.caller import Caller
from core.redis.errors import begin_again
from core.refusals import CannotFold, EventMissing, NotAllowed, NotFound, Refusal
from projections.read.queries import BadCursor
from workers.gateway.auth import tokens
from workers.gateway.auth.provisional import ProvisionalCaller
from workers.gateway.http import bodies, caching, parameters, problems
from workers.gateway.http.admission import Admission
from workers.gateway.http.caching import Caching
from workers.gateway.http.headers import headers_of
from workers.gateway.http.machine_paths import QUIET
from workers.gateway.http.parameters import Query
from workers.gateway.http.refusals import BadRequest, InvalidToken, MethodNotAllowed
from workers.gateway.http.request_record import RequestRecord
from workers.gateway.http.response import Response, preflight, send_response
from workers.gateway.operations.operation import COMMENT, Access, Operation, Request
from workers.gateway.operations.services import Services
from workers.gateway.stream import broken
from workers.runtime import logs

_log = structlog.get_logger(__name__)

_TOLD: Final = frozenset({"site", "thread", "comment"})
"""Path parameters that are logged. Member ids never are."""


_TOKENLESS: Final = frozenset({Access.EVERYONE, Access.ANYONE})
"""Access levels that need no token."""


_OPERATED: Final = frozenset({Access.OPERATOR, Access.ADMIN_OR_OPERATOR})
"""Access levels that include the operator, whose token belongs to no site."""


class NoBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of an operation that needs none: empty, or an object without fields."""


class _Taken:
    """An operation with its gate and its prepared decoders."""

    def __init__(self, call: Operation, admission: Admission) -> None:
        self.call = call
        self.query = parameters.ParameterReader(call.query)
        self.writes = call.method != "GET"
        self.gate = admission.writes if self.writes else admission.reads
        if call.path in QUIET:
            self.gate = admission.operations
        self.comment = call.path.startswith(COMMENT)
        self.needs_body = call.body is not None
        self.body = bodies.BodyReader(call.body or NoBody)


class _Received(NamedTuple):
    """A request as received. For a write, the query is decoded and the body is complete."""

    taken: _Taken
    scope: Scope
    headers: Mapping[bytes, bytes]
    query: Query
    key: str
    wanted: Any = None
    body: bytes = b""


class Resource:
    """ASGI endpoint of one path."""

    def __init__(self, services: Services, path: str, calls: Iterable[Operation]) -> None:
        self.path = path
        self._services = services
        self._calls: dict[str, _Taken] = {call.method: _Taken(call, services.admission) for call in calls}
        methods = [*self._calls, *(["HEAD"] if "GET" in self._calls else []), "OPTIONS"]
        self._allowed = ", ".join(sorted(methods))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        record: RequestRecord = scope["hansard"]
        record.route = self.path
        method: str = scope["method"]
        if method == "OPTIONS":
            await send_response(send, record.ends(preflight(self._allowed)))
            return
        taken = self._calls.get("GET" if method == "HEAD" else method)
        if taken is None:
            refused = problems.reply(MethodNotAllowed(self._allowed))
            await send_response(send, record.ends(_unkept(refused)), without_body=method == "HEAD")
            return
        try:
            response = await self._cached(taken, scope, receive, record)
        except ClientDisconnect:
            record.status = record.GONE
            return
        await send_response(send, record.ends(response), without_body=method == "HEAD")

    async def _cached(self, taken: _Taken, scope: Scope, receive: Receive, record: RequestRecord) -> Response:
        headers = headers_of(scope)
        call = taken.call
        query: Query = {}
        key = ""
        try:
            _check_path(scope["path_params"])
            query = parameters.parse(scope["query_string"])
            if taken.writes:
                self._services.require_fit()
                key = _key(headers.get(b"idempotency-key") if call.keyed else None)
                wanted = taken.query.read(query)
                body = await self._body(call, receive, headers)
                begin_again()
                try:
                    response = await self._admitted(_Received(taken, scope, headers, query, key, wanted, body), receive)
                finally:
                    self._services.bodies.release(body)
            else:
                response = await self._admitted(_Received(taken, scope, headers, query, key), receive)
        except (Refusal, BadCursor) as refused:
            if isinstance(refused, CannotFold):
                # For an event that is only unknown, or missing, the detail is enough without a stack trace.
                is_told = refused.__cause__ is None or isinstance(refused, EventMissing)
                defect = None if is_told else refused
                _log.error("event_not_folded", position=str(refused.position), fault=refused.why, exc_info=defect)
            response = problems.reply(refused)
        except Exception as error:  # the one place where a defect becomes a response
            if isinstance(error, ClientDisconnect):
                raise
            response = broken(error, record)
        if call.keyed and key:
            response = response.also((b"idempotency-key", key.encode()))
        fresh = "after" in query
        response = caching.apply(
            response,
            Caching.BY_TOKEN if call.past and "at" in query else call.caching,
            token=b"authorization" in headers,
            fresh=fresh,
            comment=taken.comment,
        )
        if self._services.ready is not None and response.seen and not fresh and scope["method"] == "GET":
            record.shared = True
            self._services.ready.keep(scope, self.path, response)
        return caching.unless_known(response, headers.get(b"if-none-match"))

    async def _body(self, call: Operation, receive: Receive, headers: Mapping[bytes, bytes]) -> bytes:
        """Read the body of a write, after checking that it has a well-formed token. Raises Unauthenticated.

        The body is not read before that check, because the first read sends `100 Continue`.
        """
        token = ""
        if call.access not in _TOKENLESS:
            token = tokens.bearer(headers.get(b"authorization")) or ""
            if not token:
                raise tokens.required()
        length = headers.get(b"content-length")
        return await self._services.bodies.read(receive, length, self._services.max_request, token)

    async def _admitted(self, received: _Received, receive: Receive) -> Response:
        gate = received.taken.gate
        await gate.enter(receive)
        try:
            return await self._answered(received)
        finally:
            gate.leave()

    async def _answered(self, received: _Received) -> Response:
        path: dict[str, str] = received.scope["path_params"]
        caller = await self._caller(received.taken.call, path.get("site", ""), received.headers, received.query)
        if not isinstance(caller, ProvisionalCaller):
            return await self._shared(received, caller, None)
        try:
            response = await self._shared(received, caller.caller, caller)
        except (Refusal, BadCursor):
            await caller.confirm()  # a caller who is not confirmed learns only that
            raise
        await caller.confirm()
        return response

    async def _shared(self, received: _Received, token: Caller | None, trust: ProvisionalCaller | None) -> Response:
        """Handle a request. A write counts against the concurrent writes of its member. Raises TooManyRequests."""
        if not received.taken.writes or token is None:
            return await self._handled(received, token, trust)
        admission, site = self._services.admission, received.scope["path_params"].get("site", "")
        admission.enter_share(site, token.id)
        try:
            return await self._handled(received, token, trust)
        finally:
            admission.leave_share(site, token.id)

    async def _handled(self, received: _Received, token: Caller | None, trust: ProvisionalCaller | None) -> Response:
        taken, scope = received.taken, received.scope
        call = taken.call
        if call.required_role is not None and not _may_enter(call, token):
            raise NotAllowed(f"this requires the role {call.required_role}")
        request: Request[Any, Any] = Request(
            services=self._services,
            operation=call,
            place=scope["path"].rstrip("/"),  # a site's path may end with a slash
            path=scope["path_params"],
            headers=received.headers,
            query=received.wanted if taken.writes else taken.query.read(received.query),
            body=_decoded(received) if taken.writes else None,
            token=token,
            trust=trust,
            key=received.key,
            gate=taken.gate,
        )
        assert call.handler is not None
        return await call.handler(request)

    async def _caller(
        self, call: Operation, site: str, headers: Mapping[bytes, bytes], query: Query
    ) -> Caller | ProvisionalCaller | None:
        if call.access is Access.EVERYONE and not (call.past and "at" in query):
            return None  # a token that is not read cannot be refused
        authorization = headers.get(b"authorization")
        services = self._services
        if call.access is Access.OPERATOR or (
            call.access is Access.ADMIN_OR_OPERATOR and tokens.is_for_operators(authorization, site)
        ):
            token = tokens.bearer(authorization)
            if token is None:
                raise tokens.required()
            return services.operators.verify(token, services.clock())
        optional = call.access in (Access.EVERYONE, Access.ANYONE)
        if authorization is None and optional:
            return None
        trust = _trusted(services, site, authorization)
        if trust is not None:
            return trust
        keys = await services.keyring.read(site)
        if keys is None:
            raise NotFound("there is no such site")
        token = tokens.bearer(authorization)
        if token is None:
            raise tokens.required()
        return tokens.verify(token, site, keys, services.clock())


def _may_enter(call: Operation, token: Caller | None) -> bool:
    """True if the caller has the required role, or is the operator and the operation admits the operator."""
    if token is None:
        return False
    return call.required_role in token.roles or (call.access in _OPERATED and "operator" in token.roles)


def _check_path(path: Mapping[str, str]) -> None:
    """Raise NotFound for a path with a malformed id. Adds the valid ids to the log context."""
    if not parameters.are_ids(path):
        raise NotFound
    logs.about(**{name: value for name, value in path.items() if name in _TOLD})


def _decoded(received: _Received) -> Any:
    """Return the decoded body of a write. Raises BadRequest, UnsupportedMediaType."""
    taken, headers = received.taken, received.headers
    if not received.body:
        if taken.needs_body:
            raise BadRequest.at("", "a body is required")
        return NoBody()
    bodies.check_media(headers.get(b"content-type"), headers.get(b"content-encoding"))
    return taken.body.read(received.body)


def _trusted(services: Services, site: str, authorization: bytes | None) -> ProvisionalCaller | None:
    """Return the caller whose token is valid by the last known keys of the site. None if that cannot be verified."""
    try:
        token = tokens.bearer(authorization)
        look = None if token is None else services.keyring.begin(site)
        if token is None or look is None:
            return None
        return ProvisionalCaller(services.keyring, site, look, token, services.clock)
    except InvalidToken:
        return None  # the current keys may accept the token; if they do not, their error is the one to report


def _key(given: bytes | None) -> str:
    """Return the Idempotency-Key of a request, or a new key. Raises BadRequest for a malformed key."""
    if given is None:
        return secrets.token_urlsafe(16)
    key = given.decode("latin-1")
    if not ids.is_idempotency_key(key):
        raise BadRequest("an Idempotency-Key must have 1 to 255 visible ASCII characters")
    return key


def _unkept(response: Response) -> Response:
    return response.also((b"cache-control", caching.NO_STORE))
