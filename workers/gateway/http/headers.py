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
    return header_of(scope, b"if-none-match")


def header_of(scope: Scope, wanted: bytes) -> bytes | None:
    """One header, by its lower-case name; what is said twice is one list."""
    found: bytes | None = None
    for name, value in scope["headers"]:
        if name == wanted:
            found = value if found is None else found + b", " + value
    return found
