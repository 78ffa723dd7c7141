"""Content that is missing from the log though no event took it out.

Content may be missing because an event said so: the words of a redacted revision. Anything else that is missing was
lost, by a fault of the server or by a change of its data. Which content is lost is a pure function of the entries.
Entries in a shape that this version does not know are not judged.
"""

from typing import Final, NamedTuple

from core.events import content
from core.events.content import Part
from core.events.envelope import Envelope
from core.events.event import FIRST
from core.events.upcasting import VERSION
from core.position import Position

_POSTED: Final = "comment.posted"
_TEXTS: Final = frozenset({_POSTED, "comment.edited"})
_REDACTED: Final = "revision.redacted"
_WORDS: Final[frozenset[Part]] = frozenset({"words"})
_BODY: Final = b'"body":'
"""Bytes of every content with a text. Within a JSON string every quote is escaped, so no text contains them."""


class LostContent(NamedTuple):
    """A part of the content of one event that is missing without an event that took it out."""

    position: Position
    type: str
    site: str
    thread: str
    comment: str | None
    revision: int | None
    part: Part

    @property
    def is_text(self) -> bool:
        """True for the text of a comment."""
        return self.part == "words" and self.type in _TEXTS

    @property
    def why(self) -> str:
        """The loss in words."""
        return f"its {'text' if self.is_text else self.part} is missing, and no event took it out"


class WordsLost(Exception):
    """Texts of a thread are lost: its views may have the only copy, and must not be replaced by a fold."""

    def __init__(self, lost: "list[LostContent]") -> None:
        first = lost[0]
        texts = "1 text" if len(lost) == 1 else f"{len(lost)} texts, the first"
        super().__init__(
            f"the log of {first.site}/{first.thread} lost {texts} at {first.position} (comment {first.comment}, "
            f"revision {first.revision}), and no event took that out. The served views may have the "
            "only copy, and stay as they are. Restore a backup, or redact what is lost"
        )
        self.lost = lost


class LostContents:
    """Collects the content that is missing in some entries of a log, and the events that explain it."""

    def __init__(self) -> None:
        self._missing: dict[tuple[Position, Part], LostContent] = {}
        self._redacted: set[tuple[str, str, str | None, int | None]] = set()

    def add(self, position: Position, envelope: Envelope, c: bytes) -> None:
        """Take in one entry. Entries may come in any order, and more than once."""
        kind = envelope.type
        if envelope.v > VERSION.get(kind, 0) or (c and c[0] not in content.SCHEMES):
            return
        if kind == _REDACTED:
            self._redacted.add((envelope.site, envelope.thread, envelope.comment, envelope.revision))
        is_text = kind in _TEXTS
        missing = content.gone(c)
        if len(missing) > 1 and kind != _POSTED:
            missing = _WORDS  # of other events, the profile may never have been there
        if is_text and _BODY not in c:
            missing |= _WORDS
        for part in missing:
            revision = envelope.revision or (FIRST if is_text else None)
            place = envelope.site, envelope.thread, envelope.comment, revision
            self._missing[position, part] = LostContent(position, kind, *place, part)

    def found(self) -> list[LostContent]:
        """Return what is missing and not explained by the entries so far, in the order of positions."""
        return sorted(
            lost
            for lost in self._missing.values()
            if not (lost.is_text and (lost.site, lost.thread, lost.comment, lost.revision) in self._redacted)
        )

    def texts(self) -> list[LostContent]:
        """Return the lost texts of comments."""
        return [lost for lost in self.found() if lost.is_text]
