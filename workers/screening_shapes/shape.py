"""The base of shapes: what is asked about a text, what a screener answers, and what it is told of staff."""

from collections.abc import Mapping
from typing import Literal, NamedTuple, Protocol

from msgspec import Struct

from core.caller import ActorKind
from core.events.screening import ScreeningVerdict
from core.screener import Screener
from workers.http_client import Reply


class ScreenedText(Struct, frozen=True, kw_only=True):
    """A text that a screener is asked about. Times are in milliseconds since 1970."""

    site: str
    thread: str
    url: str
    """Address of the article; empty if it is gone."""
    title: str
    comment: str
    revision: int
    body: str
    parent: str | None
    """The comment that this one replies to."""
    author: str
    name: str
    kind: ActorKind
    badges: tuple[str, ...]
    posted_at: int
    written_at: int
    language: str
    """Language of the site (BCP 47)."""


class Overruling(Struct, frozen=True, kw_only=True):
    """A decision of staff about a text, against what the screener said of it."""

    verdict: Literal["approve", "reject"]
    screener: ScreeningVerdict
    """The verdict of the screener."""


class HookRequest(NamedTuple):
    """A request to a screener, by POST."""

    url: str
    headers: Mapping[str, str]
    body: bytes


class ScreenerAnswer(Struct, frozen=True, kw_only=True):
    """A verdict, with the fields of a moderator's decision."""

    verdict: ScreeningVerdict
    reason: str | None = None
    """For the author."""
    note: str | None = None
    """For staff."""
    code: str | None = None
    """One of the policy's reasons."""
    spam: bool = False


class UnusableReply(Exception):
    """A reply holds no answer. `cause` is a code for the event and for metrics; no word of the reply is kept."""

    def __init__(self, cause: Literal["status", "malformed"], *, may_pass: bool = False) -> None:
        super().__init__(cause)
        self.cause = cause
        self.may_pass = may_pass
        """True if the same request may get an answer a little later."""


class Shape(Protocol):
    """A protocol by which a screener is asked."""

    @property
    def name(self) -> str:
        """The name of the shape in requests and events."""

    def fault_of(self, secret: str) -> str | None:
        """The fault of a secret that such a screener cannot have, in words; None if there is none."""

    def ask(self, text: ScreenedText, screener: Screener, id_: str, now: int) -> HookRequest:
        """Return the request about a text. `id_` is the same in each request about it, `now` in seconds since 1970."""

    def read(self, reply: Reply, text: ScreenedText) -> ScreenerAnswer:
        """Return the answer in a reply. Raises UnusableReply."""

    def tell(
        self, text: ScreenedText, overruling: Overruling, screener: Screener, id_: str, now: int
    ) -> HookRequest | None:
        """Return the request that tells a screener of a decision of staff; None if the protocol has none."""

    def check_told(self, reply: Reply) -> None:
        """Raise UnusableReply unless the screener took what it was told."""


OK = 200
_PASSING = frozenset({408, 425, 429})
_SERVER_ERRORS = 500


def require_status(reply: Reply, *statuses: int) -> None:
    """Raise UnusableReply unless the reply has one of these statuses, by default 200."""
    if reply.status not in (statuses or (OK,)):
        raise UnusableReply("status", may_pass=reply.status in _PASSING or reply.status >= _SERVER_ERRORS)


def has_one_character(secret: str | bytes) -> bool:
    """True if a secret repeats one character or byte."""
    return len(set(secret)) < 2  # noqa: PLR2004 - as many as a secret must have at least
