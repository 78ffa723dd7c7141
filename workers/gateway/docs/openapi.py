"""The OpenAPI 3.1 document, made from the operation table."""

import re
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Annotated, Any, Final, get_args

import msgspec
from msgspec import Meta, Struct

from core import ids
from core.durability import Durability
from workers.gateway.auth.claims import Claims
from workers.gateway.auth.tokens import OperatorClaims
from workers.gateway.docs.schemas import Schemas, events_name, portable
from workers.gateway.http import problems
from workers.gateway.http.bodies import JSON_TYPE
from workers.gateway.http.caching import Caching
from workers.gateway.http.lag_watch import is_of_views
from workers.gateway.operations.operation import Access, Operation
from workers.gateway.operations.table import OPERATIONS
from workers.gateway.shapes import common

_PATH_TYPES: Final[Mapping[str, Any]] = {
    "site": ids.SiteId,
    "thread": ids.ThreadId,
    "anchor": ids.AnchorId,
    "comment": ids.CommentId,
    "list": Annotated[ids.Slug, Meta(examples=["insults"])],
    "batch": ids.BatchId,
    "reference": ids.NoticeReference,
    "warning": common.PositionText,
    "member": ids.MemberId,
    "revision": common.Revision,
    "slug": Annotated[ids.Slug, Meta(examples=["stale-revision"])],
}
_PROBLEM: Final = "application/problem+json"
_PARAMETER: Final = re.compile(r"{(\w+)}")

DESCRIPTION: Final = """\
The backend of a publication's comment sections: every comment, change and decision is an event in a log, and the \
views that people read are built from the log.

Times are RFC 3339 in UTC with milliseconds. Bodies are JSON in UTF-8. Unknown fields and query parameters in a \
request are refused. Responses may gain fields: ignore fields that you do not know. The response to a write has its \
`position`; a read with `after=` that position includes the write. A write has the durability that the deployment \
promises, or the response is 202; the header `Hansard-Durability` states the durability reached. Problems are RFC \
9457; choose the message for people by the last part of `type`."""


def document(calls: Sequence[Operation] = OPERATIONS) -> dict[str, Any]:
    """Return the document as JSON types."""
    schemas = Schemas(calls, (common.Problem, *_PATH_TYPES.values()))
    paths: dict[str, dict[str, Any]] = {}
    for call in calls:
        paths.setdefault(call.path, {})[call.method.lower()] = _operation(call, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Hansard",
            "version": version("hansard"),
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(call.tag for call in calls)],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "securitySchemes": {
                "token": _scheme(
                    "Tokens of a site",
                    "A JWT signed by the site, sent as `Bearer` in the Authorization header only. Its claims:",
                    Claims,
                ),
                "operator": _scheme(
                    "Tokens of the operator",
                    "A JWT signed with the secret of the deployment. Its claims:",
                    OperatorClaims,
                ),
            },
        },
    }


def _scheme(title: str, description: str, claims: type[Struct]) -> dict[str, Any]:
    (_,), components = msgspec.json.schema_components([claims])
    return {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": description,
        "x-title": title,
        "x-claims": portable(components[claims.__name__]),
    }


def problems_of(call: Operation) -> list[problems.Kind]:
    """Return every problem response of an operation: its own, and those common to operations of its kind."""
    slugs = {*call.problems, *OF_EVERY_CALL}
    if call.path.startswith("/v1/"):
        slugs |= {"unavailable"}
    if call.path.startswith("/v1/sites/{site}"):
        slugs |= {"not-found"}
    if call.handler is None:
        slugs -= {"unavailable"}  # the stream itself reports it: after a 503 a browser would not reconnect
    if call.path.startswith("/readyz"):
        slugs |= {"unavailable"}
    if call.access not in (Access.EVERYONE, Access.ANYONE) or call.access is Access.ANYONE:
        slugs |= {"unauthenticated"}
    if call.body is not None or call.method != "GET":
        slugs |= {"request-too-large", "unsupported-media-type"}
    return [kind for kind in problems.ALL if kind.slug in slugs and _fits(kind, call)]


