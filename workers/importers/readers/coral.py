"""Coral: a dump of its database, as BSON (`mongodump`) or as extended JSON (`mongoexport`), one file per collection.

A dump has all tenants and sites; what belongs to others is counted, and goes no further. Old stories lie in collections
of their own, `archivedComments` and its companions: without them, years would be missing and the sums would be right
all the same, so that a dump with an archived story and no archive is unfit.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from workers.importers.readers.input_file import InputFile, opened
from workers.importers.readers.json_lines import elements, lines
from workers.importers.readers.written_times import of_seconds, utc
from workers.importers.source_records import (
    LeftOut,
    Record,
    SourceArticle,
    SourceComment,
    SourceDecision,
    SourceMute,
    SourcePerson,
    SourceProfile,
    SourceReport,
    SourceSuspension,
    SourceText,
    SourceVote,
    State,
    UnfitFile,
)

LARGEST: Final = 16 * 1024 * 1024 + 16 * 1024
"""Most bytes of a document: MongoDB allows no more."""
_NEEDED: Final = ("stories", "users", "comments")
_ARCHIVES: Final = {
    "archivedcomments": "comments",
    "archivedcommentactions": "commentactions",
    "archivedcommentmoderationactions": "commentmoderationactions",
}
_STATES: Final[dict[str, State]] = {
    "NONE": "published",
    "APPROVED": "published",
    "REJECTED": "rejected",
    "PREMOD": "pending",
    "SYSTEM_WITHHELD": "pending",
}
_VERDICTS: Final[dict[str, Literal["approve", "hold", "reject"]]] = {
    "APPROVED": "approve",
    "REJECTED": "reject",
    "PREMOD": "hold",
    "SYSTEM_WITHHELD": "hold",
}
_WAITED: Final = frozenset(("PREMOD", "SYSTEM_WITHHELD"))
_SLUG: Final = re.compile(r"[^a-z0-9]+")

Document = dict[str, Any]


def read(files: Sequence[Path], *, tenant: str | None = None, sites: Sequence[str] = ()) -> Iterator[Record]:
    """Yield the records of a dump. Raises UnfitFile."""
    found = _collections(files)
    chosen = _Chosen(tenant, frozenset(sites))
    archived = False
    for path in found["stories"]:
        for number, document in documents(path):
            if chosen.has(document):
                archived = archived or document.get("isArchived") is True or document.get("isArchiving") is True
                yield from _read(_story, "stories", path, number, document)
            elif document.get("url"):
                yield LeftOut(what="articles", why="other-tenant")
    chosen.require_one(found["stories"][0].name)
    if archived and not found["archives"]:
        raise UnfitFile(
            found["stories"][0].name,
            "stories are archived, and the archive is missing: give archivedComments, archivedCommentActions and "
            "archivedCommentModerationActions too",
        )
    readers: tuple[tuple[str, str, Callable[[Document], Iterator[Record]]], ...] = (
        ("users", "people", _user),
        ("comments", "comments", _comment),
        ("commentactions", "reactions and reports", _action),
        ("commentmoderationactions", "decisions", _decision),
    )
    for collection, what, reader in readers:
        for path in found[collection]:
            for number, document in documents(path):
                if chosen.has(document):
                    yield from _read(reader, what, path, number, document)
                else:
                    yield LeftOut(what=what, why="other-tenant")


class _Chosen:
    """The tenant and the sites that are read. Of several tenants, one has to be named."""

    def __init__(self, tenant: str | None, sites: frozenset[str]) -> None:
        self._tenant = tenant
        self._sites = sites
        self._seen: Counter[str] = Counter()

    def has(self, document: Document) -> bool:
        """True if a document is of the tenant and of one of the sites."""
        tenant = str(document.get("tenantID"))
        self._seen[tenant] += len(self._seen) < 100 or tenant in self._seen  # noqa: PLR2004 - enough to name some
        if self._tenant is not None and tenant != self._tenant:
            return False
        site = document.get("siteID")
        return not self._sites or site is None or site in self._sites

    def require_one(self, name: str) -> None:
        """Require that a tenant was named where the dump has several. Raises UnfitFile."""
        if self._tenant is None and len(self._seen) > 1:
            told = ", ".join(f"{tenant} ({number} stories)" for tenant, number in self._seen.most_common(8))
            raise UnfitFile(name, f"it has several tenants: {told}; name one with --tenant")
        if self._tenant is not None and self._tenant not in self._seen:
            raise UnfitFile(name, f"it has no tenant {self._tenant!r}")


def _collections(files: Sequence[Path]) -> dict[str, list[Path]]:
    """The files by collection, archives beside what they archive. Raises UnfitFile."""
    found: dict[str, list[Path]] = {
        "stories": [],
        "archives": [],
        **{name: [] for name in _ARCHIVES.values()},
        "users": [],
    }
    for path in files:
        if path.name.endswith((".metadata.json", ".metadata.json.gz")):
            continue
        name = path.name.partition(".")[0].lower()
        if name in _ARCHIVES:
            found["archives"].append(path)
            found[_ARCHIVES[name]].append(path)
        elif name in found:
            found[name].append(path)
    missing = [name for name in _NEEDED if not found[name]]
    if missing:
        raise UnfitFile(
            "the dump", f"it has no {' and no '.join(missing)}: name a file per collection, such as stories.bson"
        )
    return found


def documents(path: Path) -> Iterator[tuple[int, Document]]:
    """Yield the documents of a collection, each with its number. Raises UnfitFile."""
    with opened(path) as file:
        if ".bson" in path.name:
            yield from enumerate(_bson(file), 1)
            return
        head = file.read(1)
        rest = _BegunFile(file, head)
        if head.strip() == b"[":
            yield from ((number, one) for number, (_, one) in enumerate(elements(rest), 1) if isinstance(one, dict))
            return
        for number, line in lines(rest):
            try:
                yield number, msgspec.json.decode(line, type=dict[str, Any])
            except (msgspec.DecodeError, RecursionError) as error:
                raise UnfitFile(path.name, f"it is no document: {error}", place=f"line {number}") from error


class _BegunFile(InputFile):
    """A file of which the first byte has been read."""

    def __init__(self, file: InputFile, head: bytes) -> None:
        self.name = file.name
        self._head = head
        self._rest = file

    def read(self, size: int = 65_536, /) -> bytes:
        """At most `size` bytes; none at the end."""
        head, self._head = self._head, b""
        return head or self._rest.read(size)


def _bson(file: InputFile) -> Iterator[Document]:
    import bson  # noqa: PLC0415 - it comes with the extra `import`
    from bson.codec_options import CodecOptions, DatetimeConversion  # noqa: PLC0415 - as above

    options: Any = CodecOptions(datetime_conversion=DatetimeConversion.DATETIME_MS)
    kept = b""
    number = 0
    while True:
        number += 1
        kept = _filled(file, kept, 4)
        if not kept:
            return
        size = int.from_bytes(kept[:4], "little", signed=True)
        if not 5 <= size <= LARGEST or len(kept) < 4:  # noqa: PLR2004 - an empty document has five bytes
            raise UnfitFile(file.name, "it is no BSON, or damaged", place=f"document {number}")
        kept = _filled(file, kept, size)
        if len(kept) < size:
            raise UnfitFile(file.name, "it is cut off", place=f"document {number}")
        try:
            yield bson.decode(kept[:size], options)
        except Exception as error:  # the library raises errors of several kinds for damaged documents
            raise UnfitFile(file.name, f"it is damaged: {type(error).__name__}", place=f"document {number}") from error
        kept = kept[size:]


def _filled(file: InputFile, kept: bytes, size: int) -> bytes:
    pieces = [kept]
    length = len(kept)
    while length < size and (piece := file.read()):
        pieces.append(piece)
        length += len(piece)
    return b"".join(pieces)


def _read(
    reader: Callable[[Document], Iterator[Record]], what: str, path: Path, number: int, document: Document
) -> Iterator[Record]:
    try:
        yield from [*reader(document)]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        yield LeftOut(what=what, why="unreadable", where=f"{path.name}, document {number}: {type(error).__name__}")


def _story(document: Document) -> Iterator[Record]:
    metadata = document.get("metadata") or {}
    closed = _time(document.get("closedAt"))
    yield SourceArticle(
        key=str(document["id"]),
        url=_text(document.get("url")),
        title=_text(metadata.get("title")),
        fields={"id": str(document["id"])},
        at=_time(document.get("createdAt")),
        closed=closed is not None,
        closed_at=closed,
    )


def _user(document: Document) -> Iterator[Record]:
    number = str(document["id"])
    username = _text(document.get("username")) or ""
    badges = tuple(one for one in document.get("badges") or () if isinstance(one, str))
    fields = {"id": number} | ({"username": username} if username and "@" not in username else {})
    person = SourcePerson(fields=fields, name=username, badges=badges)
    yield SourceProfile(id=number, person=person)
    status = document.get("status") or {}
    ban, suspension = status.get("ban") or {}, status.get("suspension") or {}
    if ban.get("active"):
        last: Document = next((one for one in reversed(ban.get("history") or ()) if one.get("active")), {})
        yield _suspension(number, last, until=None)
    for one in (suspension.get("history") or ())[-1:]:
        until = _time((one.get("from") or {}).get("finish"))
        if until is not None and not one.get("modifiedAt"):
            yield _suspension(number, one, until=until)
    for ignored in document.get("ignoredUsers") or ():
        yield SourceMute(person=number, muted=str(ignored["id"]), at=_time(ignored.get("createdAt")) or 0)


def _suspension(number: str, entry: Document, *, until: int | None) -> SourceSuspension:
    at = _time((entry.get("from") or {}).get("start")) or _time(entry.get("createdAt")) or 0
    return SourceSuspension(
        person=number, at=at, until=until, by=_text(entry.get("createdBy")), reason=_text(entry.get("message"))
    )


def _comment(document: Document) -> Iterator[Record]:
    status = document.get("status")
    deleted = document.get("deletedAt") is not None
    state: State = "deleted" if deleted else _STATES.get(str(status), "excluded")
    revisions = document.get("revisions") or ()
    featured = next((tag for tag in document.get("tags") or () if tag.get("type") == "FEATURED"), None)
    texts = tuple(
        SourceText(_text(one.get("body")) or "", _time(one.get("createdAt")), _text(one.get("id"))) for one in revisions
    )
    yield SourceComment(
        id=str(document["id"]),
        article=str(document["storyID"]),
        at=_time(document.get("createdAt")),
        parents=(parent,) if (parent := _text(document.get("parentID"))) else (),
        person=_text(document.get("authorID")),
        texts=() if deleted else texts,
        state=state,
        why="unknown-state" if state == "excluded" else None,
        waited=document.get("initialStatus") in _WAITED,
        featured_at=None if featured is None else _time(featured.get("createdAt")) or 0,
        featured_by=None if featured is None else _text(featured.get("createdBy")),
    )


def _action(document: Document) -> Iterator[Record]:
    kind, person = document.get("actionType"), _text(document.get("userID"))
    comment, at = str(document["commentID"]), _time(document.get("createdAt")) or 0
    revision, reason = _text(document.get("commentRevisionID")), _text(document.get("reason")) or "other"
    if kind == "REACTION" and person is not None:
        yield SourceVote(comment=comment, person=person, value=1, at=at, revision=revision)
    elif kind in ("FLAG", "ILLEGAL") and (person is None or reason.startswith("COMMENT_DETECTED")):
        yield LeftOut(what="reports", why="automatic")
    elif kind in ("FLAG", "ILLEGAL") and person is not None:
        slug = "illegal" if kind == "ILLEGAL" else _slug(reason.removeprefix("COMMENT_REPORTED_"))
        note = _text(document.get("additionalDetails")) or None
        yield SourceReport(comment=comment, person=person, at=at, reason=slug, note=note, revision=revision)
    else:
        yield LeftOut(what="disagreements" if kind == "DONT_AGREE" else "other actions", why="no-equal")


def _decision(document: Document) -> Iterator[Record]:
    verdict = _VERDICTS.get(str(document.get("status")))
    if verdict is None:
        yield LeftOut(what="decisions", why="no-equal")
        return
    why = document.get("rejectionReason") or {}
    code = _text(why.get("code"))
    yield SourceDecision(
        comment=str(document["commentID"]),
        at=_time(document.get("createdAt")) or 0,
        verdict=verdict,
        person=_text(document.get("moderatorID")),
        revision=_text(document.get("commentRevisionID")),
        code=_slug(code) if code else None,
        reason=_text(why.get("customReason")) or _text(why.get("detailedExplanation")),
    )


def _time(value: object) -> int | None:
    """A time of BSON or of extended JSON, in milliseconds since 1970."""
    if isinstance(value, dict):
        value = value.get("$date")
        if isinstance(value, dict):
            value = value.get("$numberLong")
            value = int(value) if isinstance(value, str) and value.lstrip("-").isdecimal() else None
        if isinstance(value, int):
            return of_seconds(value / 1000)
    if isinstance(value, str):
        return utc(value)
    if isinstance(value, bool) or value is None:
        return None
    return of_seconds(int(value) / 1000) if hasattr(value, "__int__") else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _slug(words: str) -> str:
    return _SLUG.sub("-", words.lower()).strip("-")[:40] or "other"
