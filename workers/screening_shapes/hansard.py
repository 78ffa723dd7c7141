"""Hansard's own shape: JSON, signed by Standard Webhooks.

An answer names the comment and the revision that it is about. An answer about another text is none.
"""

import hmac
from base64 import b64decode, b64encode
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from core.caller import ActorKind
from core.events.screening import ScreeningVerdict
from core.policy import Code
from core.screener import Screener
from core.times import rfc3339
from workers.http_client import Reply
from workers.screening_shapes.shape import (
    HookRequest,
    Overruling,
    ScreenedText,
    ScreenerAnswer,
    UnusableReply,
    has_one_character,
    require_status,
)

PREFIX: Final = "whsec_"
"""Beginning of a secret; the key follows as base64 (Standard Webhooks)."""
SHORTEST: Final = 24
"""Fewest bytes of a key."""
LONGEST: Final = 64
"""Most bytes of a key."""
_SUCCESSES: Final = range(200, 300)

Words = Annotated[str, Meta(max_length=1000)]


class ScreeningArticle(Struct, frozen=True, kw_only=True):
    """The thread of a text, and its article."""

    id: str
    url: str
    title: str


class ScreeningComment(Struct, frozen=True, kw_only=True):
    """A text. `parent` is the comment that it replies to. `revision` is more than 1 if it is an edit."""

    id: str
    revision: int
    body: str
    parent: str | None
    posted_at: str
    written_at: str


class ScreeningAuthor(Struct, frozen=True, kw_only=True):
    """The author of a text, as the token of the publication described them."""

    id: str
    name: str
    kind: ActorKind
    badges: tuple[str, ...]


class ScreeningRequest(Struct, frozen=True, kw_only=True):
    """The body of a request about a text."""

    type: Literal["text.written"] = "text.written"
    site: str
    language: str
    thread: ScreeningArticle
    comment: ScreeningComment
    author: ScreeningAuthor


class ScreeningFeedback(Struct, frozen=True, kw_only=True):
    """The body of a request that tells of a decision of staff against the screener's verdict."""

    type: Literal["text.overruled"] = "text.overruled"
    site: str
    language: str
    thread: ScreeningArticle
    comment: ScreeningComment
    author: ScreeningAuthor
    screener: ScreeningVerdict
    decision: Literal["approve", "spam"]


class ScreeningReply(Struct, frozen=True, kw_only=True):
    """The body of an answer: the text that it is about, and the fields of a moderator's decision."""

    comment: str
    revision: int
    verdict: ScreeningVerdict
    reason: Words | None = None
    note: Words | None = None
    code: Code | None = None
    spam: bool = False


class HansardShape:
    """The shape `hansard`."""

    name: Final = "hansard"

    def fault_of(self, secret: str) -> str | None:
        """The fault of a secret; None if there is none."""
        key = _key(secret)
        if key is None:
            return f"a secret of this shape is {PREFIX} and the base64 of {SHORTEST} to {LONGEST} random bytes"
        return "a secret must not repeat one byte: make a random one" if has_one_character(key) else None

    def ask(self, text: ScreenedText, screener: Screener, id_: str, now: int) -> HookRequest:
        """Return the request about a text."""
        return _signed(ScreeningRequest(**_described(text)), screener, id_, now)

    def read(self, reply: Reply, text: ScreenedText) -> ScreenerAnswer:
        """Return the answer in a reply. Raises UnusableReply."""
        require_status(reply)
        try:
            answer = _REPLY.decode(reply.body)
        except (msgspec.DecodeError, RecursionError):
            raise UnusableReply("malformed") from None
        if (answer.comment, answer.revision) != (text.comment, text.revision):
            raise UnusableReply("malformed")
        if answer.spam and answer.verdict != "reject":
            raise UnusableReply("malformed")
        return ScreenerAnswer(
            verdict=answer.verdict, reason=answer.reason, note=answer.note, code=answer.code, spam=answer.spam
        )

    def tell(self, text: ScreenedText, overruling: Overruling, screener: Screener, id_: str, now: int) -> HookRequest:
        """Return the request that tells of a decision of staff."""
        decision: Literal["approve", "spam"] = "approve" if overruling.verdict == "approve" else "spam"
        told = ScreeningFeedback(**_described(text), screener=overruling.screener, decision=decision)
        return _signed(told, screener, id_, now)

    def check_told(self, reply: Reply) -> None:
        """Raise UnusableReply unless the status is one of success."""
        require_status(reply, *_SUCCESSES)


def signature(key: bytes, id_: str, now: int, body: bytes) -> str:
    """Return the signature of a request (Standard Webhooks, version 1)."""
    digest = hmac.digest(key, f"{id_}.{now}.".encode() + body, "sha256")
    return f"v1,{b64encode(digest).decode()}"


def _described(text: ScreenedText) -> dict[str, Any]:
    return {
        "site": text.site,
        "language": text.language,
        "thread": ScreeningArticle(id=text.thread, url=text.url, title=text.title),
        "comment": ScreeningComment(
            id=text.comment,
            revision=text.revision,
            body=text.body,
            parent=text.parent,
            posted_at=rfc3339(text.posted_at),
            written_at=rfc3339(text.written_at),
        ),
        "author": ScreeningAuthor(id=text.author, name=text.name, kind=text.kind, badges=text.badges),
    }


def _signed(document: ScreeningRequest | ScreeningFeedback, screener: Screener, id_: str, now: int) -> HookRequest:
    body = msgspec.json.encode(document)
    key = _key(screener.secret)
    assert key is not None, "a secret is checked before it is kept"
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "webhook-id": id_,
        "webhook-timestamp": str(now),
        "webhook-signature": signature(key, id_, now, body),
    }
    return HookRequest(screener.url, headers, body)


def _key(secret: str) -> bytes | None:
    if not secret.startswith(PREFIX):
        return None
    try:
        key = b64decode(secret.removeprefix(PREFIX), validate=True)
    except ValueError:
        return None
    return key if SHORTEST <= len(key) <= LONGEST else None


_REPLY: Final = msgspec.json.Decoder(ScreeningReply)
HANSARD: Final = HansardShape()
