"""The page for people says what the document says: fields, values, defaults, answers, claims, problems."""

import json
import re
from html import unescape
from typing import Any

import msgspec
import pytest

from workers.gateway.auth.claims import Claims
from workers.gateway.auth.tokens import OperatorClaims
from workers.gateway.docs.openapi import document, problems_of
from workers.gateway.docs.reference import page
from workers.gateway.http import problems
from workers.gateway.operations.operation import Operation
from workers.gateway.operations.table import OPERATIONS

DOCUMENT = document()
HTML = page(DOCUMENT)


def section(name: str) -> str:
    """The part of the page about one call or shape."""
    _, _, rest = HTML.partition(f'<section id="{name}">')
    found, end, _ = rest.partition("</section>")
    assert end, name
    return found


def rows(part: str) -> dict[str, list[str]]:
    """The rows of the tables of a part by the text of their first cell; the other cells as text."""
    found: dict[str, list[str]] = {}
    for row in re.findall(r"<tr><td>(.*?)(?=<tr|</table>)", part, re.DOTALL):
        first, *others = (unescape(re.sub(r"<[^>]+>", "", cell)) for cell in row.split("<td>"))
        found[first] = others
    return found


def test_nothing_is_left_of_markdown() -> None:
    assert "`" not in HTML
    assert "**" not in HTML


def test_every_link_in_the_page_leads_somewhere_in_it() -> None:
    ids = re.findall(r' id="([^"]+)"', HTML)
    assert len(set(ids)) == len(ids)
    assert set(re.findall(r'href="#([^"]+)"', HTML)) <= set(ids)


@pytest.mark.parametrize("call", OPERATIONS, ids=lambda call: call.name)
def test_a_call_is_told_with_what_it_takes_and_what_it_answers(call: Operation) -> None:
    said = DOCUMENT["paths"][call.path][call.method.lower()]
    part = section(call.name)
    told = rows(part)
    for parameter in said.get("parameters", ()):
        cells = told[parameter["name"]]
        assert cells[0].split(",")[0] == parameter["in"]
        assert ("required" in cells[0]) == parameter["required"]
        assert all(value in cells[1] for value in parameter["schema"].get("enum", ()))
        if "default" in parameter["schema"]:
            assert json.dumps(parameter["schema"]["default"]).strip('"') in cells[2]
    for status in said["responses"]:
        assert status in told
    for kind in problems_of(call):
        assert kind.slug in told[str(kind.status)][0]
    if call.body is not None:
        shape = DOCUMENT["components"]["schemas"][
            said["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        ]
        for name in shape["properties"]:
            assert told[name][0] == ("required" if name in shape.get("required", ()) else "optional")
        assert unescape(part).count(json.dumps(call.request_example, indent=2, ensure_ascii=False)) >= 1
    if call.answer is not None:
        assert f">{call.answer.__name__}</a>" in part
    for event in call.events:
        assert event in part


@pytest.mark.parametrize(("name", "shape"), DOCUMENT["components"]["schemas"].items())
def test_a_shape_is_told_with_every_field_its_values_and_its_default(name: str, shape: dict[str, Any]) -> None:
    told = rows(section(f"shapes/{name}"))
    for field, part in shape["properties"].items():
        there, values = told[field][:2]
        assert there == ("always" if field in shape.get("required", ()) else "optional")
        assert values
        assert values != "anything"
        for choice in (part, *part.get("anyOf", ())):
            assert all(json.dumps(value).strip('"') in values for value in choice.get("enum", ()))
            for bound in ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems"):
                assert bound not in choice or f"{choice[bound]:,}" in values, bound
        default = re.search(r"Default: `(.*)`\.$", part.get("description", ""))
        if default is not None:
            assert told[field][2] == default[1]


@pytest.mark.parametrize(("title", "kind"), [("Tokens of a site", Claims), ("Tokens of the operator", OperatorClaims)])
def test_every_claim_is_told_with_what_it_means(title: str, kind: type[msgspec.Struct]) -> None:
    _, _, rest = HTML.partition(f"<h3>{title}</h3>")
    told = rows(rest.partition("</table>")[0] + "</table>")
    for field in msgspec.structs.fields(kind):
        there, _, meaning = told[field.name]
        assert there == ("required" if field.required else "optional")
        assert meaning


def test_every_problem_is_told() -> None:
    for slug, statuses in problems.STATUSES.items():
        said = " ".join(map(str, statuses))
        assert f'<tr id="problems/{slug}"><td>{said}<td><code>{slug}</code>' in HTML
