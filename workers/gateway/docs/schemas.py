"""The schemas of the OpenAPI document: the shapes in the subset of JSON Schema that client generators accept."""

import inspect
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from core.ids import END
from workers.gateway.operations.operation import Operation
from workers.gateway.shapes.sites import Rule, StoredRule

_REFS: Final = "#/components/schemas/{name}"
_TYPES: Final[Mapping[type, str]] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    type(None): "null",
}


class Schemas:
    """Schemas of all shapes in the requests and responses of some operations, with references among them."""

    def __init__(self, calls: Iterable[Operation], also: Iterable[Any] = ()) -> None:
        kinds: list[Any] = [*also, Rule, StoredRule]
        for call in calls:
            kinds += [call.query, *(kind for kind in (call.body, call.answer) if kind is not None)]
            kinds += call.events.values()
        found, components = msgspec.json.schema_components(kinds, ref_template=_REFS)
        self._of = dict(zip(map(repr, kinds), map(portable, found), strict=True))
        queries = {call.query.__name__ for call in calls}
        self._queries = {name: components[name] for name in queries if name in components}
        self.components = {name: portable(schema) for name, schema in components.items() if name not in queries}
        for schema in self.components.values():
            # A policy has its rules as objects of any kind (`core.policy.RawRule`). Other rules have a shape.
            rules = schema.get("properties", {}).get("rules")
            if rules is not None and "$ref" not in rules["items"]:
                request = schema.get("additionalProperties") is False
                rules["items"] = self.of(Rule if request else StoredRule)
        for call in calls:
            if call.events:
                self.components[events_name(call)] = self._events(call)

    def of(self, kind: Any) -> dict[str, Any]:
        """Return the schema of a shape, or a reference to it."""
        return self._of[repr(kind)]

    def query(self, kind: type[msgspec.Struct]) -> list[dict[str, Any]]:
        """Return the parameters of a query."""
        schema = self._queries[kind.__name__]
        return [
            _parameter(name, part, required=name in schema.get("required", ()))
            for name, part in schema["properties"].items()
        ]

    def _events(self, call: Operation) -> dict[str, Any]:
        return {
            "title": events_name(call),
            "description": "The events of the stream: the data of each event, by name.",
            "type": "object",
            "properties": {name: self.of(kind) for name, kind in call.events.items()},
            "required": list(call.events),
        }


def events_name(call: Operation) -> str:
    """Return the name of the schema of a stream's events."""
    return f"{call.name[0].upper()}{call.name[1:]}Events"


def portable(schema: dict[str, Any], *, request: bool = False) -> dict[str, Any]:
    """Return an equivalent schema that client generators interpret correctly.

    - An `enum` has its `type`.
    - A tuple is closed by `maxItems`, never by `items: false`.
    - A pattern has no look-ahead: the `$` of JSON Schema is the very end, and needs no `END`.
    - Nothing has a `default`: generators treat a field with a default as always present. The description of a request
      field states its default.
    """
    closed = schema.get("additionalProperties") is False
    found = {name: _part(name, value, request=closed) for name, value in schema.items()}
    if "enum" in found and "type" not in found:
        found["type"] = _type_of(found["enum"])
    if found.get("items") is False:
        del found["items"]
    if "pattern" in found:
        found["pattern"] = found["pattern"].replace(END, "$")
    if "description" in found:
        found["description"] = inspect.cleandoc(found["description"])
    default = found.pop("default", None)
    if request and default is not None and "$ref" not in found:
        said = default if isinstance(default, str) else msgspec.json.encode(default).decode()
        found["description"] = " ".join(filter(None, (found.get("description"), f"Default: `{said}`.")))
    return found


def _part(name: str, value: Any, *, request: bool) -> Any:
    """Return a keyword's value with its schemas made portable. `request` is True for fields of a request."""
    match name, value:
        case "properties", dict():
            return {key: portable(part, request=request) for key, part in value.items()}
        case (("items" | "additionalProperties" | "propertyNames"), dict()):
            return portable(value)
        case (("anyOf" | "oneOf" | "allOf" | "prefixItems"), list()):
            return [portable(part) for part in value]
        case _:
            return value


def _type_of(values: Iterable[Any]) -> str | list[str]:
    types = sorted({_TYPES[type(value)] for value in values})
    return types[0] if len(types) == 1 else types


def _parameter(name: str, schema: dict[str, Any], *, required: bool) -> dict[str, Any]:
    kept = {key: value for key, value in schema.items() if key not in ("description", "default")}
    choices = [part for part in kept.pop("anyOf", []) if part != {"type": "null"}]
    if choices:
        # A missing query parameter is absent; in the shapes it is null.
        kept |= choices[0]
    kept = portable(kept)
    if schema.get("default") is not None:
        kept["default"] = schema["default"]
    described = {"name": name, "in": "query", "required": required, "schema": kept}
    description = kept.pop("description", None) or schema.get("description")
    if description is not None:
        described["description"] = description
    return described
