"""The OpenAPI document as a page for people: HTML without scripts, with all of its content in tables."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any, Final

import msgspec

from workers.gateway.html.prose import prose
from workers.gateway.http import problems
from workers.gateway.http.bodies import JSON_TYPE

Schema = Mapping[str, Any]


def page(document: Mapping[str, Any]) -> str:
    """Return the page of a document."""
    operations = [
        (method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    tags = [tag["name"] for tag in document["tags"]]
    by_tag = {tag: [one for one in operations if one[2]["tags"][0] == tag] for tag in tags}
    shapes = document["components"]["schemas"]
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Hansard</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style>'
        f"<nav>{_contents(by_tag, shapes)}</nav><main>"
        f"<h1>Hansard {escape(document['info']['version'])}</h1>{_paragraphs(document['info']['description'])}"
        f'<p>For machines: <a href="openapi.json">openapi.json</a>, OpenAPI {escape(document["openapi"])}.</p>'
        f"{_tokens(document['components']['securitySchemes'])}"
        + "".join(f"<h2>{escape(tag)}</h2>{''.join(_operation(*one, shapes) for one in by_tag[tag])}" for tag in tags)
        + f'<h2 id="shapes">Shapes</h2>{"".join(_shape(name, shape) for name, shape in sorted(shapes.items()))}'
        f'<h2 id="problems">Problems</h2>{_problems()}</main></html>'
    )


def _contents(by_tag: Mapping[str, list[Any]], shapes: Iterable[str]) -> str:
    lists = "".join(
        f"<h4>{escape(tag)}</h4><ul>"
        + "".join(f'<li><a href="#{one["operationId"]}">{prose(one["summary"])}</a>' for _, _, one in operations)
        + "</ul>"
        for tag, operations in by_tag.items()
    )
    named = "".join(f'<li><a href="#shapes/{name}">{name}</a>' for name in sorted(shapes))
    return (
        '<h4>Hansard</h4><ul><li><a href="#tokens">Tokens and claims</a><li><a href="#problems">Problems</a></ul>'
        f"{lists}<h4>Shapes</h4><ul>{named}</ul>"
    )


def _tokens(schemes: Mapping[str, Any]) -> str:
    parts = "".join(
        f"<h3>{escape(scheme['x-title'])}</h3>{_paragraphs(scheme['description'])}"
        f"{_fields(scheme['x-claims'], 'required')}"
        for scheme in schemes.values()
    )
    return f'<h2 id="tokens">Tokens and claims</h2>{parts}'


def _operation(method: str, path: str, operation: Mapping[str, Any], shapes: Mapping[str, Schema]) -> str:
    name = operation["operationId"]
    given = operation.get("requestBody", {}).get("content", {}).get(JSON_TYPE)
    body = "" if given is None else f"<h4>Body</h4>{_body(given, shapes)}"
    parameters = operation.get("parameters", ())
    taken = "" if not parameters else f"<h4>Parameters</h4>{_parameters(parameters)}"
    return (
        f'<section id="{name}"><h3>{prose(operation["summary"])} <a href="#{name}">#</a></h3>'
        f"<p><b>{method.upper()}</b> <code>{escape(path)}</code>{_paragraphs(operation['description'])}"
        f"{taken}{body}<h4>Responses</h4>{_answers(operation['responses'])}</section>"
    )


def _body(given: Mapping[str, Any], shapes: Mapping[str, Schema]) -> str:
    shape = shapes[given["schema"]["$ref"].rpartition("/")[2]]
    text = f"{_type(given['schema'])}: {prose(shape.get('description', ''))}"
    return f"<p>{text}{_fields(shape, 'required')}{_example(given.get('example'))}"


def _parameters(parameters: Iterable[Mapping[str, Any]]) -> str:
    rows = [
        (
            one["name"],
            one["in"] + (", required" if one["required"] else ""),
            _type(one["schema"]),
            _default(one["schema"]),
            one.get("description", one["schema"].get("description", "")),
        )
        for one in parameters
    ]
    return _named(("name", "in"), rows)


def _fields(schema: Schema, word: str = "always") -> str:
    """Return the table of a shape's fields. `word` is written where a field is always present."""
    required = schema.get("required", ())
    rows = [
        (name, word if name in required else "optional", _type(part), _default(part), _meaning(part))
        for name, part in schema.get("properties", {}).items()
    ]
    return _named(("field", "presence"), rows)


