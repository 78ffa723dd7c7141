"""Neutral records: what the reader of any system yields, before anything is decided about it.

A reader yields records in any order; those of one article may lie far apart. Ids are the other system's own. Times are
in milliseconds since 1970. No record has an IP address, a user agent or a password: readers do not read them. An e-mail
address goes no further than `SourcePerson.email`, from which a guest's id is made, and `SourceSubscription`.
"""

from typing import Final, Literal

from msgspec import Struct

Markup = Literal["html", "wordpress", "markdown", "text"]
"""Language of a text. In that of WordPress, newlines are breaks."""

State = Literal["published", "pending", "rejected", "spam", "deleted", "excluded"]
"""State of a comment. A deleted one was taken away, by whom is not known. An excluded one never comes in, for `why`."""


class SourcePerson(Struct, frozen=True, kw_only=True, array_like=True, omit_defaults=True):
    """A person who wrote, voted or decided. `fields` are for member templates; a person without any is a guest."""

    fields: dict[str, str] = {}
    name: str | None = None
    email: str | None = None
    badges: tuple[str, ...] = ()


NOBODY: Final = SourcePerson()


class SourceArticle(Struct, frozen=True, kw_only=True, array_like=True, omit_defaults=True, tag="a"):
    """An article; `key` is the id by which comments name it. `excluded` says why none of it comes in."""

    key: str
    url: str | None = None
    title: str | None = None
    fields: dict[str, str] = {}
    """Fields that a thread template may name: `slug`, `post_id`, `id`."""
    at: int | None = None
    closed: bool = False
    closed_at: int | None = None
    excluded: str | None = None


class SourceAnchor(Struct, frozen=True, kw_only=True, array_like=True, omit_defaults=True, tag="q"):
    """An inline question of an article. `number` is another id by which comments may name it."""

    article: str
    anchor: str
    exact: str = ""
    prompt: str | None = None
    number: str | None = None


class SourceText(Struct, frozen=True, array_like=True, omit_defaults=True):
    """A revision of a comment. `id` is that by which votes and decisions name it; `text` is None if it is unknown."""

    text: str | None
    at: int | None = None
    id: str | None = None


class SourceComment(Struct, frozen=True, kw_only=True, array_like=True, omit_defaults=True, tag="c"):
    """A comment. `parents` are candidates for the comment that it answers, the best one last."""

    id: str
    article: str
    at: int | None = None
    local: int | None = None
    """Time without a known offset, where `at` is None; the offset is that of the file's comments nearest in time."""
    offset: int | None = None
    """Offset of local time in the file at this time, in milliseconds, where both times are known."""
    parents: tuple[str, ...] = ()
    person: SourcePerson | str | None = None
    """The author, or the id of one that another record describes."""
    markup: Markup = "html"
    texts: tuple[SourceText, ...] = ()
    state: State = "published"
    waited: bool = False
    """True if it waited for a moderator at first, whatever its state became."""
    why: str | None = None
    """Reason of an excluded comment, by its code."""
    edited_by: str | None = None
    """Id of the registered person who edited it last, where that may be another than the author."""
    up: int | None = None
    down: int | None = None
    score: int | None = None
    anchor: str | None = None
    pinned: bool = False
    featured_at: int | None = None
    featured_by: SourcePerson | str | None = None
    known_as: str | None = None
    """Id of the same comment in the export of another system, with the prefix of that system."""


class SourceVote(Struct, frozen=True, kw_only=True, array_like=True, omit_defaults=True, tag="v"):
    """The last vote of a registered person on a comment, 1 or -1. `local` as of a comment."""

    comment: str
    person: SourcePerson | str
    value: int
    at: int | None = None
    local: int | None = None
    revision: str | None = None


class SourceReport(Struct, frozen=True, kw_only=True, array_like=True, omit_defaults=True, tag="r"):
    """A report of a comment by a reader."""

    comment: str
    person: SourcePerson | str
    at: int
    reason: str
    note: str | None = None
    revision: str | None = None


class SourceDecision(Struct, frozen=True, kw_only=True, array_like=True, omit_defaults=True, tag="d"):
    """A decision about a comment, by an unknown person if `person` is None."""

    comment: str
    at: int
    verdict: Literal["approve", "hold", "reject"]
    person: SourcePerson | str | None = None
    revision: str | None = None
    code: str | None = None
    reason: str | None = None


class SourceProfile(Struct, frozen=True, kw_only=True, array_like=True, omit_defaults=True, tag="p"):
    """Describe the person whom other records name by an id."""

    id: str
    person: SourcePerson


class SourceSuspension(Struct, frozen=True, kw_only=True, array_like=True, omit_defaults=True, tag="s"):
    """A registered person was suspended, without `until` for good."""

    person: SourcePerson | str
    at: int
    until: int | None = None
    by: SourcePerson | str | None = None
    reason: str | None = None


class SourceMute(Struct, frozen=True, kw_only=True, array_like=True, omit_defaults=True, tag="m"):
    """A registered person reads nothing of another."""

    person: SourcePerson | str
    muted: SourcePerson | str
    at: int


class SourceSubscription(Struct, frozen=True, kw_only=True, array_like=True, omit_defaults=True, tag="u"):
    """A reader follows an article, or the answers to a comment of it, and has confirmed the address."""

    article: str
    address: str
    comment: str | None = None
    at: int | None = None


class SourceFact(Struct, frozen=True, kw_only=True, array_like=True, omit_defaults=True, tag="f"):
    """A fact of the native format, encoded, with its thread; `line` is its place in the file."""

    article: str
    line: int
    fact: bytes


class LeftOut(Struct, frozen=True, kw_only=True, array_like=True, omit_defaults=True, tag="l"):
    """Something that a reader leaves out: what it is (`comments`, `votes`, …), why, and where it was found."""

    what: str
    why: str
    where: str = ""
    number: int = 1


class Noted(Struct, frozen=True, kw_only=True, array_like=True, omit_defaults=True, tag="n"):
    """Something that the report tells about the input, by its code."""

    what: str
    where: str = ""


Record = (
    SourceArticle
    | SourceAnchor
    | SourceComment
    | SourceVote
    | SourceReport
    | SourceDecision
    | SourceProfile
    | SourceSuspension
    | SourceMute
    | SourceSubscription
    | SourceFact
    | LeftOut
    | Noted
)


class UnfitFile(Exception):
    """Raised if a file cannot be read as what it is said to be. The message names file, place and reason."""

    def __init__(self, file: str, why: str, *, place: str | None = None) -> None:
        super().__init__(f"{file} is unfit{'' if place is None else f', {place}'}: {why}")
