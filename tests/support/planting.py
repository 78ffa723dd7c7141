"""Words that can be told from all others, planted through every type of event and every body of a request.

What is planted is found by reflection: a field that is added to an event or to a body is planted, too, or nothing can
be made that has it.
"""

import re
import types
from collections.abc import Iterator, Mapping
from secrets import token_hex
from typing import Any, Final, NamedTuple, get_type_hints

from msgspec import inspect
from msgspec.structs import FieldInfo, fields

from core.caller import Actor
from core.events.comment_events import (
    CommentApproved,
    CommentEdited,
    CommentHeld,
    CommentPosted,
    CommentRejected,
    CommentScreened,
    RevisionRedacted,
)
from core.events.event import Event
from core.events.import_events import ImportBegun, SourceFile
from core.events.member_events import MemberSuspended, NoteAdded, StandingChanged, WarningGiven
from core.events.report_events import NoticeFiled, ReportFiled
from core.events.site_events import ListChanged, PolicyChanged, ScreenerConfigured, SiteOpened
from core.events.skip_events import EventSkipped
from core.events.statement_events import AppealDecided, AppealFiled
from core.events.thread_events import (
    AnchorOpened,
    AnchorReworded,
    PolicyOverridden,
    ThreadArchived,
    ThreadClosed,
    ThreadOpened,
    ThreadReopened,
    ThreadRetitled,
)
from core.events.types import EVENTS
from core.events.vote_events import VoteVoided
from core.places import Holding, Owner
from core.policy import Policy, PolicyChanges, PolicyWords

MARK: Final = re.compile(rb"zq[0-9a-f]{14}")

_STAFF: Final[tuple[type[Event], ...]] = (
    MemberSuspended,
    StandingChanged,
    WarningGiven,
    NoteAdded,
    ThreadClosed,
    ThreadReopened,
    ThreadArchived,
    CommentHeld,
    CommentApproved,
    CommentRejected,
    RevisionRedacted,
    AppealDecided,
    VoteVoided,
    EventSkipped,
    ImportBegun,
)
_PUBLISHER: Final[tuple[type[Event], ...]] = (
    SiteOpened,
    PolicyChanged,
    PolicyOverridden,
    ThreadOpened,
    ThreadRetitled,
    AnchorOpened,
    AnchorReworded,
    ListChanged,
    CommentScreened,
    ScreenerConfigured,
)
OWNERS: Final[Mapping[type[Event], Owner]] = {
    **dict.fromkeys(_STAFF, "staff"),
    **dict.fromkeys(_PUBLISHER, "publisher"),
    **dict.fromkeys(
        (CommentPosted, CommentEdited, ReportFiled, AppealFiled, NoticeFiled),
        "author",
    ),
}
"""Who wrote the words of each type of event."""

CODES: Final = frozenset(
    (
        *("anchor", "answered", "code", "comment", "decision", "digest", "entitlement", "ground"),
        *(
            "failed",
            "labels",
            "list",
            "member",
            "notice",
            "parent",
            "position",
            "reason",
            "reference",
            "reverses",
            "rule",
            "shape",
            "standing",
            "warning",
        ),
        *("cast", "voided", "voter"),
        *("author", "imported", "left_out", "origin", "source", "system"),
    )
)
"""Names of the fields of events that hold a text and are not content: ids and codes."""
ACTOR: Final = Actor(id="ada")
BATCH: Final = "b1"
"""The batch of a planted decision that is reversed."""
_OPEN: Final[Mapping[str, Any]] = {
    "anchor": "q1",
    "author": ACTOR.id,
    "brought": 1,
    "cast": "1-1",
    "changes": PolicyChanges(votes=True),
    "decision": "1-1",
    "imported": "i1",
    "kind": "hs256",
    "known": 0,
    "list": "insults",
    "member": "eve",
    "number": 1,
    "overrides": PolicyChanges(votes=True),
    "policy": Policy(),
    "reason": "spam",
    "reference": "n0tice",
    "reverses": BATCH,
    "revision": 1,
    "shape": "hansard",
    "source": "wp",
    "standing": "held",
    "system": "wordpress",
    "value": 1,
    "verdict": "uphold",
    "voter": ACTOR.id,
    "warning": "1700000000000-1",
}
"""The ids, codes and numbers of planted events."""


class Mark(NamedTuple):
    """A planted text: through what, and what it is of whom."""

    planted: str
    holding: Holding
    owner: Owner


