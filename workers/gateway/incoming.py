"""Reading a request: its headers, and what its query asks for, before anything is checked."""

from starlette.types import Scope


def headers_of(scope: Scope) -> dict[bytes, bytes]:
    """The headers by lower-case name. What is said twice is one list (RFC 9110, section 5.3)."""
    found: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        found[name] = value if name not in found else found[name] + b", " + value
    return found


def asks(raw: bytes, name: bytes) -> bool:
    """Whether the query names this parameter. Decides about caching alone, also where the query is not well-formed."""
    return name in raw and any(piece.partition(b"=")[0] == name for piece in raw.split(b"&"))
