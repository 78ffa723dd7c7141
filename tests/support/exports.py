"""Small exports of other systems, made by tests."""

import json
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from typing import Any

import anyio

from core.times import parse_rfc3339
from workers.importers.planning.plan_options import PlanOptions
from workers.importers.planning.plan_report import PlanReport
from workers.importers.planning.planner import make_plan

NOW = "2026-10-01T12:00:00.000Z"
KEY = "a key of guests that is the same in every test"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def cdata(text: str) -> str:
    return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"


def wp_comment(number: int | str = 1, content: str = "Hello.", *, meta: Any = None, **fields: Any) -> str:
    """A comment of WXR. A field is that of the export without `comment_`."""
    given = {
        "id": str(number),
        "author": "Ada",
        "author_email": "ada@mail.example",
        "author_IP": "203.0.113.7",
        "date": "2020-01-02 04:04:05",
        "date_gmt": "2020-01-02 03:04:05",
        "content": content,
        "approved": "1",
        "type": "",
        "parent": "0",
        "user_id": "0",
    } | fields
    inner = "".join(f"<wp:comment_{name}>{cdata(value)}</wp:comment_{name}>" for name, value in given.items())
    inner += "".join(
        f"<wp:commentmeta><wp:meta_key>{key}</wp:meta_key><wp:meta_value>{cdata(value)}</wp:meta_value></wp:commentmeta>"
        for key, value in (meta or {}).items()
    )
    return f"<wp:comment>{inner}</wp:comment>"


def wp_item(*comments: str, link: str = "https://gazette.example/a/", number: Any = 1, **fields: Any) -> str:
    """An article of WXR."""
    given = {
        "post_date_gmt": "2020-01-01 08:00:00",
        "comment_status": "open",
        "post_name": "a",
        "status": "publish",
        "post_type": "post",
        "post_password": "",
    } | fields
    content, title = given.pop("content", "The article."), given.pop("title", "An article")
    if number is not None:
        given = {"post_id": str(number)} | given
    inner = "".join(f"<wp:{name}>{cdata(value)}</wp:{name}>" for name, value in given.items())
    text = (
        f"<title>{cdata(title)}</title><link>{escape(link)}</link><content:encoded>{cdata(content)}</content:encoded>"
    )
    return f"<item>{text}{inner}{''.join(comments)}</item>"


def wxr(*items: str, namespace: str = "http://wordpress.org/export/1.2/", before: str = "", channel: str = "") -> str:
    """An export of WordPress."""
    return (
        f'{before}{HEAD}<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        f'xmlns:wp="{namespace}" xmlns:dsq="http://www.disqus.com/"><channel>{channel}{"".join(items)}</channel></rss>'
    )


def dsq_thread(number: int | str = 1, link: str = "https://gazette.example/a/", **fields: Any) -> str:
    """A thread of Disqus."""
    given = {"id": "", "link": link, "title": "An article", "createdAt": "2020-01-01T08:00:00Z", "isClosed": "false"}
    given |= {"isDeleted": "false", "ipAddress": "203.0.113.8"} | fields
    return f'<thread dsq:id="{number}">{_elements(given)}</thread>'


def dsq_post(
    number: Any = 10,
    message: str = "<p>Hello.</p>",
    *,
    thread: Any = 1,
    parent: Any = None,
    author: Any = None,
    **fields: Any,
) -> str:
    """A post of Disqus."""
    given = {"id": "", "message": message, "createdAt": "2020-01-02T03:04:05Z", "isDeleted": "false", "isSpam": "false"}
    given |= {"ipAddress": "203.0.113.9"} | fields
    who = {"email": "ada@mail.example", "name": "Ada", "isAnonymous": "false", "username": "ada"}
    who = who if author is None else dict(author)
    inner = _elements(given) + f"<author>{_elements(who)}</author>"
    inner += f'<thread dsq:id="{thread}"/>' + ("" if parent is None else f'<parent dsq:id="{parent}"/>')
    return f"<post{'' if number is None else f' dsq:id={chr(34)}{number}{chr(34)}'}>{inner}</post>"


def disqus(*parts: str) -> str:
    """An export of Disqus."""
    namespaces = 'xmlns="http://disqus.com" xmlns:dsq="http://disqus.com/disqus-internals"'
    return f"{HEAD}<disqus {namespaces}>{''.join(parts)}</disqus>"


def _elements(fields: Mapping[str, str]) -> str:
    return "".join(f"<{name}>{cdata(value)}</{name}>" for name, value in fields.items())


class Planned:
    """A plan, with its facts."""

    def __init__(self, report: PlanReport, folder: Path) -> None:
        self.report = report
        self.folder = folder
        head, *lines = (folder / "facts.jsonl").read_text().splitlines()
        self.header: dict[str, Any] = json.loads(head)
        self.facts: list[dict[str, Any]] = [json.loads(line) for line in lines]

    def of(self, *kinds: str) -> list[dict[str, Any]]:
        """The facts of these kinds."""
        return [fact for fact in self.facts if fact["do"] in kinds]

    def brief(self) -> list[tuple[str, ...]]:
        """Each fact by its kind and comment."""
        return [(fact["do"], fact["comment"]) if "comment" in fact else (fact["do"],) for fact in self.facts]

    @property
    def text(self) -> str:
        """All files, as text."""
        return "\n".join(path.read_text() for path in sorted(self.folder.iterdir()) if path.name != "guest.key")


def planned(
    folder: Path, format_: str, *contents: str | bytes, into: str = "plan", now: str = NOW, **options: Any
) -> Planned:
    """Plan an import of files with these contents, in a folder of tests."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for number, content in enumerate(contents):
        path = folder / f"export-{number}"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        files.append(path)
    return planned_files(folder, format_, files, into=into, now=now, **options)


def planned_files(
    folder: Path, format_: str, files: Iterable[Path], *, into: str = "plan", now: str = NOW, **options: Any
) -> Planned:
    """Plan an import of these files."""
    key = folder / "guests.key"
    if not key.exists():
        key.touch(mode=0o600)
        key.write_text(KEY)
    given: dict[str, Any] = {"guest_key": key, "pending": 30, "site": "gazette"} | options
    asked = PlanOptions(format=format_, files=tuple(files), into=folder / into, now=parse_rfc3339(now), **given)
    return Planned(anyio.run(make_plan, asked), folder / into)
