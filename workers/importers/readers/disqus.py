"""Disqus: its XML export. It has no votes and no edits, and the texts of deleted comments, which are not read."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from workers.importers.readers.input_file import opened
from workers.importers.readers.written_times import utc
from workers.importers.readers.xml_file import elements, local, text
from workers.importers.source_records import Record, SourceArticle, SourceComment, SourcePerson, SourceText, State

_ID: Final = re.compile(r"\{https?://(?:www\.)?disqus\.com/disqus-internals\}id")
_WORDPRESS: Final = re.compile(r"wp_id=(\d{1,20})")
_TRUTH: Final = {"true": True, "false": False, "": False}


def read(files: Sequence[Path]) -> Iterator[Record]:
    """Yield the records of exports. Raises UnfitFile."""
    for path in files:
        with opened(path) as file:
            for element in elements(file, ("{*}thread", "{*}post"), root="disqus", within=("disqus",)):
                yield _article(element) if local(element.tag) == "thread" else _comment(element)


def _article(thread: Any) -> SourceArticle:
    fields = _fields(thread)
    deleted = _TRUTH.get(fields.get("isDeleted", ""))
    return SourceArticle(
        key=_id(thread),
        url=fields.get("link") or None,
        title=fields.get("title"),
        fields={"id": fields["id"]} if fields.get("id") else {},
        at=utc(fields.get("createdAt")),
        closed=fields.get("isClosed") == "true",
        excluded=None if deleted is False else "deleted-article",
    )


def _comment(post: Any) -> SourceComment:
    fields = _fields(post)
    at = utc(fields.get("createdAt"))
    deleted, spam = (_TRUTH.get(fields.get(name, "").lower()) for name in ("isDeleted", "isSpam"))
    state: State = "published"
    if deleted is None or spam is None:
        state = "excluded"
    elif deleted:
        state = "deleted"
    elif spam:
        state = "spam"
    named = {local(child.tag): child for child in post.iterchildren("*")}
    known = _WORDPRESS.fullmatch(fields.get("id", ""))
    return SourceComment(
        id=_id(post) or _made_id(fields, named),
        article=_id(named.get("thread")),
        at=at,
        parents=(parent,) if (parent := _id(named.get("parent"))) else (),
        person=_person(named.get("author")),
        texts=(SourceText(None if deleted else fields.get("message", ""), at),),
        state=state,
        why="unknown-state" if state == "excluded" else None,
        known_as=None if known is None else f"wp-{known[1]}",
    )


def _person(author: Any) -> SourcePerson:
    fields = {} if author is None else _fields(author)
    username = fields.get("username", "")
    is_registered = bool(username) and "@" not in username and fields.get("isAnonymous") != "true"
    return SourcePerson(
        fields={"username": username} if is_registered else {},
        name=fields.get("name"),
        email=fields.get("email") or None,
    )


def _made_id(fields: dict[str, str], named: dict[str, Any]) -> str:
    """An id for a comment that has none: the same in every export."""
    author = named.get("author")
    name = "" if author is None else _fields(author).get("name", "")
    what = "\0".join((_id(named.get("thread")), fields.get("createdAt", ""), name, fields.get("message", "")))
    return f"x{hashlib.blake2b(what.encode(), digest_size=8).hexdigest()}"


def _fields(element: Any) -> dict[str, str]:
    return {name: text(child).strip() for child in element.iterchildren("*") if (name := local(child.tag)) in _READ}


_READ: Final = frozenset(
    (
        *("id", "link", "title", "createdAt", "isClosed", "isDeleted", "isSpam", "message"),
        *("name", "email", "username", "isAnonymous"),
    )
)
"""The elements that are read."""


def _id(element: Any) -> str:
    """The id that Disqus gave an element; "" if it has none."""
    if element is None:
        return ""
    return next((str(value).strip() for name, value in element.attrib.items() if _ID.fullmatch(name)), "")
