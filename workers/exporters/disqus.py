"""The XML export of Disqus, which most comment systems import. It has no votes, no edits and no state of waiting.

A thread comes before its posts. Comments that readers do not see have no text here, as importers differ in what they
read of them; they are there only to hold what was said under them.
"""

from collections import Counter
from collections.abc import AsyncIterator
from html import escape
from typing import Final

from core.domain.import_fact import Fact
from core.text.render import render
from core.times import rfc3339
from projections.thread.state import ThreadState
from workers.exporters.export_writer import ExportedSite
from workers.exporters.plain_comment import PlainComment, comment_number, plain_comments, thread_number
from workers.exporters.source import ExportedDiscussion
from workers.exporters.xml import allowed, element

_SYSTEM: Final = "dsq-"
_HEAD: Final = """<?xml version="1.0" encoding="utf-8"?>
<disqus xmlns="http://disqus.com" xmlns:dsq="http://disqus.com/disqus-internals">
"""


class DisqusWriter:
    """Writer of the XML of Disqus."""

    def __init__(self) -> None:
        self.written: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()

    def begin(self, site: ExportedSite) -> bytes:
        """The head, and the one category."""
        parts = ('<category dsq:id="1">\n', element("forum", site.id), element("title", "General"), "</category>\n")
        return (_HEAD + "".join(parts)).encode()

    async def discussion(self, discussion: ExportedDiscussion) -> AsyncIterator[bytes]:
        """A thread and its posts."""
        thread = discussion.state
        number = thread_number(_SYSTEM, thread.id)
        found = list(plain_comments(thread))
        answered = _answered(found)
        self.left_out["comments without a text"] += len(thread.rows) - len(found)
        if any(comment.state == "published" for comment in found):
            self.written["discussions"] += 1
            yield _thread(thread, number).encode()
        else:
            self.left_out["discussions without a comment"] += 1
        for comment in found:
            if comment.state == "published" or comment.id in answered:
                self.written["comments"] += 1
                yield _post(comment, thread.id, number).encode()
            else:
                self.left_out[f"{comment.state} comments"] += 1

    def members(self, facts: AsyncIterator[Fact]) -> None:
        """Nothing: Disqus has no place for facts about members."""

    def end(self) -> bytes:
        """The end of the document."""
        return b"</disqus>\n"


def _answered(found: list[PlainComment]) -> set[str]:
    """The comments with a published one somewhere below them."""
    parents = {comment.id: None if comment.parent is None else comment.parent.id for comment in found}
    above: set[str] = set()
    for comment in found:
        at = parents[comment.id] if comment.state == "published" else None
        while at is not None and at not in above:
            above.add(at)
            at = parents[at]
    return above


def _thread(thread: ThreadState, number: int) -> str:
    assert thread.opened is not None
    at = thread.opened.ms if thread.opened_at is None else thread.opened_at
    return "".join(
        (
            f'<thread dsq:id="{number}">\n',
            element("id", thread.id),
            '<category dsq:id="1"/>\n',
            f"<link>{escape(allowed(thread.url), quote=False)}</link>\n",
            element("title", escape(thread.title, quote=False)),
            "<message/>\n",
            element("createdAt", _time(at)),
            element("isClosed", str(thread.status != "open").lower()),
            "<isDeleted>false</isDeleted>\n</thread>\n",
        )
    )


def _post(found: PlainComment, thread: str, number: int) -> str:
    comment = found.comment
    author = comment.author
    is_shown = found.state == "published"
    is_guest = author.kind == "guest"
    parts = [
        f'<post dsq:id="{comment_number(_SYSTEM, comment, thread)}">\n',
        element("id", ""),
        element("message", render(found.body).strip() if is_shown else ""),
        element("createdAt", _time(comment.posted_at)),
        f"<isDeleted>{str(not is_shown).lower()}</isDeleted>\n",
        "<isSpam>false</isSpam>\n",
        "<author>\n",
        element("name", escape(found.name, quote=False) if is_shown else ""),
        element("isAnonymous", str(is_guest or not is_shown).lower()),
        "" if is_guest or not is_shown else element("username", author.id),
        f'</author>\n<thread dsq:id="{number}"/>\n',
    ]
    if found.parent is not None:
        parts.append(f'<parent dsq:id="{comment_number(_SYSTEM, found.parent, thread)}"/>\n')
    parts.append("</post>\n")
    return "".join(parts)


def _time(ms: int) -> str:
    return f"{rfc3339(ms)[:19]}Z"
