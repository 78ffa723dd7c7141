"""Refusals by the gateway itself, not by deciders: malformed requests and unauthenticated callers."""

import math
from typing import ClassVar, Final, TypedDict

from core.refusals import Refusal, Unavailable

REFUSAL: Final = "hansard.refusal"
"""Key of a `http.request` message: the `Refusal` for which the rest of the body will not come."""
_SITE: Final = "this site gets many of these just now"


class InvalidField(TypedDict):
    """One error in a request. `pointer` is a JSON pointer (RFC 6901) into the body, or `/` and a parameter's name."""

    pointer: str
    detail: str


class BadRequest(Refusal):
    """The request is malformed; `errors` says where."""

    code = "bad-request"

    def __init__(self, detail: str, *errors: InvalidField) -> None:
        super().__init__(detail, errors=list(errors))

    @classmethod
    def at(cls, pointer: str, detail: str) -> "BadRequest":
        """Make a refusal with one error, at `pointer`."""
        return cls(detail, {"pointer": pointer, "detail": detail})


class UnknownPosition(Refusal):
    """The log of this thread has no such position."""

    code = "unknown-position"


class Unauthenticated(Refusal):
    """A bearer token of this site is required in the Authorization header."""

    code = "unauthenticated"
    error: ClassVar[str | None] = None
    """The error code of RFC 6750; None if the request has no token."""


class InvalidToken(Unauthenticated):
    """This site does not accept the token."""

    error = "invalid_token"


class UnknownKey(InvalidToken):
    """No known key of the publication's key set has signed the token. A newer set may have one that did."""


class KeysNotFetched(Unavailable):
    """The key set of the publication could not be fetched yet, so nothing is known about its tokens."""


class MethodNotAllowed(Refusal):
    """This address does not support that method."""

    code = "method-not-allowed"

    def __init__(self, allowed: str) -> None:
        super().__init__(f"this address supports {allowed}")
        self.allowed = allowed


class OtherRelease(Refusal):
    """The file belongs to another release of Hansard than the one that runs here."""

    code = "other-release"


class RequestTimeout(Refusal):
    """The head or the body of the request did not arrive in time."""

    code = "request-timeout"


class TargetTooLong(Refusal):
    """The target of the request (path and query) has more bytes than this server accepts."""

    code = "target-too-long"


class HeadersTooLarge(Refusal):
    """The head of the request, or the trailer after its body, has more bytes or lines than this server accepts."""

    code = "headers-too-large"


class TooManyRequests(Refusal):
    """The member, token, network or site has reached a rate, or its limit of concurrent requests."""

    code = "too-many-requests"


class RateExceeded(TooManyRequests):
    """A rate of the site is exceeded. `seconds` is the time until it allows the next write."""

    seconds = 1

    def __init__(self, whose: str, seconds: float) -> None:
        super().__init__(f"more often than this site allows for one {whose}" if whose != "site" else _SITE)
        self.seconds = max(1, math.ceil(seconds))


class RequestTooLarge(Refusal):
    """The body has more bytes than this server accepts."""

    code = "request-too-large"


class UnsupportedMediaType(Refusal):
    """The body must be JSON in UTF-8: `Content-Type: application/json`."""

    code = "unsupported-media-type"


class RevisionRequired(Refusal):
    """An edit must name the revision that it changes: `If-Match: "<latest revision>"`."""

    code = "revision-required"
