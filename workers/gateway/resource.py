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
from workers.gateway.auth.authentication import Idle, verified_by
from workers.gateway.auth.provisional import CallerChanged, ProvisionalCaller
from workers.gateway.http import bodies, caching, parameters, problems
from workers.gateway.http.admission import Admission
from workers.gateway.http.caching import Caching
from workers.gateway.http.defects import broken
from workers.gateway.http.headers import headers_of
from workers.gateway.http.machine_paths import QUIET
from workers.gateway.http.parameters import Query
from workers.gateway.http.refusals import BadRequest, InvalidToken, KeysNotFetched, MethodNotAllowed
from workers.gateway.http.request_record import RequestRecord
from workers.gateway.http.response import Response, preflight, send_response
from workers.gateway.operations.member_rates import begin_rate
from workers.gateway.operations.operation import COMMENT, Access, Operation, Request
from workers.gateway.operations.services import Services
from workers.runtime import logs

_log = structlog.get_logger(__name__)

_LOGGED: Final = frozenset({"site", "thread", "comment"})
"""Path parameters that are logged. Member ids never are."""


_TOKENLESS: Final = frozenset({Access.EVERYONE, Access.ANYONE})
"""Access levels that need no token."""


MAX_TOKENLESS: Final = 8192
"""Most bytes of a body of an operation that needs no token."""


_OPERATOR_ACCESS: Final = frozenset({Access.OPERATOR, Access.ADMIN_OR_OPERATOR})
"""Access levels that include the operator, whose token belongs to no site."""


class NoBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of an operation that needs none: empty, or an object without fields."""


class _PreparedOperation:
    """An operation with its gate and its prepared decoders."""

    def __init__(self, operation: Operation, admission: Admission) -> None:
        self.operation = operation
        self.query = parameters.reader_of(operation.query)
        self.writes = operation.method != "GET"
        self.gate = admission.writes if self.writes else admission.reads
        if operation.path in QUIET:
            self.gate = admission.operations
        self.comment = operation.path.startswith(COMMENT)
        self.needs_body = operation.body is not None
        self.body = bodies.reader_of(operation.body or NoBody)


class _ReceivedRequest(NamedTuple):
    """A request as received. For a write, the query is decoded and the body is complete."""

    prepared: _PreparedOperation
    scope: Scope
    headers: Mapping[bytes, bytes]
    query: Query
    key: str
    wanted: Any = None
    body: bytes = b""


class Resource:
    """ASGI endpoint of one path."""

    def __init__(self, services: Services, path: str, operations: Iterable[Operation]) -> None:
        self.path = path
        self._services = services
        self._operations: dict[str, _PreparedOperation] = {
            operation.method: _PreparedOperation(operation, services.admission) for operation in operations
        }
        methods = [*self._operations, *(["HEAD"] if "GET" in self._operations else []), "OPTIONS"]
        self._allowed = ", ".join(sorted(methods))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        record: RequestRecord = scope["hansard"]
        record.route = self.path
        method: str = scope["method"]
        if method == "OPTIONS":
            await send_response(send, record.ends(preflight(self._allowed)))
            return
        prepared = self._operations.get("GET" if method == "HEAD" else method)
        if prepared is None:
            refused = problems.reply(MethodNotAllowed(self._allowed))
            await send_response(send, record.ends(_unstored(refused)), without_body=method == "HEAD")
            return
        try:
            response = await self._respond(prepared, scope, receive, record)
        except ClientDisconnect:
            record.status = record.GONE
            return
        await send_response(send, record.ends(response), without_body=method == "HEAD")

    async def _respond(
        self, prepared: _PreparedOperation, scope: Scope, receive: Receive, record: RequestRecord
    ) -> Response:
        headers = headers_of(scope)
        operation = prepared.operation
        query: Query = {}
        key = ""
        try:
            _check_path(scope["path_params"])
            query = parameters.parse(scope["query_string"])
            if prepared.writes:
                self._services.require_fit()
                key = _key(headers.get(b"idempotency-key") if operation.keyed else None)
                wanted = prepared.query.read(query)
                body = await self._body(operation, receive, headers)
                begin_again()
                try:
                    response = await self._admitted(
                        _ReceivedRequest(prepared, scope, headers, query, key, wanted, body), receive
                    )
                finally:
                    self._services.bodies.release(body)
            else:
                response = await self._admitted(_ReceivedRequest(prepared, scope, headers, query, key), receive)
        except (Refusal, BadCursor) as refused:
            if isinstance(refused, CannotFold):
                # For an event that is only unknown, or missing, the detail is enough without a stack trace.
                is_explained = refused.__cause__ is None or isinstance(refused, EventMissing)
                defect = None if is_explained else refused
                _log.error("event_not_folded", position=str(refused.position), fault=refused.why, exc_info=defect)
            response = problems.reply(refused)
        except Exception as error:  # the one place where a defect becomes a response
            if isinstance(error, ClientDisconnect):
                raise
            response = broken(error, record)
        if operation.keyed and key:
            response = response.also((b"idempotency-key", key.encode()))
        fresh = "after" in query
        past = operation.past and "at" in query
        if past:
            response = response.also(caching.UNLISTED)
        response = caching.apply(
            response,
            Caching.BY_TOKEN if past else operation.caching,
            token=b"authorization" in headers,
            fresh=fresh,
            comment=prepared.comment,
        )
        if self._services.response_cache is not None and response.states and not fresh and scope["method"] == "GET":
            record.shared = True
            self._services.response_cache.keep(scope, self.path, response)
        return caching.unless_known(response, headers.get(b"if-none-match"))

    async def _body(self, operation: Operation, receive: Receive, headers: Mapping[bytes, bytes]) -> bytes:
        """Read the body of a write, after checking that it has a well-formed token. Raises Unauthenticated.

        The body is not read before that check, because the first read sends `100 Continue`.
        """
        token, limit = "", max(self._services.max_request, operation.most_bytes)
        if operation.access in _TOKENLESS:
            limit = operation.most_bytes or min(limit, MAX_TOKENLESS)
        else:
            token = tokens.bearer(headers.get(b"authorization")) or ""
            if not token:
                raise tokens.required()
        return await self._services.bodies.read(receive, headers.get(b"content-length"), limit, token)

    async def _admitted(self, received: _ReceivedRequest, receive: Receive) -> Response:
        gate = received.prepared.gate
        await gate.enter(receive)
        try:
            return await self._authenticated(received)
        finally:
            gate.leave()

    async def _authenticated(self, received: _ReceivedRequest) -> Response:
        caller = await self._caller(received)
        if not isinstance(caller, ProvisionalCaller):
            return await self._within_share(received, caller, None)
        try:
            try:
                response = await self._within_share(received, caller.caller, caller)
            except (Refusal, BadCursor):
                await caller.confirm()  # a caller who is not confirmed learns only that
                raise
            await caller.confirm()
        except CallerChanged as changed:
            return await self._within_share(received, changed.caller, None)
        return response

    async def _within_share(
        self, received: _ReceivedRequest, token: Caller | None, provisional: ProvisionalCaller | None
    ) -> Response:
        """Handle a request. A write counts against the concurrent writes of its member. Raises TooManyRequests."""
        if not received.prepared.writes or token is None:
            return await self._handle(received, token, provisional)
        admission, site = self._services.admission, received.scope["path_params"].get("site", "")
        admission.enter_share(site, token.id)
        try:
            return await self._handle(received, token, provisional)
        finally:
            admission.leave_share(site, token.id)

    async def _handle(
        self, received: _ReceivedRequest, token: Caller | None, provisional: ProvisionalCaller | None
    ) -> Response:
        prepared, scope = received.prepared, received.scope
        operation, site = prepared.operation, scope["path_params"].get("site", "")
        if operation.required_role is not None and not _may_enter(operation, token):
            raise NotAllowed(f"this requires the role {operation.required_role}")
        services = self._services
        place = scope["path"].rstrip("/")  # a site's path may end with a slash
        body = _decoded(received) if prepared.writes else None
        network = services.networks.of(scope, site, services.clock) if prepared.writes else None
        request: Request[Any, Any] = Request(
            services=services,
            operation=operation,
            place=place,
            path=scope["path_params"],
            headers=received.headers,
            query=received.wanted if prepared.writes else prepared.query.read(received.query),
            body=body,
            token=token,
            provisional=provisional,
            rate=begin_rate(services, operation, site, token, network, place=place, key=received.key),
            network=network,
            key=received.key,
            gate=prepared.gate,
        )
        assert operation.handler is not None
        try:
            response = await operation.handler(request)
        except (Refusal, BadCursor):
            await _within_rate(request)  # a caller beyond a rate learns only that
            raise
        await _within_rate(request)
        return response

    async def _caller(self, received: _ReceivedRequest) -> Caller | ProvisionalCaller | None:
        operation, site = received.prepared.operation, received.scope["path_params"].get("site", "")
        if operation.access is Access.EVERYONE and not (operation.past and "at" in received.query):
            return None  # a token that is not read cannot be refused
        authorization = received.headers.get(b"authorization")
        services, idle = self._services, received.prepared.gate.released
        if operation.access is Access.OPERATOR or (
            operation.access is Access.ADMIN_OR_OPERATOR and tokens.is_for_operators(authorization, site)
        ):
            token = tokens.bearer(authorization)
            if token is None:
                raise tokens.required()
            return services.operators.verify(token, services.clock())
        optional = operation.access in (Access.EVERYONE, Access.ANYONE)
        if authorization is None and optional:
            return None
        provisional = _provisional_caller(services, site, authorization, idle)
        if provisional is not None:
            return provisional
        keys = await services.keyring.read(site)
        if keys is None:
            raise NotFound("there is no such site")
        token = tokens.bearer(authorization)
        if token is None:
            raise tokens.required()
        return (await verified_by(keys, services.keyring, token, site, services.clock(), idle=idle)).caller


async def _within_rate(request: Request[Any, Any]) -> None:
    """Raise RateExceeded for a request beyond a rate, if no command of it has waited for the result."""
    if request.rate is not None and request.rate.is_pending:
        await request.confirm()


def _may_enter(operation: Operation, token: Caller | None) -> bool:
    """True if the caller has the required role, or is the operator and the operation admits the operator."""
    if token is None:
        return False
    return operation.required_role in token.roles or (
        operation.access in _OPERATOR_ACCESS and "operator" in token.roles
    )


def _check_path(path: Mapping[str, str]) -> None:
    """Raise NotFound for a path with a malformed id. Adds the valid ids to the log context."""
    if not parameters.are_ids(path):
        raise NotFound
    logs.about(**{name: value for name, value in path.items() if name in _LOGGED})


def _decoded(received: _ReceivedRequest) -> Any:
    """Return the decoded body of a write. Raises BadRequest, UnsupportedMediaType."""
    prepared, headers = received.prepared, received.headers
    if not received.body:
        if prepared.needs_body:
            raise BadRequest.at("", "a body is required")
        return NoBody()
    bodies.check_media(headers.get(b"content-type"), headers.get(b"content-encoding"))
    return prepared.body.read(received.body)


def _provisional_caller(
    services: Services, site: str, authorization: bytes | None, idle: Idle
) -> ProvisionalCaller | None:
    """Return the caller whose token is valid by the last known keys of the site. None if that cannot be verified."""
    try:
        token = tokens.bearer(authorization)
        pending = None if token is None else services.keyring.begin(site)
        if token is None or pending is None:
            return None
        return ProvisionalCaller(services.keyring, site, pending, token, services.clock, idle)
    except (InvalidToken, KeysNotFetched):
        return None  # the current keys may accept the token; if they do not, their error is the one to report


def _key(given: bytes | None) -> str:
    """Return the Idempotency-Key of a request, or a new key. Raises BadRequest for a malformed key."""
    if given is None:
        return secrets.token_urlsafe(16)
    key = given.decode("latin-1")
    if not ids.is_idempotency_key(key):
        raise BadRequest("an Idempotency-Key must have 1 to 255 visible ASCII characters")
    return key


def _unstored(response: Response) -> Response:
    return response.also((b"cache-control", caching.NO_STORE))
