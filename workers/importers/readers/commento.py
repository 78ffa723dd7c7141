"""Commento (version 1) and Comentario (version 3): their exports, one JSON document each."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from workers.importers.readers.input_file import opened
from workers.importers.readers.json_lines import elements
from workers.importers.readers.written_times import utc
from workers.importers.source_records import (
    LeftOut,
    Record,
    SourceArticle,
    SourceComment,
    SourcePerson,
    SourceProfile,
    SourceText,
    State,
    UnfitFile,
)

_VERSIONS: Final = (1, 3)
_NOBODY: Final = frozenset(("", "anonymous", "00000000-0000-0000-0000-000000000000"))
_STATES: Final[dict[str, State]] = {"approved": "published", "unapproved": "pending", "flagged": "pending"}


class HexComment(Struct, rename="camel"):
    """A comment of version 1."""

    comment_hex: str
    commenter_hex: str = ""
    markdown: str = ""
    parent_hex: str = "root"
    score: int = 0
    state: str = ""
    creation_date: str = ""
    deleted: bool = False
    host: str = ""
    path: str = ""
    domain: str = ""
    url: str = ""


class HexCommenter(Struct, rename="camel"):
    """A commenter of version 1."""

    commenter_hex: str
    name: str = ""
    email: str = ""


class UuidComment(Struct, rename="camel"):
    """A comment of version 3."""

    id: str
    page_id: str
    markdown: str = ""
    parent_id: str | None = None
    score: int = 0
    created_time: str = ""
    edited_time: str = ""
    is_approved: bool = False
    is_pending: bool = False
    is_deleted: bool = False
    is_sticky: bool = False
    user_created: str | None = None
    author_name: str = ""
    url: str = ""


class UuidPage(Struct, rename="camel"):
    """A page of version 3."""

    id: str
    path: str = ""
    title: str = ""
    created_time: str = ""
    is_readonly: bool = False


class UuidCommenter(Struct, rename="camel"):
    """A commenter of version 3."""

    id: str
    name: str = ""
    email: str = ""


def read(files: Sequence[Path]) -> Iterator[Record]:
    """Yield the records of exports. Raises UnfitFile."""
    for path in files:
        version = _version(path)
        with opened(path) as file:
            for number, (name, element) in enumerate(elements(file), 1):
                try:
                    yield from _hex(name, element) if version == 1 else _uuid(name, element)
                except msgspec.ValidationError as error:
                    where = f"{path.name}, element {number}: {error}"[:200]
                    yield LeftOut(what=name, why="unreadable", where=where)


def _version(path: Path) -> int:
    """The version of an export, wherever in the document it stands. Raises UnfitFile."""
    with opened(path) as file:
        for name, element in elements(file):
            if name == "version":
                if element not in _VERSIONS:
                    raise UnfitFile(path.name, f"it is an export of version {element!r:.20}, and 1 and 3 are known")
                return int(element)
    raise UnfitFile(path.name, "it has no version, which every export of Commento and Comentario has")


def _hex(name: str, element: Any) -> Iterator[Record]:
    if name == "commenters":
        who = msgspec.convert(element, HexCommenter)
        yield SourceProfile(id=who.commenter_hex, person=_person(who.commenter_hex, who.name, who.email))
    elif name == "comments":
        one = msgspec.convert(element, HexComment)
        address = f"https://{one.host or one.domain}{one.path or one.url or '/'}"
        yield SourceArticle(key=address, url=address)
        at = utc(one.creation_date)
        state: State = "deleted" if one.deleted else _STATES.get(one.state, "excluded")
        yield SourceComment(
            id=one.comment_hex,
            article=address,
            at=at,
            parents=() if one.parent_hex in ("root", "") else (one.parent_hex,),
            person=None if one.commenter_hex in _NOBODY else one.commenter_hex,
            markup="markdown",
            texts=() if one.deleted else (SourceText(one.markdown, at),),
            state=state,
            why="unknown-state" if state == "excluded" else None,
            score=one.score,
        )


def _uuid(name: str, element: Any) -> Iterator[Record]:
    if name == "commenters":
        who = msgspec.convert(element, UuidCommenter)
        yield SourceProfile(id=who.id, person=_person(who.id, who.name, who.email))
    elif name == "pages":
        page = msgspec.convert(element, UuidPage)
        at = utc(page.created_time)
        yield SourceArticle(key=page.id, url=page.path or "/", title=page.title or None, at=at, closed=page.is_readonly)
    elif name == "comments":
        yield from _uuid_comment(msgspec.convert(element, UuidComment))


def _uuid_comment(one: UuidComment) -> Iterator[Record]:
    at, edited = utc(one.created_time), utc(one.edited_time)
    state: State = "rejected"
    if one.is_deleted:
        state = "deleted"
    elif one.is_pending:
        state = "pending"
    elif one.is_approved:
        state = "published"
    parts = urlsplit(one.url)
    if parts.netloc:
        # Pages have no host; the address of a comment has one.
        yield SourceArticle(key=one.page_id, url=parts._replace(fragment="").geturl())
    is_edited = at is not None and edited is not None and edited > at
    body = one.markdown
    texts = (SourceText(None, at), SourceText(body, edited)) if is_edited else (SourceText(body, at),)
    who = one.user_created or ""
    yield SourceComment(
        id=one.id,
        article=one.page_id,
        at=at,
        parents=(one.parent_id,) if one.parent_id else (),
        person=SourcePerson(name=one.author_name) if who in _NOBODY else who,
        markup="markdown",
        texts=() if one.is_deleted else texts,
        state=state,
        score=one.score,
        pinned=one.is_sticky,
    )


def _person(number: str, name: str, email: str) -> SourcePerson:
    address = email if "@" in email else None
    return SourcePerson(fields={} if number in _NOBODY else {"id": number}, name=name, email=address)
