"""Remark42: its backup, JSON lines with the facts about users and posts in the first one.

Votes are ballots by the ids of users, without times. Network addresses are not read.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from workers.importers.readers.input_file import opened
from workers.importers.readers.json_lines import lines
from workers.importers.readers.written_times import utc
from workers.importers.source_records import (
    LeftOut,
    Record,
    SourceArticle,
    SourceComment,
    SourcePerson,
    SourceSuspension,
    SourceText,
    SourceVote,
    UnfitFile,
)

_VERSION: Final = 1


class BlockedUntil(Struct):
    """The state of a block of a user, and its end."""

    status: bool = False
    until: str = ""


class BackupUser(Struct):
    """A user in the first line."""

    id: str
    blocked: BlockedUntil = msgspec.field(default_factory=BlockedUntil)


class BackupPost(Struct):
    """An article in the first line."""

    url: str
    read_only: bool = False


class BackupHead(Struct):
    """The first line."""

    version: int
    users: list[BackupUser] = []
    posts: list[BackupPost] = []


class BackupAuthor(Struct):
    """The author of a comment."""

    id: str = ""
    name: str = ""


class BackupLocator(Struct):
    """The article of a comment."""

    url: str


class BackupEdit(Struct):
    """The last edit."""

    time: str = ""


class BackupComment(Struct):
    """A comment. `orig` is its Markdown, `text` the HTML of that."""

    id: str
    locator: BackupLocator
    time: str = ""
    pid: str = ""
    orig: str = ""
    text: str = ""
    user: BackupAuthor = msgspec.field(default_factory=BackupAuthor)
    score: int = 0
    votes: dict[str, bool] | None = None
    edit: BackupEdit | None = None
    pin: bool = False
    delete: bool = False
    title: str = ""


_head: Final = msgspec.json.Decoder(BackupHead).decode
_comment: Final = msgspec.json.Decoder(BackupComment).decode


def read(files: Sequence[Path]) -> Iterator[Record]:
    """Yield the records of backups. Raises UnfitFile."""
    for path in files:
        with opened(path) as file:
            found = lines(file)
            number, line = next(found, (0, b""))
            closed = _closed(path.name, line)
            yield from closed.suspensions
            seen: set[str] = set()
            for number, line in found:
                try:
                    comment = _comment(line)
                except (msgspec.DecodeError, RecursionError) as error:
                    yield LeftOut(what="comments", why="unreadable", where=f"{path.name}, line {number}: {error}"[:200])
                    continue
                url = comment.locator.url
                if url not in seen:
                    seen.add(url)
                    is_closed = url in closed.urls
                    yield SourceArticle(key=url, url=url, title=comment.title or None, closed=is_closed)
                yield from _records(comment)


class ClosedArticles(Struct):
    """The facts of the first line: addresses of read-only articles, and blocked users."""

    urls: frozenset[str]
    suspensions: list[SourceSuspension]


def _closed(name: str, line: bytes) -> ClosedArticles:
    try:
        head = _head(line)
    except (msgspec.DecodeError, RecursionError) as error:
        raise UnfitFile(name, f"it does not begin as a backup of Remark42 does: {error}", place="line 1") from error
    if head.version != _VERSION:
        raise UnfitFile(name, f"it is a backup of version {head.version}, and {_VERSION} is known", place="line 1")
    blocked = [
        SourceSuspension(person=SourcePerson(fields={"id": user.id}), at=0, until=utc(user.blocked.until))
        for user in head.users
        if user.blocked.status
    ]
    return ClosedArticles(frozenset(post.url for post in head.posts if post.read_only), blocked)


def _records(comment: BackupComment) -> Iterator[Record]:
    at = utc(comment.time)
    edited = None if comment.edit is None else utc(comment.edit.time)
    body = comment.orig or comment.text
    is_edited = at is not None and edited is not None and edited > at
    votes = comment.votes or {}
    is_told = bool(votes) and sum(1 if up else -1 for up in votes.values()) == comment.score
    texts = (SourceText(None, at), SourceText(body, edited)) if is_edited else (SourceText(body, at),)
    author = comment.user
    yield SourceComment(
        id=comment.id,
        article=comment.locator.url,
        at=at,
        parents=(comment.pid,) if comment.pid else (),
        person=SourcePerson(fields={"id": author.id} if author.id else {}, name=author.name),
        markup="markdown" if comment.orig else "html",
        texts=() if comment.delete else texts,
        state="deleted" if comment.delete else "published",
        score=None if comment.delete or is_told else comment.score,
        pinned=comment.pin,
    )
    for voter, up in votes.items():
        yield SourceVote(comment=comment.id, person=SourcePerson(fields={"id": voter}), value=1 if up else -1)
