"""An operation of the API: a row of the table, and the request that its handler receives."""

from collections.abc import Awaitable, Callable, Mapping
from enum import Enum
from typing import Any, Generic, Literal, TypeVar

from msgspec import Struct

from core.caller import Caller, Role
from core.rate_limits import RateKind
from projections.views.viewer import PUBLIC, Viewer
from workers.gateway.auth.provisional import ProvisionalCaller
from workers.gateway.http.admission import Gate
from workers.gateway.http.caching import Caching
from workers.gateway.http.parameters import NoQuery
from workers.gateway.http.response import Response
from workers.gateway.operations.services import Services
from workers.gateway.rates import RateCheck

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]

ROOT = "/v1/sites/{site}"
THREAD = ROOT + "/threads/{thread}"
COMMENT = THREAD + "/comments/{comment}"


class Access(Enum):
    """The callers that may use an operation. The values are the wording of the OpenAPI document."""

    EVERYONE = "Everyone. No token is read."
    ANYONE = "Everyone. A token of the site may show more."
    CALLER = "Callers with a token of the site."
    AUTHOR = "The comment's author."
    AUTHOR_OR_MODERATOR = "The comment's author, and moderators."
    AUTHOR_OR_STAFF = "The comment's author, moderators and auditors."
    STAFF = "Moderators and auditors."
    MODERATOR = "Moderators."
    ADMIN = "Admins."
    AUDITOR = "Auditors."
    OPERATOR = "The operator of the deployment."
    MODERATOR_OR_ADMIN = "Moderators and admins."
    ADMIN_OR_AUDITOR = "Admins and auditors."
    ADMIN_OR_OPERATOR = "Admins, and the operator of the deployment."


class Operation(Struct, frozen=True, kw_only=True):
    """One operation of the contract. Its route, its documentation and the checks before its handler derive from it."""

    name: str
    """`operationId`."""
    method: Method
    path: str
    access: Access
    required_role: Role | None = None
    """The role without which a request is refused at once. On a comment, deciders refuse: it must be visible first."""
    tag: str
    summary: str
    detail: str = ""
    handler: Callable[["Request[Any, Any]"], Awaitable[Response]] | None
    """None for an event stream, which `workers.gateway.stream` serves."""
    query: type[Struct] = NoQuery
    most_bytes: int = 0
    """Most bytes of the body, where that is more than other requests may have (`HANSARD_MAX_REQUEST`)."""
    body: Any = None
    """The type of the body; None for an operation without one."""
    request_example: Any = None
    """An example of the body."""
    answer: Any = None
    """The type of the response body, for the document alone; None if it is not JSON."""
    media: str = "application/json"
    events: Mapping[str, Any] = {}
    """For an event stream: the types of the data of its events, by name."""
    example: Any = None
    """An example of the response body."""
    statuses: tuple[int, ...] = (200,)
    problems: tuple[str, ...] = ()
    """Slugs of the problems it may return, besides those of every operation of its kind (`openapi.problems_of`)."""
    caching: Caching = Caching.NEVER
    past: bool = False
    """Set if it takes `at=`. With `at=` a token is read, and the caching depends on the token."""
    keyed: bool = False
    """Set if it takes an Idempotency-Key."""
    hint: bool = False
    """Set if a write records nothing, so that it has no durability."""
    edits: bool = False
    """Set if it needs If-Match."""
    rate: RateKind | None = None
    """The rate of the member that a write counts against. Staff have none."""

    @property
    def reads_token(self) -> bool:
        """True if a token may matter."""
        return self.access is not Access.EVERYONE or self.past


Q = TypeVar("Q")
B = TypeVar("B")


class Request(Struct, Generic[Q, B], frozen=True, kw_only=True):
    """A request that passed every check before the handler."""

    services: Services
    operation: Operation
    place: str
    """Canonical spelling of the path: part of the scope of an Idempotency-Key."""
    path: Mapping[str, str]
    """The ids in the path, each valid by its grammar."""
    headers: Mapping[bytes, bytes]
    query: Q
    body: B
    token: Caller | None
    provisional: ProvisionalCaller | None = None
    """Confirms the caller before anything is decided; None if the token is verified already."""
    rate: RateCheck | None = None
    """The count against the rates of the caller; None if the request has none."""
    network: str | None = None
    """Pseudonym of the client's network, for rates; None if it is not known, or not needed."""
    key: str
    """Idempotency-Key of a write; generated if the caller gave none or the operation takes none."""
    gate: Gate
    """The gate that admitted the request. The slot there is given up while the request only waits for the views."""

    async def confirm(self) -> None:
        """Wait until the current keys confirm the caller, and the rates allow the write.

        Raises InvalidToken, NotFound, Unavailable, RateExceeded.
        """
        if self.provisional is not None:
            await self.provisional.confirm()  # first: who is not confirmed learns nothing about the rates
        if self.rate is not None:
            await self.rate.confirm()

    @property
    def caller(self) -> Caller:
        """The caller, for operations that require a token."""
        assert self.token is not None
        return self.token

    @property
    def viewer(self) -> Viewer:
        """The viewer for visibility checks."""
        if self.token is None:
            return PUBLIC
        return Viewer(member=self.token.id, staff=self.token.sees_all)

    @property
    def now(self) -> int:
        """The time of the gateway, in milliseconds since 1970."""
        return int(self.services.clock() * 1000)

    @property
    def site(self) -> str:
        """The site in the path."""
        return self.path["site"]

    @property
    def thread(self) -> str:
        """The thread in the path."""
        return self.path["thread"]

    @property
    def comment(self) -> str:
        """The comment in the path."""
        return self.path["comment"]
