"""What the gateway refuses before, or besides, the deciders: requests that are no commands, and callers unknown."""

from typing import ClassVar, TypedDict

from core.refusals import Refusal


class FieldError(TypedDict):
    """One thing that is wrong: `pointer` is a JSON pointer (RFC 6901) into the body, or `/` and a parameter's name."""

    pointer: str
    detail: str


class BadRequest(Refusal):
    """The request is not well-formed; `errors` says where."""

    code = "bad-request"

    def __init__(self, detail: str, *errors: FieldError) -> None:
        super().__init__(detail, errors=list(errors))

    @classmethod
    def at(cls, pointer: str, detail: str) -> "BadRequest":
        """One thing is wrong, at `pointer`."""
        return cls(detail, {"pointer": pointer, "detail": detail})


class CursorRefused(Refusal):
    """The cursor is none of ours, or of another call or other parameters."""

    code = "bad-cursor"


class UnknownPosition(Refusal):
    """The log of this thread has no such position."""

    code = "unknown-position"


class Unauthenticated(Refusal):
    """A bearer token of this site is needed, in the Authorization header. `error` is RFC 6750's."""

    code = "unauthenticated"
    error: ClassVar[str | None] = None


class InvalidToken(Unauthenticated):
    """The token is not one that this site takes."""

    error = "invalid_token"


class MethodNotAllowed(Refusal):
    """This address does not take that method."""

    code = "method-not-allowed"

    def __init__(self, allowed: str) -> None:
        super().__init__(f"this address takes {allowed}")
        self.allowed = allowed


class RequestTooLarge(Refusal):
    """The body has more bytes than are taken here."""

    code = "request-too-large"


class UnsupportedMediaType(Refusal):
    """The body must be JSON in UTF-8: `Content-Type: application/json`."""

    code = "unsupported-media-type"


class RevisionRequired(Refusal):
    """An edit names the revision that it changes: `If-Match: "<latest revision>"`."""

    code = "revision-required"
