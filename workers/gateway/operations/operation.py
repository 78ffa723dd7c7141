"""What a call is: one row of the table, and what its handler is given."""

from collections.abc import Awaitable, Callable, Mapping
from enum import Enum
from typing import Any, Generic, Literal, TypeVar

from msgspec import Struct

from core.caller import Caller, Role
from projections.views.viewer import PUBLIC, Viewer
from workers.gateway.auth.provisional import ProvisionalCaller
from workers.gateway.http.admission import Gate
from workers.gateway.http.caching import Caching
from workers.gateway.http.parameters import NoQuery
from workers.gateway.http.response import Response
from workers.gateway.operations.services import Services

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]

ROOT = "/v1/sites/{site}"
THREAD = ROOT + "/threads/{thread}"
COMMENT = THREAD + "/comments/{comment}"


class Access(Enum):
    """For whom a call is. The values are what the OpenAPI document says."""

    EVERYONE = "Everyone; no token is read."
    ANYONE = "Everyone; a token of the site may show more."
    CALLER = "Whoever has a token of the site."
    AUTHOR = "The comment's author."
    AUTHOR_OR_STAFF = "The comment's author, moderators and auditors."
    MODERATOR = "Moderators."
    ADMIN = "Admins."
    AUDITOR = "Auditors."
    OPERATOR = "The operator of the deployment."
    ADMIN_OR_OPERATOR = "Admins, and the operator of the deployment."


class Operation(Struct, frozen=True, kw_only=True):
    """One call of the contract: the route, the document and the checks before the handler are made from it."""

    name: str
    """`operationId`."""
    method: Method
    path: str
    access: Access
    required_role: Role | None = None
    """The role without which the request is refused at once. Where there is a comment to see first, deciders refuse."""
    tag: str
    summary: str
    detail: str = ""
    handler: Callable[["Request[Any, Any]"], Awaitable[Response]] | None
    """None for the stream, which is answered by `stream.Stream`."""
    query: type[Struct] = NoQuery
    body: Any = None
    """The type of the body; None for a call that takes none."""
    request_example: Any = None
    """An example of the body."""
    answer: Any = None
    """The type of the answer, for the document alone; None where it is no JSON."""
    media: str = "application/json"
    events: Mapping[str, Any] = {}
    """Of a stream: the types of the data of its events, by name."""
    example: Any = None
    """An example of the answer."""
    statuses: tuple[int, ...] = (200,)
    problems: tuple[str, ...] = ()
    """The slugs of what it may be refused with, besides what every call of its kind may (`openapi.problems_of`)."""
    caching: Caching = Caching.NEVER
    past: bool = False
    """Whether it takes `at=`, with which it reads a token and is cached by it."""
    keyed: bool = False
    """Whether it takes an Idempotency-Key."""
    edits: bool = False
    """Whether it needs If-Match."""

    @property
    def reads_token(self) -> bool:
        """Whether a token may matter."""
        return self.access is not Access.EVERYONE or self.past


Q = TypeVar("Q")
B = TypeVar("B")


class Request(Struct, Generic[Q, B], frozen=True, kw_only=True):
    """A request that passed every check before the handler: who asks, what, and where."""

    services: Services
    operation: Operation
    place: str
    """The path, spelt in the one way: part of the scope of an Idempotency-Key."""
    path: Mapping[str, str]
    """The ids in the path, each of its grammar."""
    headers: Mapping[bytes, bytes]
    query: Q
    body: B
    token: Caller | None
    trust: ProvisionalCaller | None = None
    """Whom the caller has to be confirmed by, before anything is decided; None where there is no doubt."""
    key: str
    """The Idempotency-Key of a write; one was made where the caller gave none, or the call takes none."""
    gate: Gate
    """Where it was let in: it stands aside there while it only waits for the views."""

    @property
    def caller(self) -> Caller:
        """Who calls, where a token is needed."""
        assert self.token is not None
        return self.token

    @property
    def viewer(self) -> Viewer:
        """Who looks."""
        if self.token is None:
            return PUBLIC
        return Viewer(member=self.token.id, staff=self.token.sees_all)

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
