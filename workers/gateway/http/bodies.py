"""Request bodies: JSON in UTF-8, with known fields only, each at most once per object."""

import json
import re
from functools import cache
from itertools import accumulate, count
from operator import sub
from typing import Annotated, Any, Final, get_origin

import msgspec
from msgspec import Struct

from core.error_summary import located, pointer_to
from workers.gateway.http.grammars import worded
from workers.gateway.http.refusals import BadRequest, InvalidField, UnsupportedMediaType

JSON_TYPE: Final = "application/json"
_JSON_TYPE: Final = re.compile(rb"""application/json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?;?""", re.IGNORECASE)
_UNKNOWN: Final = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_MISSING: Final = re.compile(r"Object missing required field `(.*)`", re.DOTALL)
_PATTERN: Final = re.compile(r"Expected `str(?: \| null)?` matching regex (.*)", re.DOTALL)
_FRACTION: Final = re.compile(r"Expected `int(?: \| null)?`, got `float`")
_STRING: Final = re.compile(rb'"[^"\\]*+(?>(?:\\.?[^"\\]*+)*)(?:"|\Z)', re.DOTALL)
_STEPS: Final = bytes.maketrans(b"{}[]", b"\x02\x00\x02\x00")
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_DEEPEST: Final = 32
"""Maximum nesting of lists and objects in a body, more than any operation needs. The parsers' own limits differ
between interpreters."""
_MOST_NESTED: Final = 1000
"""Maximum lists and objects in a body, more than any operation needs. Bounds the cost of counting their levels."""
_MOST_WHOLE: Final = 2**53
_LONGEST_NAME: Final = 64


def check_media(content_type: bytes | None, encoding: bytes | None) -> None:
    """Raise UnsupportedMediaType unless the body is declared as uncompressed JSON in UTF-8."""
    if encoding is not None and encoding.strip().lower() != b"identity":
        raise UnsupportedMediaType("the body must not be compressed")
    if content_type is None or _JSON_TYPE.fullmatch(content_type.strip()) is None:
        raise UnsupportedMediaType


def struct_of(kind: type[Struct]) -> type[Struct]:
    """Return the struct of `Annotated[struct, …]`, which is no class itself and has no fields."""
    return kind.__origin__ if get_origin(kind) is Annotated else kind  # type: ignore[attr-defined]  # a special form


class BodyReader:
    """Decodes the bodies of one operation."""

    def __init__(self, kind: type[Struct]) -> None:
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(kind)
        fields = msgspec.structs.fields(struct_of(kind))
        self._names = [f'"{field.encode_name}"'.encode() for field in fields]

    def read(self, body: bytes) -> Any:
        """Decode a body. Raises BadRequest, with a pointer to the error."""
        _refuse_depth(body)
        try:
            return self._decoded(body)
        except msgspec.ValidationError as error:
            raise BadRequest("the body does not fit this operation", field_error(error)) from None
        except (msgspec.DecodeError, ValueError):
            raise BadRequest.at("", "the body is not JSON in UTF-8") from None

    def _decoded(self, body: bytes) -> Any:
        try:
            decoded = self._decoder.decode(body)
        except msgspec.ValidationError as error:
            if _FRACTION.match(str(error)) is None:
                raise
            return self._decoder.decode(_with_whole_numbers(body))
        if not self._is_plain(body):
            _refuse_repeats(body)
        return decoded

    def _is_plain(self, body: bytes) -> bool:
        """True if a quick check rules out repeated fields: one object, each name unescaped and at most once.

        This saves parsing nearly every body a second time, which takes longer than the first.
        """
        escaped = b"\\u" in body or b"\\/" in body  # the two ways to spell a name differently
        return body.count(b"{") == 1 and not escaped and all(body.count(name) <= 1 for name in self._names)


@cache
def reader_of(kind: type[Struct]) -> BodyReader:
    """Return the reader of these bodies. Most operations have those of another, or none."""
    return BodyReader(kind)


def _with_whole_numbers(body: bytes) -> bytes:
    """Return the body with every `2.0` written as `2`: in JSON Schema `2.0` is an integer, too.

    The decoder stopped at such a number, so the rest of the body is still unchecked. Python's parser accepts text that
    is not JSON (`NaN`, half a surrogate pair), so the decoder has to read the result again.
    """
    return json.dumps(json.loads(body, object_pairs_hook=_fields, parse_float=_number)).encode()


def _number(text: str) -> int | float:
    number = float(text)
    return int(number) if number.is_integer() and abs(number) <= _MOST_WHOLE else number


def field_error(error: msgspec.ValidationError) -> InvalidField:
    """Convert msgspec's message to a field error with a JSON pointer."""
    said, pointer = located(error)
    unknown = _UNKNOWN.fullmatch(said)
    if unknown is not None:
        return {"pointer": pointer + pointer_to(unknown[1][:_LONGEST_NAME]), "detail": "there is no such field"}
    missing = _MISSING.fullmatch(said)
    if missing is not None:
        return {"pointer": pointer + pointer_to(missing[1]), "detail": "this field is required"}
    pattern = _PATTERN.fullmatch(said)
    if pattern is not None:
        return {"pointer": pointer, "detail": worded(pattern[1])}
    return {"pointer": pointer, "detail": said.replace("`", "")}


def _refuse_depth(body: bytes) -> None:
    """Raise BadRequest if lists and objects are nested deeper than `_DEEPEST`, or are more than `_MOST_NESTED`."""
    if body.count(b"[") + body.count(b"{") <= _DEEPEST:
        return
    steps = _STRING.sub(b"", body).translate(_STEPS, _NO_BRACKETS)
    if steps.count(2) > _MOST_NESTED:
        raise BadRequest.at("", "the body has too many lists and objects")
    # A step up is 2 and a step down 0, so that the depth is their sum less their number.
    if max(map(sub, accumulate(steps), count(1)), default=0) > _DEEPEST:
        raise BadRequest.at("", "the body is nested too deeply")


def _refuse_repeats(body: bytes) -> None:
    """Raise BadRequest if an object names a field twice: parsers differ in which of the two they take."""
    _REPEATS.decode(body.decode())


def _pairs(pairs: list[tuple[str, Any]]) -> None:
    names = {name for name, _ in pairs}
    if len(names) == len(pairs):
        return
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            raise BadRequest.at(pointer_to(name[:_LONGEST_NAME]), "this field occurs twice")
        seen.add(name)


def _fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    _pairs(pairs)
    return dict(pairs)


# Numbers stay text: Python refuses to convert very long numbers, and the values are not needed here.
_REPEATS: Final = json.JSONDecoder(object_pairs_hook=_pairs, parse_int=str, parse_float=str)
