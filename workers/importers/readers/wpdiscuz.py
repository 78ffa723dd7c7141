"""Votes and inline questions, as wpDiscuz keeps them in the comments and articles of WordPress."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Final

from workers.importers.source_records import SourceAnchor

META: Final = frozenset(
    (
        "wpdiscuz_votes",
        "wpdiscuz_votes_seperate",
        "wpdiscuz_last_edited_at",
        "wpdiscuz_last_edited_by",
        "wpdiscuz_feedback_form_id",
        "dsq_post_id",
    )
)
"""Fields of comments that are read, with that of the plugin of Disqus."""
_SEPARATE: Final = re.compile(r's:\d+:"(like|dislike)";(?:i:(-?\d{1,9});|s:\d+:"(-?\d{1,9})";)')
_FORM: Final = re.compile(r"\[wpdiscuz-feedback\s([^\]]*)\](.*?)\[/wpdiscuz-feedback\]", re.DOTALL)
_ATTRIBUTE: Final = re.compile(r"""(\w+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_TAG: Final = re.compile(r"<[^>]*>")


def separate_votes(value: str) -> tuple[int, int] | None:
    """Votes for and against, from the value that PHP serialized; None if it has neither."""
    found = {kind: abs(int(number or text)) for kind, number, text in _SEPARATE.findall(value)}
    return (found.get("like", 0), found.get("dislike", 0)) if found else None


def anchors(article: str, body: str) -> Iterator[SourceAnchor]:
    """Yield the inline questions in the text of an article."""
    if "[wpdiscuz-feedback" not in body:
        return
    for form in _FORM.finditer(body):
        named = {name: unescape(double or single) for name, double, single in _ATTRIBUTE.findall(form[1])}
        if named.get("id"):
            prompt = named.get("question") or None
            yield SourceAnchor(article=article, anchor=named["id"], exact=passage(form[2]), prompt=prompt)


def passage(html: str) -> str:
    """The text of a passage that a question is about."""
    return " ".join(unescape(_TAG.sub("", html)).split())