def _named(first: tuple[str, str], rows: Sequence[tuple[str, str, str, str, str]]) -> str:
    """Return a table of fields or parameters. It has a column of defaults only if a row has one."""
    if not rows:
        return ""
    defaults = any(default for _, _, _, default, _ in rows)
    head = (*first, "values", *(("default",) if defaults else ()), "meaning")
    body = "".join(
        f"<tr><td><code>{escape(name)}</code><td>{there}<td>{values}"
        f"{f'<td>{default}' if defaults else ''}<td>{prose(meaning)}"
        for name, there, values, default, meaning in rows
    )
    return f'<table class="named"><tr>{"".join(f"<th>{name}" for name in head)}{body}</table>'


def _shape(name: str, schema: Schema) -> str:
    return (
        f'<section id="shapes/{name}"><h3>{name} <a href="#shapes/{name}">#</a></h3>'
        f"{_paragraphs(schema.get('description', ''))}{_fields(schema)}</section>"
    )


def _answers(answers: Mapping[str, Any]) -> str:
    rows = []
    for status, answer in answers.items():
        ((media, content),) = answer.get("content", {"": {}}).items()
        if media == problems.MEDIA.decode():
            named = ", ".join(
                f'<a href="#problems/{slug}"><code>{slug}</code></a>' for slug in content.get("examples", ())
            )
            rows.append(f"<tr><td>{status}<td>{named}<td>{_type(content['schema'])}")
            continue
        headers = ", ".join(f"<code>{name}</code>" for name in answer.get("headers", ()))
        shape = _type(content["schema"]) if media == JSON_TYPE else f"<code>{media}</code>" if media else ""
        if "x-events" in content:
            shape += f", events: {_type(content['x-events'])}"
        example = "" if status == "202" else _example(content.get("example"))
        meaning = f"{prose(answer['description'])} Headers: {headers}." if headers else prose(answer["description"])
        rows.append(f"<tr><td>{status}<td>{meaning}{example}<td>{shape}")
    return f"<table><tr><th>status<th>meaning<th>shape{''.join(rows)}</table>"


def _problems() -> str:
    rows = []
    for slug, statuses in problems.STATUSES.items():
        titles = dict.fromkeys(kind.title for kind in problems.ALL if kind.slug == slug)
        rows.append(
            f'<tr id="problems/{slug}"><td>{" ".join(map(str, statuses))}<td><code>{slug}</code>'
            f"<td>{prose('; '.join(titles))}"
        )
    return f"<table><tr><th>status<th>slug<th>title{''.join(rows)}</table>"


def _example(example: Any) -> str:
    if example is None:
        return ""
    plain = msgspec.to_builtins(example)
    text = plain if isinstance(plain, str) else json.dumps(plain, indent=2, ensure_ascii=False)
    return f"<details><summary>Example</summary><pre>{escape(text)}</pre></details>"


