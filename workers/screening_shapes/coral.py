"""The shape of Coral's external moderation phases, so that what was written for Coral works unchanged.

Request, answer and signature are as in coralproject/talk, EXTERNAL_MODERATION_PHASES.md and WEBHOOKS.md. An answer
without a status lets a text pass, as in Coral; one that only flags it leaves it to a moderator. Tags are ignored.
"""

import hmac
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from core.events.screening import ScreeningVerdict
from core.screener import Screener
from workers.http_client import Reply
from workers.screening_shapes.shape import (
    OK,
    HookRequest,
    Overruling,
    ScreenedText,
    ScreenerAnswer,
    UnusableReply,
    has_one_character,
    require_status,
)

SHORTEST: Final = 16
"""Fewest characters of a secret."""
_NO_CONTENT: Final = 204

CoralStatus = Literal["NONE", "APPROVED", "REJECTED", "PREMOD", "SYSTEM_WITHHELD"]
_VERDICTS: Final[dict[CoralStatus, ScreeningVerdict]] = {
    "NONE": "approve",
    "APPROVED": "approve",
    "REJECTED": "reject",
    "PREMOD": "hold",
    "SYSTEM_WITHHELD": "hold",
}


class CoralAction(Struct, frozen=True, kw_only=True, rename="camel"):
    """A flag."""

    action_type: Literal["FLAG"]
    reason: Literal["COMMENT_DETECTED_TOXIC", "COMMENT_DETECTED_SPAM"]


class CoralReply(Struct, frozen=True, kw_only=True):
    """The body of an answer. Every field may be left out."""

    actions: tuple[CoralAction, ...] = ()
    status: CoralStatus | None = None


class CoralShape:
    """The shape `coral`."""

    name: Final = "coral"

    def fault_of(self, secret: str) -> str | None:
        """The fault of a secret; None if there is none."""
        if len(secret) < SHORTEST:
            return f"a secret of this shape has at least {SHORTEST} characters"
        return "a secret must not repeat one character: make a random one" if has_one_character(secret) else None

    def ask(self, text: ScreenedText, screener: Screener, id_: str, now: int) -> HookRequest:
        """Return the request about a text."""
        del now
        document = {
            "action": "NEW" if text.revision == 1 else "EDIT",
            "comment": {"body": text.body, "parentID": text.parent},
            "author": {"id": text.author, "role": "COMMENTER"},
            "story": {"id": text.thread, "url": text.url},
            "site": {"id": text.site},
            "tenantID": text.site,
            "tenantDomain": urlsplit(text.url).hostname or "",
        }
        body = msgspec.json.encode(document)
        headers = {
            "Content-Type": "application/json",
            "X-Coral-Signature": signature(screener.secret, body),
            "webhook-id": id_,
        }
        return HookRequest(screener.url, headers, body)

    def read(self, reply: Reply, text: ScreenedText) -> ScreenerAnswer:
        """Return the answer in a reply. Raises UnusableReply."""
        del text
        require_status(reply, OK, _NO_CONTENT)
        if not reply.body.strip():
            return ScreenerAnswer(verdict="approve")
        try:
            answer = _REPLY.decode(reply.body)
        except (msgspec.DecodeError, RecursionError):
            raise UnusableReply("malformed") from None
        flags = " ".join(dict.fromkeys(action.reason for action in answer.actions)) or None
        if answer.status is None:
            return ScreenerAnswer(verdict="approve" if flags is None else "hold", note=flags)
        return ScreenerAnswer(verdict=_VERDICTS[answer.status], note=flags)

    def tell(self, text: ScreenedText, overruling: Overruling, screener: Screener, id_: str, now: int) -> None:
        """Return None: an external moderation phase is told nothing afterwards."""

    def check_told(self, reply: Reply) -> None:
        """Accept any reply."""


def signature(secret: str, body: bytes) -> str:
    """Return the value of `X-Coral-Signature`."""
    return f"sha256={hmac.new(secret.encode(), body, 'sha256').hexdigest()}"


_REPLY: Final = msgspec.json.Decoder(CoralReply)
CORAL: Final = CoralShape()
