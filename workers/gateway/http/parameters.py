"""Parameters of a request.

Those of the path are ids. Those of the query are known ones only, each given once unless it is a list, and of its type.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final, get_origin, get_type_hints
from urllib.parse import unquote_plus

import msgspec
from msgspec import Struct

from core import ids
from core.position import is_position
from core.times import parse_rfc3339
from workers.gateway.http.bodies import field_error
from workers.gateway.http.refusals import BadRequest

MOST: Final = 200
"""Maximum parameters of one query; `counts` takes 100."""


_GRAMMAR: Final[Mapping[str, Callable[[str], bool]]] = {
    "site": ids.is_site,
    "thread": ids.is_thread,
    "anchor": ids.is_thread,
    "comment": ids.is_comment,
    "batch": ids.is_comment,
    "list": ids.is_slug,
    "member": ids.is_member,
    "warning": is_position,
    "slug": ids.is_slug,
    "reference": ids.is_reference,
    "revision": lambda text: text.isascii() and text.isdigit() and text[0] != "0" and len(text) < 7,  # noqa: PLR2004
}
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,18})")
"""Integer in decimal digits. The sign is accepted so that a negative number gets a message with the minimum."""
_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")

Query = Mapping[str, list[str]]
"""Parameters of a query string of which only the form was checked."""


class NoQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Query of an operation without parameters."""


def are_ids(path: Mapping[str, str]) -> bool:
    """True if every parameter of a path is well-formed."""
    return all(_GRAMMAR[name](value) for name, value in path.items())


def parse(raw: bytes) -> Query:
    """Parse a query string into parameters, in the given order. Raises BadRequest."""
    if not raw:
        return _EMPTY
    found: dict[str, list[str]] = {}
    pieces = raw.split(b"&")
    if len(pieces) > MOST:
        raise BadRequest("there are too many query parameters")
    for piece in pieces:
        if piece:
            name, _, value = piece.partition(b"=")
            found.setdefault(_text(name), []).append(_text(value))
    return found


class ParameterReader:
    """Converts a parsed query to the parameters of one operation. Refuses unknown parameters."""

    def __init__(self, kind: type[Struct]) -> None:
        self._kind = kind
        self._fields = msgspec.structs.fields(kind)
        hints = get_type_hints(kind)
        self._numbers = frozenset(field.encode_name for field in fields_of(kind) if _is_number(field.type))
        self._lists = frozenset(name for name, hint in hints.items() if get_origin(hint) in (list, tuple))
        self._nothing: Struct | None = None if any(field.required for field in self._fields) else kind()

    def read(self, query: Query) -> Any:
        """Return the parameters. Raises BadRequest, with `/` and the name of the parameter as pointer."""
        if not query and self._nothing is not None:
            return self._nothing
        given: dict[str, str | list[str]] = {}
        for name, values in query.items():
            if name in self._lists:
                given[name] = values
            elif len(values) > 1:
                raise BadRequest.at(f"/{name[:64]}", "this query parameter is given more than once")
            else:
                given[name] = values[0]
        for name in self._numbers & given.keys():
            # Lax conversion accepts a fraction and an exponent, too.
            if _NUMBER.fullmatch(str(given[name])) is None:
                raise BadRequest.at(f"/{name}", "this must be a whole number in decimal digits")
        try:
            read = msgspec.convert(given, self._kind, strict=False)
        except msgspec.ValidationError as error:
            raise BadRequest("the query does not fit this operation", field_error(error)) from None
        for field in self._fields:
            # Lax conversion reads the word "null" as None.
            if field.encode_name in given and getattr(read, field.name) is None:
                raise BadRequest.at(f"/{field.encode_name}", "this value is not allowed")
        return read


@cache
def reader_of(kind: type[Struct]) -> ParameterReader:
    """Return the reader of these parameters. Most operations have those of another, or none."""
    return ParameterReader(kind)


def fields_of(kind: type[Struct]) -> Sequence[msgspec.inspect.Field]:
    """Return the fields of a struct with their types."""
    found = msgspec.inspect.type_info(kind)
    assert isinstance(found, msgspec.inspect.StructType)
    return found.fields


def _is_number(kind: msgspec.inspect.Type) -> bool:
    if isinstance(kind, msgspec.inspect.Metadata):
        return _is_number(kind.type)
    if isinstance(kind, msgspec.inspect.UnionType):
        return any(map(_is_number, kind.types))
    return isinstance(kind, msgspec.inspect.IntType)


def _text(raw: bytes) -> str:
    text = raw.decode("latin-1")
    if _ESCAPE.search(text) is not None:
        raise BadRequest("the query has a percent sign that does not begin an escape")
    try:
        return unquote_plus(text, encoding="utf-8", errors="strict")
    except UnicodeDecodeError:
        raise BadRequest("the query is not UTF-8") from None


_EMPTY: Final[Query] = {}


def time_at(pointer: str, text: str | None) -> int | None:
    """Milliseconds since 1970 of a time in a query. Raises BadRequest."""
    if text is None:
        return None
    try:
        return parse_rfc3339(text)
    except ValueError as error:
        raise BadRequest.at(pointer, str(error)) from None