def _type(schema: Schema) -> str:
    """Describe the values that a schema allows."""
    match schema:
        case {"$ref": str(ref)}:
            name = ref.rpartition("/")[2]
            return f'<a href="#shapes/{name}">{name}</a>'
        case {"anyOf": list(choices)} | {"oneOf": list(choices)} if "properties" not in schema:
            allowed = dict.fromkeys(_type(choice) for choice in choices)
            if "number" in allowed:
                allowed.pop("whole number", None)
            return " or ".join(allowed)
        case {"enum": list(values)}:
            return " · ".join(f"<code>{escape(json.dumps(value).strip(chr(34)))}</code>" for value in values)
        case {"prefixItems": list(parts)}:
            return f"list of exactly {len(parts)}: {', '.join(f'({_type(part)})' for part in parts)}"
        case {"type": "array"}:
            each = _type(schema["items"]) if "items" in schema else "anything"
            return f"list of {each}{_range(schema, 'minItems', 'maxItems', ' items')}"
        case {"type": "object", "additionalProperties": Mapping() as values}:
            return f"object, for each name: {_type(values)}"
        case _:
            return _plain(schema)


def _plain(schema: Schema) -> str:
    """Describe the values of a schema that is neither a choice nor a container."""
    match schema:
        case {"type": "string", "format": "date-time"}:
            return "time"
        case {"type": "string"}:
            pattern = f" matching <code>{escape(schema['pattern'])}</code>" if "pattern" in schema else ""
            return f"text{_range(schema, 'minLength', 'maxLength', ' characters')}{pattern}"
        case {"type": "integer"}:
            return f"whole number{_range(schema, 'minimum', 'maximum', '')}"
        case {"type": "boolean"}:
            return "<code>true</code> · <code>false</code>"
        case {"type": str(kind)}:
            return escape(kind)
        case _:
            return "anything"


def _range(schema: Schema, least: str, most: str, unit: str) -> str:
    low, high = schema.get(least), schema.get(most)
    match low, high:
        case None, None:
            return ""
        case None, _:
            return f", at most {high:,}{unit}"
        case _, None:
            return f", at least {low:,}{unit}"
        case _:
            return f", {low:,} to {high:,}{unit}"


def _meaning(schema: Schema) -> str:
    if "description" in schema:
        return _DEFAULT.sub("", schema["description"])
    return next((part["description"] for part in schema.get("anyOf", ()) if "description" in part), "")


def _default(schema: Schema) -> str:
    if "default" in schema:
        return f"<code>{escape(json.dumps(schema['default']).strip(chr(34)))}</code>"
    named = _DEFAULT.search(schema.get("description", ""))
    return "" if named is None else f"<code>{escape(named[1])}</code>"


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{prose(part)}" for part in text.split("\n\n") if part)


_DEFAULT: Final = re.compile(r" ?Default: `(.*)`\.$")
_STYLE: Final = (
    ":root{color-scheme:light dark}"
    "body{font:16px/1.5 system-ui,sans-serif;margin:0;display:grid;grid-template-columns:17em minmax(0,1fr)}"
    "nav{position:sticky;top:0;height:100vh;overflow:auto;box-sizing:border-box;padding:1em;font-size:.85em;"
    "border-right:1px solid #8885}nav ul{list-style:none;margin:0;padding:0}nav h4{margin:1em 0 .2em}"
    "main{padding:1em 2em 4em;max-width:75em}h2{margin:2.5em 0 0;border-bottom:2px solid #8888}"
    "h3{margin:2em 0 .3em}h3 a{opacity:.4;text-decoration:none}h4{margin:1em 0 .2em}p{margin:.4em 0}"
    "a{color:light-dark(#0645ad,#8ab4f8)}"
    "table{border-collapse:collapse;font-size:.9em;width:100%}"
    "td,th{vertical-align:top;text-align:left;padding:.25em .8em .25em 0;border-bottom:1px solid #8883;"
    "overflow-wrap:break-word}th{font-weight:600;opacity:.7}td code{overflow-wrap:anywhere}"
    "td:first-child,td:first-child code,.named td:nth-child(2){white-space:nowrap;overflow-wrap:normal}"
    "code{font-size:.92em}pre{overflow:auto;background:#8882;padding:.5em;font-size:.9em}summary{cursor:pointer}"
    "@media(max-width:50em){body{display:block}nav{position:static;height:auto;max-height:40vh;border:0}"
    "main{padding:1em}table{display:block;overflow:auto}}"
)
