"""Reading the headers of a request."""

from starlette.types import Scope


def headers_of(scope: Scope) -> dict[bytes, bytes]:
    """Return the headers by lower-case name. Repeated headers become one list (RFC 9110, section 5.3)."""
    found: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        found[name] = value if name not in found else found[name] + b", " + value
    return found


def if_none_match(scope: Scope) -> bytes | None:
    """Return the If-None-Match header only."""
    return header_of(scope, b"if-none-match")


def header_of(scope: Scope, wanted: bytes) -> bytes | None:
    """Return one header by its lower-case name. Repeated headers become one list."""
    found: bytes | None = None
    for name, value in scope["headers"]:
        if name == wanted:
            found = value if found is None else found + b", " + value
    return found
