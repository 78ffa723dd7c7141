"""The shape of Akismet: `comment-check`, and `submit-spam` and `submit-ham` where staff decide otherwise.

The address of the screener is that of the API (`https://rest.akismet.com/1.1`), its secret the API key. Akismet wants
the address of the client, which Hansard does not keep: it is given that of this machine, and judges by the rest.
"""

import re
from typing import Final
from urllib.parse import urlencode, urlsplit

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

_KEY: Final = re.compile(r"[A-Za-z0-9]{8,64}")
_NOBODY: Final = "127.0.0.1"
"""In place of the address of the client."""
_TIP: Final = b"x-akismet-pro-tip"
_DISCARD: Final = b"discard"


class AkismetShape:
    """The shape `akismet`."""

    name: Final = "akismet"

    def fault_of(self, secret: str) -> str | None:
        """The fault of a secret; None if there is none."""
        if _KEY.fullmatch(secret) is None or has_one_character(secret):
            return "this is no API key of Akismet: one has 12 letters and digits"
        return None

    def ask(self, text: ScreenedText, screener: Screener, id_: str, now: int) -> HookRequest:
        """Return the request about a text."""
        del now
        return _request("comment-check", text, screener, id_)

    def read(self, reply: Reply, text: ScreenedText) -> ScreenerAnswer:
        """Return the answer in a reply: spam waits for a moderator, blatant spam is rejected. Raises UnusableReply."""
        del text
        require_status(reply)
        match reply.body.strip():
            case b"false":
                return ScreenerAnswer(verdict="approve")
            case b"true" if reply.headers.get(_TIP, b"").strip().lower() == _DISCARD:
                return ScreenerAnswer(verdict="reject", spam=True, note="Akismet: blatant spam")
            case b"true":
                return ScreenerAnswer(verdict="hold", note="Akismet: spam")
            case _:
                raise UnusableReply("malformed")

    def tell(self, text: ScreenedText, overruling: Overruling, screener: Screener, id_: str, now: int) -> HookRequest:
        """Return the request that reports spam, or that a text is none."""
        del now
        call = "submit-ham" if overruling.verdict == "approve" else "submit-spam"
        return _request(call, text, screener, id_)

    def check_told(self, reply: Reply) -> None:
        """Raise UnusableReply unless the status is 200."""
        require_status(reply)


def _request(call: str, text: ScreenedText, screener: Screener, id_: str) -> HookRequest:
    article = urlsplit(text.url)
    fields = {
        "api_key": screener.secret,
        "blog": f"{article.scheme}://{article.netloc}/" if article.netloc else text.url,
        "user_ip": _NOBODY,
        "permalink": text.url,
        "comment_type": "comment" if text.parent is None else "reply",
        "comment_author": text.name,
        "comment_content": text.body,
        "comment_date_gmt": rfc3339(text.written_at),
        "blog_lang": text.language,
        "blog_charset": "UTF-8",
    }
    if text.revision > 1:
        fields["recheck_reason"] = "edit"
    headers = {"Content-Type": "application/x-www-form-urlencoded", "webhook-id": id_}
    return HookRequest(f"{screener.url.rstrip('/')}/{call}", headers, urlencode(fields).encode())


AKISMET: Final = AkismetShape()
