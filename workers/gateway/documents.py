"""The interface described: for machines at `/openapi.json`, for people at `/docs`, made once from the table."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from starlette.types import Receive, Scope, Send

from workers.gateway import caching, problems
from workers.gateway.caching import Caching
from workers.gateway.call import Call
from workers.gateway.exchange import Exchange
from workers.gateway.openapi import DESCRIPTION, document
from workers.gateway.refusals import MethodNotAllowed
from workers.gateway.reply import JSON, Header, Reply, encode, preflight, send_reply
from workers.gateway.table import CALLS

_ALLOWED: Final = "GET, HEAD, OPTIONS"
_POLICY: Final[Header] = (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'")


class Document:
    """A page that stays the same while the process lives."""

    def __init__(self, path: str, reply: Reply) -> None:
        self._path = path
        self._reply = caching.apply(reply, Caching.NEVER, token=False, fresh=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        del receive
        exchange: Exchange = scope["hansard"]
        exchange.route = self._path
        match scope["method"]:
            case "GET" | "HEAD":
                reply = self._reply
            case "OPTIONS":
                reply = preflight(_ALLOWED)
            case _:
                reply = problems.reply(MethodNotAllowed(_ALLOWED)).also((b"cache-control", caching.NO_STORE))
        await send_reply(send, exchange.ends(reply), bare=scope["method"] == "HEAD")


def all_documents(calls: Sequence[Call] = CALLS) -> Mapping[str, Document]:
    """The documents of these calls, by path."""
    described = document(calls)
    html = page(described).encode()
    return {
        "/openapi.json": Document("/openapi.json", Reply(200, encode(described), media=JSON)),
        "/docs": Document("/docs", Reply(200, html, (_POLICY,), b"text/html; charset=utf-8")),
    }


def page(described: Mapping[str, Any]) -> str:
    """The document as one page of html without scripts."""
    by_theme: dict[str, list[str]] = {tag["name"]: [] for tag in described["tags"]}
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            by_theme[operation["tags"][0]].append(_operation(method, path, operation))
    themes = "".join(f"<h2>{escape(theme)}</h2>{''.join(parts)}" for theme, parts in by_theme.items())
    about = "".join(f"<p>{escape(part)}</p>" for part in DESCRIPTION.split("\n\n"))
    kinds = "".join(
        f'<tr id="problems/{kind.slug}"><td>{kind.status}<td><code>{kind.slug}</code><td>{escape(kind.title)}'
        for kind in problems.ALL
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Hansard</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style>'
        f"<h1>Hansard {escape(described['info']['version'])}</h1>{about}"
        f'<p>For machines: <a href="openapi.json">openapi.json</a></p>{themes}'
        f"<h2>Problems</h2><table>{kinds}</table></html>"
    )


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(one['name'])}</code><td>{one['in']}{', needed' if one['required'] else ''}"
        f"<td>{escape(one.get('description', ''))}"
        for one in operation.get("parameters", ())
        if one["in"] != "path"
    )
    given = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
    answers = "".join(
        f"<tr><td>{status}<td>{escape(answer['description'])}" for status, answer in operation["responses"].items()
    )
    said = "".join(f"<p>{escape(part)}</p>" for part in operation["description"].split("\n\n"))
    body = "" if given is None else f"<p>Body</p><pre>{escape(encode(given).decode())}</pre>"
    return (
        f'<details id="{operation["operationId"]}"><summary><b>{method.upper()}</b> <code>{escape(path)}</code> '
        f"{escape(operation['summary'])}</summary>{said}<table>{rows}</table>{body}"
        f"<table>{answers}</table></details>"
    )


_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
    "summary{cursor:pointer;padding:.3em 0}td{vertical-align:top;padding:.1em 1em .1em 0}"
    "pre{overflow:auto;background:#8882;padding:.5em}details[open]{border-left:3px solid #8888;padding-left:1em}"
)
