"""A public page as the writers of HTML read it: the fields of rows that readers see, decoded from the page's JSON.

`pinned`, `gone`, `featured` of the thread and `status_at` have defaults: a view that was made before these fields were
there has rows without them.
"""

from typing import Final

import msgspec
from msgspec import Struct

from projections.views.rows import Author, Edited, InReplyTo, Votes


class FragmentReplies(Struct, frozen=True, gc=False):
    """Direct replies of a row: the number that the page shows, and as many of them as were asked for."""

    count: int
    comments: "list[FragmentRow]"
    next: str | None


class FragmentRow(Struct, frozen=True, gc=False):
    """A row of a public page. A tombstone has no author and no text."""

    id: str
    status: str
    posted_at: str
    replies: FragmentReplies
    parent: str | None = None
    anchor: str | None = None
    revision: int | None = None
    author: Author | None = None
    body: str | None = None
    html: str | None = None
    edited: Edited | None = None
    in_reply_to: InReplyTo | None = None
    featured: bool | None = None
    pinned: bool | None = None
    votes: Votes | None = None
    gone: str | None = None


class FragmentThread(Struct, frozen=True, gc=False):
    """The thread of a page."""

    id: str
    site: str
    url: str
    title: str | None
    status: str
    comments: int
    position: str
    featured: int = 0
    status_at: str | None = None


class FragmentPage(Struct, frozen=True, gc=False):
    """A page of a thread."""

    thread: FragmentThread
    sort: str
    comments: list[FragmentRow]
    next: str | None


decode: Final = msgspec.json.Decoder(FragmentPage).decode
"""Decode the JSON of a page."""
