"""Reading the headers of a request."""

from starlette.types import Scope


def headers_of(scope: Scope) -> dict[bytes, bytes]:
    """The headers by lower-case name. What is said twice is one list (RFC 9110, section 5.3)."""
    found: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        found[name] = value if name not in found else found[name] + b", " + value
    return found


def if_none_match(scope: Scope) -> bytes | None:
    """That header alone, where nothing else is of interest."""
    found: bytes | None = None
    for name, value in scope["headers"]:
        if name == b"if-none-match":
            found = value if found is None else found + b", " + value
    return found
