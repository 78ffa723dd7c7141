"""Tables of WordPress and wpDiscuz as JSON lines: what its export does not have.

`wordpress_tables.sql` has the queries that write them. They read no network addresses, no keys and no passwords, and of
votes those of registered readers alone: those of guests are hashes of their addresses.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from workers.importers.readers.input_file import begins, opened
from workers.importers.readers.json_lines import lines
from workers.importers.readers.wordpress_comment import comment_of
from workers.importers.readers.wpdiscuz import META, passage
from workers.importers.readers.written_times import of_seconds
from workers.importers.source_records import (
    LeftOut,
    Record,
    SourceAnchor,
    SourcePerson,
    SourceSubscription,
    SourceVote,
)

_Text = str | int | None


class VoteRow(Struct, tag_field="kind", tag="vote"):
    """A vote of a registered reader."""

    comment: int | str
    user: int | str
    value: int
    date: int = 0


class FormRow(Struct, tag_field="kind", tag="form"):
    """An inline question."""

    id: int | str
    post: int | str
    unique_id: str
    question: str | None = None
    content: str | None = None


class SubscriptionRow(Struct, tag_field="kind", tag="subscription"):
    """A reader who follows an article or a comment."""

    email: str
    post: int | str
    type: str
    comment: int | str = 0
    confirm: int = 0
    at: float | None = None


class CommentRow(Struct, tag_field="kind", tag="comment"):
    """A comment, by the names of the export's fields."""

    comment_id: int | str
    post: int | str
    comment_author: _Text = None
    comment_author_email: _Text = None
    comment_date: _Text = None
    comment_date_gmt: _Text = None
    comment_content: _Text = None
    comment_approved: _Text = None
    comment_type: _Text = None
    comment_parent: _Text = None
    comment_user_id: _Text = None
    meta: dict[str, _Text] | None = None


_decode: Final = msgspec.json.Decoder(VoteRow | FormRow | SubscriptionRow | CommentRow).decode


def queries() -> str:
    """The queries that write the tables."""
    return Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")


def is_tables(path: Path) -> bool:
    """True if a file has JSON lines, as the queries write them, and no XML."""
    return begins(path).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")


def read_tables(path: Path, *, subscriptions: bool = False) -> Iterator[Record]:
    """Yield the records of tables. Raises UnfitFile."""
    with opened(path) as file:
        for number, line in lines(file):
            try:
                row = _decode(line)
            except (msgspec.DecodeError, RecursionError):
                yield LeftOut(what="lines of tables", why="unreadable", where=f"{path.name}, line {number}")
                continue
            yield _record(row, subscriptions=subscriptions)


def _record(row: VoteRow | FormRow | SubscriptionRow | CommentRow, *, subscriptions: bool) -> Record:
    if isinstance(row, SubscriptionRow):
        return _subscription(row, wanted=subscriptions)
    if isinstance(row, VoteRow):
        person = SourcePerson(fields={"id": str(row.user)})
        # wpDiscuz counts these seconds from 1970 in local time.
        return SourceVote(comment=str(row.comment), person=person, value=row.value, local=of_seconds(row.date))
    if isinstance(row, FormRow):
        return SourceAnchor(
            article=str(row.post),
            anchor=row.unique_id,
            exact=passage(row.content or ""),
            prompt=row.question or None,
            number=str(row.id),
        )
    fields = {name: str(value).strip() for name in row.__struct_fields__ if (value := getattr(row, name)) is not None}
    user = fields.get("comment_user_id", "0")
    person = SourcePerson(
        fields={"id": user} if user.isdecimal() and int(user) else {},
        name=fields.get("comment_author"),
        email=fields.get("comment_author_email") or None,
    )
    meta = {name: str(value) for name, value in (row.meta or {}).items() if name in META and value is not None}
    return comment_of(str(row.post), fields, meta, person)


def _subscription(row: SubscriptionRow, *, wanted: bool) -> Record:
    if not wanted or not row.confirm:
        return LeftOut(what="subscriptions", why="unconfirmed" if wanted else "not-asked-for")
    return SourceSubscription(
        article=str(row.post),
        address=row.email,
        comment=str(row.comment) if row.type == "comment" else None,
        at=of_seconds(row.at),
    )
