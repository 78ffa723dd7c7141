import json
from typing import Annotated, Any

import msgspec
import pytest
from msgspec import Meta, Struct

from workers.gateway.http import bodies
from workers.gateway.http.refusals import BadRequest, UnsupportedMediaType


class Inner(Struct, forbid_unknown_fields=True):
    size: Annotated[int, Meta(ge=1)]


class Body(Struct, forbid_unknown_fields=True):
    text: str
    parts: list[Inner] = []
    more: dict[str, int] = {}
    slash: int = msgspec.field(default=0, name="a/b~c")


READER = bodies.BodyReader(Body)
DEPTHS = (40, 900)
TOO_MANY = (1001, 60_000)
"""Beyond what the parsers of some interpreters, and of any, go into."""


def refused(body: bytes) -> dict[str, str]:
    with pytest.raises(BadRequest) as caught:
        READER.read(body)
    (error,) = caught.value.extra["errors"]
    return dict(error)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b'{"text":1}', "/text"),
        (b'{"text":null}', "/text"),
        (b"{}", "/text"),
        (b'{"text":"","x":1}', "/x"),
        (b'{"text":"","x/y~":1}', "/x~1y~0"),
        (b'{"text":"","parts":[{"size":1},{"size":0}]}', "/parts/1/size"),
        (b'{"text":"","parts":[{"size":1,"odd":2}]}', "/parts/0/odd"),
        (b'{"text":"","parts":[{}]}', "/parts/0/size"),
        (b'{"text":"","parts":{}}', "/parts"),
        (b'{"text":"","more":{"k":"v"}}', "/more"),
        (b'{"text":"","a/b~c":"1"}', "/a~1b~0c"),
        (b"[]", ""),
        (b'"text"', ""),
    ],
)
def test_what_is_wrong_is_pointed_to(body: bytes, pointer: str) -> None:
    error = refused(body)
    assert error["pointer"] == pointer
    assert error["detail"]
    assert "`" not in error["detail"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"text":"a"} {}',
        b'{"text":"a",}',
        b"{'text':'a'}",
        b'{"text":"a\xff"}',
        b'{"te\xfft":"a"}',
        b'\xef\xbb\xbf{"text":"a"}',
        b'{"text":"\\ud800"}',
        b'{"text":"a\x00"}',
        '{"text":"a"}'.encode("utf-16"),
        b'{"text":"a","parts":NaN}',
    ],
)
def test_what_is_not_json_in_utf8_is_refused_as_a_whole(body: bytes) -> None:
    assert refused(body) == {"pointer": "", "detail": "the body is not JSON in UTF-8"}


def test_a_field_that_is_said_twice_is_refused_at_any_depth() -> None:
    assert refused(b'{"text":"a","text":"b"}')["pointer"] == "/text"
    assert refused(b'{"text":"a","t\\u0065xt":"b"}')["pointer"] == "/text"
    assert refused(b'{"text":"a","a\\/b~c":1,"a/b~c":2}')["pointer"] == "/a~1b~0c"
    assert refused(b'{"text":"a","parts":[{"size":1,"size":1}]}')["pointer"] == "/size"


def test_a_whole_number_may_be_written_with_a_fraction_of_nothing() -> None:
    assert READER.read(b'{"text":"","parts":[{"size":2.0},{"size":3e0}]}').parts == [Inner(2), Inner(3)]
    assert refused(b'{"text":"","parts":[{"size":2.5}]}')["pointer"] == "/parts/0/size"
    assert refused(b'{"text":"","parts":[{"size":0.0}]}')["pointer"] == "/parts/0/size"
    assert refused(b'{"text":"","parts":[{"size":2.0,"size":2}]}')["pointer"] == "/size"
    assert refused(b'{"text":"","parts":[{"size":1e999}]}')["pointer"] == "/parts/0/size"


def test_a_whole_number_that_may_be_null_is_taken_alike() -> None:
    class Vague(Struct):
        size: int | None = None

    assert bodies.BodyReader(Vague).read(b'{"size":2.0}').size == 2


@pytest.mark.parametrize(
    "rest",
    [
        b"",
        b',"text":"a"} {}',
        b',"text":"a\xff"}',
        b',"text":"\\ud800"}',
        b',"text":"a","parts":NaN}',
        b',"text":' + b"9" * 5000 + b"}",
    ],
)
def test_what_stands_behind_such_a_number_is_refused_as_ever(rest: bytes) -> None:
    assert refused(b'{"a/b~c":2.0' + rest) == {"pointer": "", "detail": "the body is not JSON in UTF-8"}


