"""No problem shows a regular expression: what a field takes is said in words."""

import re
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
import pytest
from msgspec import inspect

from workers.gateway.docs.openapi import _PATH_TYPES
from workers.gateway.http import bodies, parameters
from workers.gateway.http.bodies import field_error
from workers.gateway.http.grammars import WORDS
from workers.gateway.http.refusals import BadRequest
from workers.gateway.operations.table import OPERATIONS
from workers.gateway.shapes.comments import FileReport
from workers.gateway.shapes.staff import AuditQuery


def texts(kind: inspect.Type, seen: set[type]) -> Iterator[inspect.StrType]:
    """Every text that is somewhere in a type."""
    match kind:
        case inspect.StrType():
            yield kind
        case inspect.StructType(cls=cls, fields=fields) if cls not in seen:
            seen.add(cls)
            for field in fields:
                yield from texts(field.type, seen)
        case inspect.UnionType(types=types):
            for one in types:
                yield from texts(one, seen)
        case inspect.Metadata(type=inner):
            yield from texts(inner, seen)
        case inspect.VarTupleType(item_type=item) | inspect.ListType(item_type=item):
            yield from texts(item, seen)
        case inspect.DictType(key_type=key, value_type=value):
            yield from texts(key, seen)
            yield from texts(value, seen)
        case _:
            pass


def patterns() -> set[str]:
    """The pattern of every field of every request."""
    seen: set[type] = set()
    kinds = [kind for call in OPERATIONS for kind in (call.body, call.query) if kind is not None]
    found = [text for kind in (*kinds, *_PATH_TYPES.values()) for text in texts(inspect.type_info(kind), seen)]
    return {text.pattern for text in found if text.pattern is not None}


def test_every_pattern_of_a_request_has_words() -> None:
    assert len(patterns()) > 5
    assert patterns() <= WORDS.keys()


@pytest.mark.parametrize("pattern", sorted(patterns()))
def test_what_does_not_match_is_told_in_words(pattern: str) -> None:
    # As the field of a body, where it may be null, and in a list.
    text: Any = msgspec.defstruct("Text", [("a", annotated(pattern))])
    null: Any = msgspec.defstruct("Null", [("a", annotated(pattern) | None, None)])
    many: Any = msgspec.defstruct("Many", [("a", tuple[annotated(pattern), ...])])  # type: ignore[misc]  # made here
    for kind, given in ((text, "\n"), (null, "\n"), (many, ["\n"])):
        with pytest.raises(msgspec.ValidationError) as caught:
            msgspec.convert({"a": given}, kind)
        error = field_error(caught.value)
        assert error["pointer"].startswith("/a")
        assert error["detail"] == f"this must be {WORDS[pattern]}"


def annotated(pattern: str) -> Any:
    return Annotated[str, msgspec.Meta(pattern=pattern)]


def test_a_pattern_without_words_is_not_shown_either() -> None:
    error = field_error(msgspec.ValidationError("Expected `str` matching regex '^odd$' - at `$.a`"))
    assert error == {"pointer": "/a", "detail": "this must be in another format"}


def test_a_body_and_a_query_say_it_alike() -> None:
    with pytest.raises(BadRequest) as of_body:
        bodies.BodyReader(FileReport).read(b'{"reason":"So rude!"}')
    with pytest.raises(BadRequest) as of_query:
        parameters.ParameterReader(AuditQuery).read({"type": ["comment.posted\n"]})
    for caught, pointer in ((of_body, "/reason"), (of_query, "/type")):
        (error,) = caught.value.extra["errors"]
        assert error["pointer"] == pointer
        assert not re.search(r"[\^$\\{]|regex", error["detail"])
