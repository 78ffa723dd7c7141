"""What generators of clients need of the document. `tests/clients` runs two of them at their defaults."""

import re
from collections.abc import Iterator
from typing import Any, get_args

import msgspec
import pytest
from msgspec import Struct, inspect

from core import ids
from core.domain.rules.registry import RULES
from core.policy import STAFF_ONLY
from projections.thread.effects import PublicChange
from workers.gateway.docs.openapi import document
from workers.gateway.docs.schemas import portable
from workers.gateway.operations.table import OPERATIONS
from workers.gateway.shapes.feed import FEED

DOCUMENT = document()
COMPONENTS = DOCUMENT["components"]["schemas"]

Place = tuple[str | int, ...]


def everything(value: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Every object in the document, examples aside, with the place that it is at."""
    if isinstance(value, dict):
        yield place, value
        for name, part in value.items():
            if name not in ("example", "examples"):
                yield from everything(part, (*place, name))
    if isinstance(value, list):
        for number, part in enumerate(value):
            yield from everything(part, (*place, number))


def schemas() -> list[tuple[Place, Any]]:
    """Every schema in the document, and a few objects around them that are none."""
    return [(place, found) for place, found in everything(DOCUMENT) if place[-1:] != ("properties",)]


def structs(kind: Any) -> dict[str, type[Struct]]:
    """The structs that are reached from a type, by name."""
    found: dict[str, type[Struct]] = {}

    def visit(info: Any) -> None:
        if isinstance(info, inspect.StructType):
            if info.cls.__name__ in found:
                return
            found[info.cls.__name__] = info.cls
            for field in info.fields:
                visit(field.type)
        elif isinstance(info, inspect.Metadata):
            visit(info.type)
        elif isinstance(info, inspect.UnionType):
            for one in info.types:
                visit(one)
        elif isinstance(info, inspect.DictType):
            visit(info.value_type)
        elif isinstance(info, inspect.CollectionType):
            visit(info.item_type)
        elif isinstance(info, inspect.TupleType):
            for one in info.item_types:
                visit(one)

    visit(inspect.type_info(kind))
    return found


def test_there_are_schemas_to_look_at() -> None:
    assert len(schemas()) > 500
    assert sum("enum" in schema for _, schema in schemas()) > 20
    assert sum("pattern" in schema for _, schema in schemas()) > 50
    assert any("prefixItems" in schema for _, schema in schemas())


def test_no_field_of_a_shape_has_a_default() -> None:
    found = [place for place, schema in everything(COMPONENTS) if "default" in schema and place[-1] != "properties"]
    assert found == []


def test_what_a_request_means_without_a_field_is_told_in_words() -> None:
    policy = COMPONENTS["Policy"]
    assert policy["properties"]["max_body"]["description"].endswith("Default: `5000`.")
    assert policy["properties"]["premoderation"]["description"].endswith("Default: `none`.")
    assert "required" not in policy or policy["required"] == []


@pytest.mark.parametrize("call", [call for call in OPERATIONS if call.answer is not None], ids=lambda call: call.name)
def test_a_field_of_an_answer_that_is_always_there_is_required(call: Any) -> None:
    for name, kind in structs(call.answer).items():
        if kind.__struct_config__.forbid_unknown_fields:
            continue  # a part of a policy, which requests give, too
        always = [
            field.encode_name
            for field in msgspec.structs.fields(kind)
            if field.required or (field.default is not msgspec.UNSET and not kind.__struct_config__.omit_defaults)
        ]
        assert COMPONENTS[name].get("required", []) == always, name


@pytest.mark.parametrize("call", [call for call in OPERATIONS if call.answer is not None], ids=lambda call: call.name)
def test_a_list_of_things_that_have_a_shape_says_which(call: Any) -> None:
    for name, kind in structs(call.answer).items():
        for field in inspect.type_info(kind).fields:  # type: ignore[attr-defined] # of a struct
            of = field.type.type if isinstance(field.type, inspect.Metadata) else field.type
            if isinstance(of, inspect.CollectionType) and isinstance(of.item_type, inspect.StructType):
                shape = COMPONENTS[name]["properties"][field.encode_name]["items"]
                assert shape == {"$ref": f"#/components/schemas/{of.item_type.cls.__name__}"}, (name, field.name)


def test_a_request_takes_the_rules_of_the_table_and_an_answer_may_have_others() -> None:
    for name in ("Policy", "PolicyChanges"):
        each = COMPONENTS[name]["properties"]["rules"]["items"]
        taken = [one["$ref"].rpartition("/")[2] for one in each.get("anyOf", [each])]
        assert taken == [rule.__name__ for rule in RULES]
        assert all(COMPONENTS[rule]["properties"]["kind"]["enum"] for rule in taken)
    told = COMPONENTS["PolicyAnswer"]["properties"]["rules"]["items"]["$ref"].rpartition("/")[2]
    assert COMPONENTS[told]["properties"] == {"kind": {"type": "string"}}
    assert "additionalProperties" not in COMPONENTS[told]


def test_what_only_staff_see_is_not_in_the_policy_for_everyone() -> None:
    everyone, staff = (set(COMPONENTS[name]["required"]) for name in ("PolicyInForce", "PolicyAnswer"))
    assert staff - everyone == STAFF_ONLY
    assert everyone - staff == {"overrides"}
    assert set(COMPONENTS["PolicyInForce"]["properties"]) == staff | {"overrides", "closes_at", "opened"}


def test_every_enum_has_its_type() -> None:
    names = {"string": str, "integer": int, "boolean": bool, "null": type(None)}
    for place, schema in schemas():
        if "enum" in schema:
            types = schema.get("type", [])
            types = [types] if isinstance(types, str) else types
            assert {type(value) for value in schema["enum"]} == {names[name] for name in types}, place


def test_no_schema_is_a_bare_word() -> None:
    for place, schema in schemas():
        for name in ("items", "additionalItems", "contains", "not", "if", "then", "else", "propertyNames"):
            assert not isinstance(schema.get(name), bool), (place, name)


def test_no_pattern_looks_ahead_or_behind() -> None:
    for place, schema in schemas():
        if isinstance(schema.get("pattern"), str):
            assert not re.search(r"\(\?[=!<]", schema["pattern"]), place
            re.compile(schema["pattern"])


@pytest.mark.parametrize("pattern", [value for name, value in vars(ids).items() if name.endswith("_PATTERN")])
@pytest.mark.parametrize("text", ["a", ".", "..", "...", "..a", ".a.", "", "a" * 65, "ab\u00e4", "A:", "~"])
def test_the_pattern_that_is_told_is_the_one_that_is_kept_to(pattern: str, text: str) -> None:
    told = portable({"type": "string", "pattern": pattern})["pattern"]
    assert (re.search(told, text) is None) == (re.search(pattern, text) is None)


def test_what_is_made_portable_is_made_so_wherever_it_stands() -> None:
    class Inner(Struct, omit_defaults=True):
        """Words

        in two paragraphs.
        """

        pair: tuple[int, str] = (1, "a")
        mixed: msgspec.UnsetType | str | None = None

    schema = {
        "type": "object",
        "properties": {
            "default": {"enum": [1, None], "default": 1},
            "items": {"type": "array", "items": {"prefixItems": [{"enum": ["a"]}], "items": False}},
        },
        "additionalProperties": False,
    }
    assert portable(schema) == {
        "type": "object",
        "properties": {
            "default": {"enum": [1, None], "type": ["integer", "null"], "description": "Default: `1`."},
            "items": {"type": "array", "items": {"prefixItems": [{"enum": ["a"], "type": "string"}]}},
        },
        "additionalProperties": False,
    }
    _, components = msgspec.json.schema_components([Inner])
    assert portable(components["Inner"])["description"] == "Words\n\nin two paragraphs."


def test_every_stream_says_what_its_events_carry() -> None:
    streams = [call for call in OPERATIONS if call.media == "text/event-stream"]
    assert streams
    for call in streams:
        assert call.events, call.name
        content = DOCUMENT["paths"][call.path]["get"]["responses"]["200"]["content"]["text/event-stream"]
        assert content["schema"] == {"type": "string"}
        name = content["x-events"]["$ref"].removeprefix("#/components/schemas/")
        told = COMPONENTS[name]
        assert set(told["properties"]) == set(told["required"]) == set(call.events)
        for event in call.events:
            assert f"`{event}`" in DOCUMENT["paths"][call.path]["get"]["description"]


def test_an_author_may_have_no_id() -> None:
    assert COMPONENTS["Author"]["properties"]["id"]["anyOf"][-1] == {"type": "null"}
    assert "id" in COMPONENTS["Author"]["required"]


def test_a_shape_whose_fields_are_told_has_words_of_its_own() -> None:
    for name, schema in COMPONENTS.items():
        assert schema.get("description"), name


def test_every_event_that_a_thread_tells_has_a_shape() -> None:
    assert set(FEED) == {*get_args(PublicChange), "reset"}