class Marks:
    """All planted texts. Those that were refused are to lie nowhere."""

    def __init__(self) -> None:
        self.taken: dict[str, Mark] = {}
        self.refused: dict[str, str] = {}

    def new(self, planted: str, holding: Holding, owner: Owner) -> str:
        """A text that nobody has planted yet."""
        text = f"zq{token_hex(7)}"
        self.taken[text] = Mark(planted, holding, owner)
        return text

    def refuse(self, planted: str) -> str:
        """A text that a request has which is refused."""
        text = f"zq{token_hex(7)}"
        self.refused[text] = planted
        return text

    def of(self, planted: str) -> set[str]:
        """The texts that were planted through this."""
        return {text for text, mark in self.taken.items() if mark.planted == planted}


def found_in(data: bytes) -> set[str]:
    """The planted texts in some bytes."""
    return {one.decode() for one in MARK.findall(data)}


def words_of(kind: type[Event]) -> list[FieldInfo]:
    """The fields of a type of event that hold words, or a profile."""
    return [field for field in fields(kind) if field.name in kind.CONTENT]


def unclassified() -> list[tuple[str, str]]:
    """The fields of events that hold a text and are neither content nor known to be an id or a code."""
    return [
        (kind.__name__, name)
        for kind in EVENTS
        for name, hint in get_type_hints(kind).items()
        if name in kind.__struct_fields__ and name not in kind.CONTENT | CODES and _is_text(hint)
    ]


def event(kind: type[Event], marks: Marks, **given: Any) -> Event:
    """An event of this type with a planted text in every field of its content."""
    tag = str(kind.__struct_config__.tag)
    content = {
        field.name: _content(field, marks.new(f"{tag} {field.name}", _holding(kind, field.name), OWNERS[kind]))
        for field in words_of(kind)
    }
    needed = {field.name: _OPEN[field.name] for field in fields(kind) if field.required and field.name not in given}
    return kind(**needed | content | given)


def _holding(kind: type[Event], name: str) -> Holding:
    return "profile" if name in kind.PROFILE else "words"


def _content(field: FieldInfo, text: str) -> Any:
    if field.name in ("url", "avatar"):
        return f"https://kew.example/{text}"
    if field.name == "words":
        return PolicyWords(banner={"en": text})
    if field.name == "spans":
        return ((0, 1),)
    if field.name == "files":
        return (SourceFile(name=text, sha256="00"),)
    if field.name == "options":
        return {"member": text}
    if field.name == "body":
        return f"Some *{text}* words."
    return (text,) if _is_tuple(field.type) else text


def _is_text(hint: Any) -> bool:
    return hint is str or any(map(_is_text, getattr(hint, "__args__", ())))


def _is_tuple(hint: Any) -> bool:
    assert isinstance(hint, types.UnionType | types.GenericAlias) or hint is str, hint
    several = hint.__args__ if isinstance(hint, types.UnionType) else (hint,)
    return any(getattr(one, "__origin__", None) is tuple for one in several)


class Body:
    """Bodies of requests of one type, made by reflection: with a text in every field that takes any words."""

    def __init__(self, kind: Any) -> None:
        self._kind = inspect.type_info(kind)

    @property
    def texts(self) -> list[str]:
        """JSON pointers to the fields that take any words."""
        return [pointer for pointer, _ in _texts(self._kind, "")]

    def build(self, given: Mapping[str, Any], text: Any) -> Any:
        """A body. `given` has what is no text by the name of its field, `text` makes one for a pointer."""
        return _built(self._kind, "", given, text)


def _texts(kind: inspect.Type, pointer: str) -> Iterator[tuple[str, inspect.StrType]]:
    match kind:
        case inspect.Metadata(type=inner):
            yield from _texts(inner, pointer)
        case inspect.StrType(pattern=None):
            yield pointer, kind
        case inspect.UnionType(types=several):
            for one in several:
                yield from _texts(one, pointer)
        case inspect.StructType(fields=named):
            for field in named:
                yield from _texts(field.type, f"{pointer}/{field.encode_name}")
        case inspect.VarTupleType(item_type=item) | inspect.ListType(item_type=item):
            yield from _texts(item, f"{pointer}/0")
        case _:
            return


def _built(kind: inspect.Type, pointer: str, given: Mapping[str, Any], text: Any) -> Any:
    match kind:
        case inspect.Metadata(type=inner):
            return _built(inner, pointer, given, text)
        case inspect.UnionType(types=several):
            return _built(several[0], pointer, given, text)
        case inspect.StrType(pattern=None):
            return text(pointer)
        case inspect.StructType(fields=named):
            made = {}
            for field in named:
                place = f"{pointer}/{field.encode_name}"
                if field.encode_name in given:
                    made[field.encode_name] = given[field.encode_name]
                elif field.required or any(_texts(field.type, place)):
                    made[field.encode_name] = _built(field.type, place, given, text)
            return made
        case inspect.VarTupleType(item_type=item) | inspect.ListType(item_type=item):
            return [_built(item, f"{pointer}/0", given, text)]
        case _:
            raise AssertionError(f"nothing is given for {pointer}: {kind}")