OF_EVERY_CALL: Final = frozenset(
    {"bad-request", "headers-too-large", "internal", "request-timeout", "target-too-long", "too-many-requests"}
)
"""Slugs of the problems that the server itself may return for any request."""


def _fits(kind: problems.Kind, call: Operation) -> bool:
    # stale-revision has two statuses: 412 is the one of a precondition.
    return kind.slug != "stale-revision" or (kind.status == PRECONDITION_FAILED) == call.edits


PRECONDITION_FAILED: Final = 412


def _operation(call: Operation, schemas: Schemas) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": call.name,
        "tags": [call.tag],
        "summary": call.summary,
        "description": "\n\n".join(
            filter(None, (call.detail, _events(call), f"For: {call.access.value}", _kept(call)))
        ),
        "parameters": [*_places(call, schemas), *schemas.query(call.query), *_headers(call)],
        "responses": _responses(call, schemas),
        "security": _security(call),
        "x-who": call.access.name.lower().replace("_", "-"),
        "x-caching": call.caching.name.lower().replace("_", "-"),
    }
    if call.body is not None:
        found["requestBody"] = {
            "required": True,
            "content": {JSON_TYPE: {"schema": schemas.of(call.body), "example": call.request_example}},
        }
    if not found["parameters"]:
        del found["parameters"]
    return found


def _events(call: Operation) -> str:
    return f"The schema `{events_name(call)}` describes the `data` of each event." if call.events else ""


def _kept(call: Operation) -> str:
    kept = f"Caching: {call.caching.value}"
    if call.past:
        kept += " With `at`, a token is read if there is one, and the response to it is private."
    if call.caching in (Caching.EVERYONE, Caching.BY_TOKEN) and "after" in call.query.__struct_fields__:
        kept += " With `after`, it is never stored."
    return kept


def _places(call: Operation, schemas: Schemas) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": schemas.of(_PATH_TYPES[name])}
        for name in _PARAMETER.findall(call.path)
    ]


def _headers(call: Operation) -> list[dict[str, Any]]:
    found = []
    if call.keyed:
        found.append(
            _header(
                "Idempotency-Key",
                {"type": "string", "pattern": "^[!-~]{1,255}$", "maxLength": 255},
                "For at least 24 h, a repeat under the same key gets the status and position of the first response. If "
                "it is missing, the server generates one. The key is always returned.",
            )
        )
    if call.edits:
        found.append(
            _header(
                "If-Match",
                {
                    "type": "string",
                    "pattern": '^(W/)?"[1-9][0-9]{0,5}"(, (W/)?"[1-9][0-9]{0,5}")*$',
                    "examples": ['"2"'],
                },
                'The latest revision, as an entity tag: `"2"`, also weak: `W/"2"`. If several are given '
                '(`"2", "3"`), one must be the latest. 428 if the header is missing or `*`, which names no revision; '
                "412 for another revision.",
                required=True,
            )
        )
    if call.caching not in (Caching.NEVER, Caching.STREAM):
        found.append(
            _header(
                "If-None-Match", {"type": "string"}, "The `ETag` of an earlier response: 304 if it is still current."
            )
        )
    if call.handler is None and "after" in call.query.__struct_fields__:
        found.append(
            _header("Last-Event-ID", {"type": "string"}, "The last event id received; takes precedence over `after`.")
        )
    return found


