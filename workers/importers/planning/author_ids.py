"""Ids and names of people: members by a template, guests by keyed hashes.

A member must get the id that is the `sub` of the publication's tokens, or their comments will have no owner. A guest
with an e-mail address is the same person everywhere; one with only a name is one person within a discussion, since two
of the same name in two discussions need not be the same; one without either is another in each comment.
"""

import hashlib
import re
from base64 import urlsafe_b64encode
from functools import lru_cache
from html import unescape
from string import Formatter
from typing import Final

from msgspec import Struct

from core.domain.authoring import LONGEST_BADGE
from core.domain.context import LONGEST_NAME
from core.domain.import_fact import ImportedPerson
from core.ids import is_member
from core.text.unicode import one_line
from workers.importers.source_records import SourcePerson

ANONYMOUS: Final = "Anonymous"
"""Name of a guest who gave none, or an address in place of one."""
TOKENS_OF_GUESTS: Final = "guest:"
"""Beginning of the ids of guests whom the gateway signs tokens for; no member may have one."""
_ADDRESS: Final = re.compile(r"[^\s@<>()]+@[^\s@<>()]+\.[^\s@<>()]+")
_NETWORK: Final = re.compile(
    r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])|(?<![\w:])(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{1,4}(?![\w:])", re.IGNORECASE
)
_TAG: Final = re.compile(r"<[^>]*>")
_BRACKETS: Final = " <>()[],"
"""Characters that are left over at the ends of a name when an address is taken out."""


class BadTemplate(ValueError):
    """A template names no field, or one that there is not."""


class AuthorIds(Struct, frozen=True, kw_only=True):
    """The ids of the people of one source."""

    source: str
    """Prefix of the source's ids."""
    template: str
    key: bytes
    """Key of the hashes of guests."""

    def sealed(self, person: SourcePerson) -> SourcePerson:
        """The person with a keyed hash in place of the e-mail address."""
        if person.email is None:
            return person
        address = person.email.strip().casefold()
        digest = self._digest("email", address) if "@" in address else None
        return SourcePerson(fields=person.fields, name=person.name, email=digest, badges=person.badges)

    def person(self, person: SourcePerson, thread: str, comment: str) -> ImportedPerson:
        """The person as facts name it. The address must be sealed."""
        name = shown_name(person.name or "")
        if person.fields:
            badges = tuple(kept for badge in person.badges if (kept := one_line(badge, LONGEST_BADGE)))
            fields = {field: value for field, value in person.fields.items() if _ADDRESS.search(value) is None}
            return ImportedPerson(id=self.member(person.fields), name=name or ANONYMOUS, badges=badges, source=fields)
        digest = person.email or (self._digest("name", thread, name.casefold()) if name else self.nobody(comment))
        return ImportedPerson(id=f"{self.source}-guest:{digest}", kind="guest", name=name or ANONYMOUS)

    def nobody(self, comment: str) -> str:
        """The hash for an author of whom nothing is known, or nothing is to be told."""
        return self._digest("comment", comment)

    def unnamed(self, comment: str) -> ImportedPerson:
        """The author of a comment whose text is gone: a guest without a name."""
        return ImportedPerson(id=f"{self.source}-guest:{self.nobody(comment)}", kind="guest")

    def member(self, fields: dict[str, str]) -> str:
        """The id that the template makes of these fields; a hash of them where it is no valid id."""
        made = self.made(fields)
        if made is not None:
            return made
        told = "\0".join(f"{name}={fields[name]}" for name in sorted(fields))
        return f"{self.source}-member:{_encoded(hashlib.blake2b(told.encode(), digest_size=16).digest())}"

    def made(self, fields: dict[str, str]) -> str | None:
        """The id that the template makes of these fields; None where it is no valid id."""
        try:
            made = self.template.format_map(fields)
        except KeyError:
            return None
        return made if is_member(made) and not made.startswith(TOKENS_OF_GUESTS) else None

    def _digest(self, *parts: str) -> str:
        data = b"".join(len(part).to_bytes(4, "big") + part for part in (part.encode() for part in parts))
        return _encoded(hashlib.blake2b(data, digest_size=16, key=self.key).digest())


def checked_template(template: str, fields: tuple[str, ...]) -> str:
    """A template whose placeholders are among these fields. Raises BadTemplate."""
    try:
        parts = [(name, bool(spec or conversion)) for _, name, spec, conversion in Formatter().parse(template)]
    except ValueError as error:
        raise BadTemplate(f"{template!r}: {error}") from error
    names = [name for name, _ in parts if name is not None]
    choice = ", ".join(f"{{{field}}}" for field in fields)
    if not names or any(name not in fields for name in names) or any(formatted for _, formatted in parts):
        raise BadTemplate(f"{template!r} must name one of {choice}")
    return template


@lru_cache(maxsize=4096)
def shown_name(name: str) -> str:
    """A name as it is shown: entities undone once, without tags and addresses. "" if nothing is left."""
    plain = unescape(_ADDRESS.sub(" ", name))
    bare = _NETWORK.sub(" ", _ADDRESS.sub(" ", _TAG.sub(" ", plain)))
    return one_line(bare if bare == name else bare.strip(_BRACKETS), LONGEST_NAME)


def unescaped_line(text: str, limit: int) -> str:
    """A title of one line: entities undone once, without tags."""
    return one_line(_TAG.sub("", unescape(text)) if "&" in text or "<" in text else text, limit)


def _encoded(digest: bytes) -> str:
    return urlsafe_b64encode(digest)[:22].decode().replace("=", "")