@pytest.mark.parametrize("depth", DEPTHS)
def test_deep_nesting_behind_such_a_number_is_refused_and_breaks_nothing(depth: int) -> None:
    error = refused(b'{"a/b~c":2.0,"more":' + b"[" * depth + b"]" * depth + b"}")
    assert error == {"pointer": "", "detail": "the body is nested too deeply"}


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("opening", ["[", '{"text":'])
def test_deep_nesting_is_refused_and_breaks_nothing(opening: str, depth: int) -> None:
    class Loose(Struct):
        text: str = ""

    body = b'{"other":' + opening.encode() * depth
    with pytest.raises(BadRequest) as caught:
        bodies.BodyReader(Loose).read(body)
    assert caught.value.extra["errors"] == [{"pointer": "", "detail": "the body is nested too deeply"}]


@pytest.mark.parametrize("many", TOO_MANY)
@pytest.mark.parametrize("piece", ["[", "{", "[]", "{},", '{"text":', "[}"])
def test_many_lists_and_objects_are_refused_and_break_nothing(piece: str, many: int) -> None:
    error = refused(b'{"text":"a","more":' + piece.encode() * many)
    assert error == {"pointer": "", "detail": "the body has too many lists and objects"}


@pytest.mark.parametrize("text", ["[{" * 2000, '"[' * 100, "\\" + '[\\"{' * 100])
def test_brackets_inside_of_a_text_are_not_nesting(text: str) -> None:
    assert READER.read(json.dumps({"text": text}).encode()).text == text


def test_many_lists_and_objects_beside_each_other_are_not_nesting() -> None:
    parts = [{"size": one} for one in range(1, 200)]
    assert len(READER.read(json.dumps({"text": "[", "parts": parts}).encode()).parts) == len(parts)


@pytest.mark.parametrize("depth", [31, 32])
def test_what_is_nested_is_counted_the_body_included(depth: int) -> None:
    class Free(Struct):
        first: Any
        then: Any

    def nested(levels: int) -> bytes:
        return b'[{"a":' * (levels // 2) + b"[]" * (levels % 2) + b"1" * (1 - levels % 2) + b"}]" * (levels // 2)

    body = b'{"first":%s,"then":%s}' % (nested(2), nested(depth))
    if depth == 31:
        assert bodies.BodyReader(Free).read(body).first == [{"a": 1}]
    else:
        with pytest.raises(BadRequest):
            bodies.BodyReader(Free).read(body)


@pytest.mark.parametrize("body", [b'{"text":"' + b"[" * 100, b'{"text":"' + b'\\"[' * 100 + b"\\"])
def test_brackets_in_a_text_that_does_not_end_are_not_nesting(body: bytes) -> None:
    assert refused(body) == {"pointer": "", "detail": "the body is not JSON in UTF-8"}


def test_a_struct_with_annotations_is_read_as_the_struct_is() -> None:
    reader = bodies.BodyReader(Annotated[Body, Meta(extra_json_schema={"minProperties": 1})])  # type: ignore[arg-type]
    assert reader.read(b'{"text":"a"}') == Body(text="a")
    with pytest.raises(BadRequest):
        reader.read(b'{"text":"a","text":"b"}')


def test_what_is_well_formed_is_taken_with_any_white_space() -> None:
    told = {"text": 'a\nb "c"', "parts": [{"size": 3}], "more": {"k": 1}}
    found = READER.read(json.dumps(told, indent=3).encode())
    assert found == Body(text='a\nb "c"', parts=[Inner(3)], more={"k": 1})


@pytest.mark.parametrize(
    "media",
    [
        b"application/json",
        b"Application/JSON",
        b"application/json; charset=utf-8",
        b'application/json;charset="UTF-8"',
    ],
)
def test_json_in_utf8_may_be_named_in_several_ways(media: bytes) -> None:
    bodies.check_media(media, None)
    bodies.check_media(media, b"identity")


@pytest.mark.parametrize(
    ("media", "encoding"),
    [
        (None, None),
        (b"", None),
        (b"text/plain", None),
        (b"application/x-www-form-urlencoded", None),
        (b"application/jsonp", None),
        (b"application/json; charset=latin-1", None),
        (b"application/json", b"gzip"),
    ],
)
def test_anything_else_is_another_media_type(media: bytes | None, encoding: bytes | None) -> None:
    with pytest.raises(UnsupportedMediaType):
        bodies.check_media(media, encoding)
