"""The README names every limit, each as it is."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core import ids, keys
from core.domain import authoring, context, notice, origins, site, thread
from core.policy import Policy
from projections.audit import record_page
from projections.read import overlay, queries
from projections.views import feed_entries
from workers.gateway import rates, resource
from workers.gateway.auth import tokens
from workers.gateway.docs.openapi import document
from workers.gateway.feed import channel, hub
from workers.gateway.http import bodies, parameters
from workers.gateway.operations import notices, writing
from workers.gateway.shapes.site_keys import SHORTEST_SECRET
from workers.runtime.settings import Settings

README = (Path(__file__).parents[3] / "README.md").read_text()

LIMITS: dict[str, list[float]] = {
    "ids": [ids.LONGEST_THREAD],
    "token": [tokens.LONGEST_TOKEN, tokens.LEEWAY, context.LONGEST_NAME, authoring.LONGEST_BADGE],
    "keys of a site": [SHORTEST_SECRET],
    "text of a comment": [Policy().max_body],
    "other words": [site.LONGEST_NAME, thread.LONGEST_TITLE, origins.LONGEST, authoring.LONGEST_REASON],
    "page of a thread": [queries.MOST_ROWS, queries.MOST_TEXT],
    "lists": [overlay.LONGEST_OVERLAY, record_page.BUDGET],
    "notices": [notice.MOST_OPEN, notices.MOST_BYTES, rates.NOTICES_PER_MINUTE],
    "one request": [parameters.MOST],
    "request": [Settings().max_request, resource.MAX_TOKENLESS, bodies._DEEPEST, bodies._MOST_NESTED],
    "`Idempotency-Key`": [keys.WINDOW_MS / 3_600_000],
    "waiting": [writing.VIEW_WITHIN],
    "feed": [feed_entries.KEPT_MS / 60_000, feed_entries.MOST, channel.VOTES_EVERY, hub.HEARTBEAT],
}
"""By the first cell of a row: what the code has that is in no schema."""


def rows() -> dict[str, set[float]]:
    """The numbers in each row of the table."""
    _, _, rest = README.partition("\n## Limits\n")
    part, _, _ = rest.partition("\n## ")
    found = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", part, re.MULTILINE)
    return {
        name: {float(number.replace(",", "")) for number in re.findall(r"\d[\d,]*", said)} for name, said in found[2:]
    }


def bounds(place: str, schema: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """The greatest values that a schema allows, each with its place."""
    for part in (schema, *schema.get("anyOf", ())):
        for name in ("maxLength", "maxItems", "maximum"):
            if name in part:
                yield place, part[name]
        if isinstance(part.get("items"), dict):
            yield from bounds(f"{place}[]", part["items"])


def everything() -> Iterator[tuple[str, float]]:
    """Every bound of every request."""
    told = document()
    for methods in told["paths"].values():
        for operation in methods.values():
            for parameter in operation.get("parameters", ()):
                yield from bounds(f"{operation['operationId']}?{parameter['name']}", parameter["schema"])
    for name, shape in told["components"]["schemas"].items():
        if shape.get("additionalProperties") is False:
            for field, part in shape["properties"].items():
                yield from bounds(f"{name}.{field}", part)
    for scheme in told["components"]["securitySchemes"].values():
        for claim, part in scheme["x-claims"]["properties"].items():
            yield from bounds(f"token.{claim}", part)


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_is_told_as_it_is(name: str) -> None:
    assert set(LIMITS[name]) <= rows()[name], name


def test_every_bound_of_a_request_is_told() -> None:
    told = set().union(*rows().values())
    assert len(list(everything())) > 50
    missing = sorted({f"{place}: {most:,}" for place, most in everything() if most not in told})
    # A bound that is new has its place in the table of README.md, Limits.
    assert missing == []
