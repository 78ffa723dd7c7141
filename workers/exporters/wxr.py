"""WXR 1.2: the export of WordPress, which it imports.

An article is an item. Comments have one text, as HTML. Votes, the time of the last edit and inline questions are where
wpDiscuz has them. The id of a member is where Disqus reads it. Nothing that readers do not see is approved.
"""

import re
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, tzinfo
from html import escape
from typing import Final

from core.domain.import_fact import Fact
from core.domain.origins import normalised
from core.text import plain
from core.text.render import render
from core.time_zones import zone_of
from projections.thread.state import ThreadState
from workers.exporters.export_writer import ExportedSite
from workers.exporters.plain_comment import PlainComment, PlainState, comment_number, plain_comments, thread_number
from workers.exporters.source import ExportedDiscussion
from workers.exporters.xml import allowed, cdata, element, mail_date, seconds

_SYSTEM: Final = "wp-"
_ARTICLE: Final = "p"
_APPROVED: Final[dict[PlainState, str]] = {
    "published": "1",
    "pending": "0",
    "rejected": "trash",
    "spam": "spam",
    "withdrawn": "trash",
}
_PRE: Final = re.compile(r"(<pre>.*?</pre>)", re.DOTALL)
_HEAD: Final = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"
  xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/"
  xmlns:content="http://purl.org/rss/1.0/modules/content/"
  xmlns:dc="http://purl.org/dc/elements/1.1/"
  xmlns:wp="http://wordpress.org/export/1.2/"
  xmlns:dsq="http://www.disqus.com/">
<channel>
"""
_END: Final = "</channel>\n</rss>\n"


class WxrWriter:
    """Writer of WXR."""

    def __init__(self) -> None:
        self.written: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()
        self._origins: set[str] = set()
        self._zone: tzinfo = UTC

    def begin(self, site: ExportedSite) -> bytes:
        """The head of the channel."""
        self._zone = zone_of(site.timezone)
        first = site.origins[0] if site.origins else ""
        parts = [
            _HEAD,
            element("title", escape(site.name, quote=False)),
            element("link", first),
            element("pubDate", mail_date(site.made)),
            element("wp:wxr_version", "1.2"),
            element("wp:base_site_url", first),
            *map(self._origin, site.origins),
        ]
        return "".join(parts).encode()

    async def discussion(self, discussion: ExportedDiscussion) -> AsyncIterator[bytes]:
        """An item with its comments."""
        thread = discussion.state
        found = list(plain_comments(thread))
        self.left_out["comments without a text"] += len(thread.rows) - len(found)
        if not found:  # WordPress would make an empty article of it
            self.left_out["discussions without a comment"] += 1
            return
        self.written["discussions"] += 1
        self.written["comments"] += len(found)
        if normalised(thread.url) is not None:
            yield self._origin("/".join(thread.url.split("/", 3)[:3])).encode()
        yield _begun(thread, self._zone).encode()
        for comment in found:
            yield _comment(comment, thread.id, self._zone).encode()
        yield b"</item>\n"

    def members(self, facts: AsyncIterator[Fact]) -> None:
        """Nothing: WordPress has no place for facts about members."""

    def end(self) -> bytes:
        """The end of the channel."""
        return _END.encode()

    def _origin(self, origin: str) -> str:
        """An origin of the publication, the first time."""
        if origin in self._origins:
            return ""
        self._origins.add(origin)
        return element("wp:base_blog_url", origin)


def _begun(thread: ThreadState, zone: tzinfo) -> str:
    assert thread.opened is not None
    at = thread.opened.ms if thread.opened_at is None else thread.opened_at
    return "".join(
        (
            "<item>\n",
            element("title", escape(thread.title, quote=False)),
            f"<link>{escape(allowed(thread.url), quote=False)}</link>\n",
            element("pubDate", mail_date(at)),
            f"<content:encoded>{cdata(_questions(thread))}</content:encoded>\n",
            element("dsq:thread_identifier", thread.id),
            element("wp:post_id", thread_number(_ARTICLE, thread.id)),
            element("wp:post_date", seconds(at, zone)),
            element("wp:post_date_gmt", seconds(at)),
            element("wp:comment_status", "open" if thread.status == "open" else "closed"),
            element("wp:ping_status", "closed"),
            element("wp:post_name", thread.id),
            element("wp:status", "publish"),
            element("wp:post_parent", 0),
            element("wp:menu_order", 0),
            element("wp:post_type", "post"),
            element("wp:post_password", ""),
            element("wp:is_sticky", 0),
        )
    )


def _questions(thread: ThreadState) -> str:
    """The inline questions of an article, as wpDiscuz has them in its text."""
    return "\n".join(
        f'[wpdiscuz-feedback id="{_in_code(name)}" question="{_in_code(anchor.prompt or "")}" opened="0"]'
        f"{_in_code(anchor.exact or '')}[/wpdiscuz-feedback]"
        for name, anchor in thread.anchors.items()
    )


def _in_code(text: str) -> str:
    return escape(text).replace("[", "&#91;").replace("]", "&#93;")


def _comment(found: PlainComment, thread: str, zone: tzinfo) -> str:
    comment = found.comment
    author = comment.author
    is_registered = author.kind != "guest"
    user = author.id.removeprefix("wp:")
    parent = 0 if found.parent is None else comment_number(_SYSTEM, found.parent, thread)
    parts = [
        "<wp:comment>\n",
        element("wp:comment_id", comment_number(_SYSTEM, comment, thread)),
        element("wp:comment_author", escape(found.name, quote=False)),
        element("wp:comment_author_email", ""),
        element("wp:comment_author_url", ""),
        element("wp:comment_author_IP", ""),
        element("wp:comment_date", seconds(comment.posted_at, zone)),
        element("wp:comment_date_gmt", seconds(comment.posted_at)),
        element("wp:comment_content", html_of(found.body)),
        element("wp:comment_approved", _APPROVED[found.state]),
        element("wp:comment_type", "comment"),
        element("wp:comment_parent", parent),
        element("wp:comment_user_id", int(user) if user.isascii() and user.isdecimal() and user != author.id else 0),
    ]
    if is_registered:
        parts.append(f"<dsq:remote>\n{element('dsq:id', author.id)}</dsq:remote>\n")
    parts += [_meta(key, value) for key, value in _metas(found)]
    parts.append("</wp:comment>\n")
    return "".join(parts)


def _metas(found: PlainComment) -> list[tuple[str, str]]:
    comment = found.comment
    up, down = comment.up, comment.down
    metas = [("hansard_id", found.id)]
    if up or down:
        metas.append(("wpdiscuz_votes", str(up - down)))
        metas.append(("wpdiscuz_votes_seperate", f'a:2:{{s:4:"like";i:{up};s:7:"dislike";i:{down};}}'))
    if found.edited is not None:
        metas.append(("wpdiscuz_last_edited_at", seconds(found.edited)))
    if comment.anchor is not None:
        metas.append(("wpdiscuz_feedback_form_id", comment.anchor))
    return metas


def _meta(key: str, value: str) -> str:
    return f"<wp:commentmeta>\n{element('wp:meta_key', key)}{element('wp:meta_value', value)}</wp:commentmeta>\n"


def html_of(body: str) -> str:
    """The HTML of a body in which, as in WordPress, a newline outside `pre` is a break."""
    if plain.html_or_none(body) is not None:
        return escape(body, quote=False)
    parts = _PRE.split(render(body))
    for at in range(0, len(parts), 2):
        parts[at] = parts[at].replace("<br>\n", "<br>")
    return "".join(parts).strip()