def _header(name: str, schema: dict[str, Any], description: str, *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": required, "schema": schema, "description": description}


def _responses(call: Operation, schemas: Schemas) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for status in (*call.statuses, *((ACCEPTED,) if _is_recorded(call) else ())):
        answer: dict[str, Any] = {"description": _STATUS_WORDS[status]}
        headers = _answer_headers(call, status)
        if headers:
            answer["headers"] = headers
        if status != NO_CONTENT:
            answer["content"] = {call.media: _content(call, schemas)}
        found[str(status)] = answer
    if call.caching not in (Caching.NEVER, Caching.STREAM):
        found["304"] = {
            "description": "Not modified: the earlier response is still current.",
            "headers": _kept_headers(call),
        }
    kinds = problems_of(call)
    for status in sorted({kind.status for kind in kinds}):
        found[str(status)] = _refused([kind for kind in kinds if kind.status == status], schemas)
    return found


def _content(call: Operation, schemas: Schemas) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": {"type": "string"} if call.answer is None else schemas.of(call.answer)}
    if call.example is not None:
        content["example"] = call.example
    if call.events:
        # OpenAPI 3.1 cannot describe the events of a stream; 3.2 can.
        content["x-events"] = {"$ref": f"#/components/schemas/{events_name(call)}"}
    return content


def _answer_headers(call: Operation, status: int) -> dict[str, Any]:
    found = _kept_headers(call)
    if call.keyed:
        found["Idempotency-Key"] = {
            "schema": {"type": "string"},
            "description": "The key from the request, or the generated one.",
        }
    if _is_recorded(call):
        found["Hansard-Durability"] = {
            "schema": {"type": "string", "enum": list(get_args(Durability))},
            "description": "Durability of the write: in the server's memory, in its replicas' memory too, or on its "
            "disk.",
        }
    if call.name == "postComment" and status in (CREATED, ACCEPTED):
        found["Location"] = {"schema": {"type": "string"}, "description": "The path of the comment."}
    return found


def _is_recorded(call: Operation) -> bool:
    return call.method != "GET" and not call.hint


def _kept_headers(call: Operation) -> dict[str, Any]:
    text = {"schema": {"type": "string"}}
    found: dict[str, Any] = {"Cache-Control": text}
    if call.caching not in (Caching.NEVER, Caching.STREAM):
        found["ETag"] = text | {"description": "Weak and opaque."}
    if call.caching in (Caching.EVERYONE, Caching.BY_TOKEN):
        found["CDN-Cache-Control"] = text | {"description": "For CDNs only; absent if nothing may be stored."}
    if call.caching is Caching.BY_TOKEN or call.past:
        found["Vary"] = text
    if call.method == "GET" and is_of_views(call.path):
        found["Hansard-Lag"] = {
            "schema": {"type": "integer"},
            "description": "Seconds by which the views behind this response lag the log; absent below 10.",
        }
    return found


def _refused(kinds: list[problems.Kind], schemas: Schemas) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": "; ".join(f"`{kind.slug}`: {kind.title}" for kind in kinds),
        "content": {
            _PROBLEM: {
                "schema": schemas.of(common.Problem),
                "examples": {kind.slug: {"value": problems.body(kind, _DETAIL)} for kind in kinds},
            }
        },
    }
    if kinds[0].status == UNAUTHENTICATED:
        answer["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}
    if kinds[0].status in problems.RETRIED:
        answer["headers"] = {"Retry-After": {"schema": {"type": "integer"}}}
    return answer


def _security(call: Operation) -> list[dict[str, list[str]]]:
    match call.access:
        case Access.OPERATOR:
            return [{"operator": []}]
        case Access.ADMIN_OR_OPERATOR:
            return [{"token": []}, {"operator": []}]
        case Access.EVERYONE:
            return [{}, {"token": []}] if call.past else []
        case Access.ANYONE:
            return [{}, {"token": []}]
        case _:
            return [{"token": []}]


_ACCEPTED: Final = (
    "Done, but the durability that this deployment promises is not confirmed yet. Once it is, a repeat under the same "
    "key gets the usual response."
)
_DETAIL: Final = "Explanation of the error, for developers."
CREATED: Final = 201
ACCEPTED: Final = 202
NO_CONTENT: Final = 204
UNAUTHENTICATED: Final = 401
_STATUS_WORDS: Final = {
    200: "Done.",
    201: "Created.",
    202: _ACCEPTED,
    204: "The thread is archived: there is no feed.",
}
