"""The word lists of a site: which there are, and the commands that change them.

The head of the lists has all of them, with the position of each one's version. Their terms are read from the events at
these positions (`core.application.list_loading`).
"""

from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Final, assert_never

import msgspec
from msgspec import Struct

from core import heads
from core.domain.context import Context
from core.domain.handler import Command, Handler, Handlers, Loaded, Needs
from core.events.event import Event
from core.events.site_events import ListChanged, ListVersion
from core.position import Position
from core.refusals import BadField, NotFound
from core.text.word_list import UselessTerm, checked_term

MOST_TERMS: Final = 10_000
"""Terms of a list."""
MOST_BYTES: Final = 262_144
"""Bytes of the terms of a list, in UTF-8."""
MOST_LISTS: Final = 20
"""Lists of a site."""
_DIGEST: Final = 16


class PutList(Command, frozen=True, kw_only=True, tag="put-list"):
    """Replace the terms of a word list, or begin it."""

    list: str
    terms: tuple[str, ...]


class RemoveList(Command, frozen=True, kw_only=True, tag="remove-list"):
    """Take a word list away."""

    list: str


ListCommand = PutList | RemoveList


class Lists(Struct, frozen=True, kw_only=True):
    """The word lists of a site, by name, and the position of the last change."""

    versions: Mapping[str, ListVersion] = {}
    position: Position | None = None


def noted(note: str, position: Position | None) -> Lists:
    """The lists, from the note and the position of their head. Raises ValueError for a note that cannot be read."""
    if position is None:
        return Lists()
    versions = [
        ListVersion(list=name, at=at or str(position), count=count, digest=digest)
        for name, at, count, digest in _NOTE.decode(note)
    ]
    return Lists(versions={one.list: one for one in sorted(versions, key=lambda one: one.list)}, position=position)


def decide(command: ListCommand, context: Context, loaded: Loaded) -> list[Event]:
    """Return the events of a command about a word list. Raises NotFound, NotAllowed, Suspended, BadField."""
    lists: Lists = loaded.lists
    context.require_site()
    context.require_role("admin")
    others = tuple(one for name, one in lists.versions.items() if name != command.list)
    match command:
        case PutList():
            return _put(command, lists, others)
        case RemoveList():
            if command.list not in lists.versions:
                raise NotFound("there is no such word list")
            return [ListChanged(list=command.list, removed=True, others=others)]
        case _:
            assert_never(command)


def digest(terms: tuple[str, ...]) -> str:
    """Digest of the terms of a list, in hexadecimal digits."""
    return blake2b(msgspec.json.encode(terms), digest_size=_DIGEST).hexdigest()


def _put(command: PutList, lists: Lists, others: tuple[ListVersion, ...]) -> list[Event]:
    terms = checked_terms(command.terms)
    before = lists.versions.get(command.list)
    made = digest(terms)
    if before is not None and before.digest == made:
        return []
    if before is None and len(others) >= MOST_LISTS:
        raise BadField("", f"a site has at most {MOST_LISTS} word lists")
    return [ListChanged(list=command.list, count=len(terms), digest=made, others=others, terms=terms)]


def checked_terms(terms: tuple[str, ...]) -> tuple[str, ...]:
    """The terms in the form in which they are stored, in order, each once. Raises BadField for the first bad one."""
    if not terms:
        raise BadField("/terms", "a word list needs a term: delete the list to take it away")
    if len(terms) > MOST_TERMS:
        raise BadField("/terms", f"a word list has at most {MOST_TERMS} terms, these are {len(terms)}")
    kept = tuple(dict.fromkeys(_each(terms)))
    size = sum(len(term.encode()) for term in kept)
    if size > MOST_BYTES:
        raise BadField("/terms", f"the terms of a word list have at most {MOST_BYTES} bytes, these have {size}")
    return kept


def _each(terms: tuple[str, ...]) -> Iterator[str]:
    for number, term in enumerate(terms):
        try:
            yield checked_term(term)
        except UselessTerm as error:
            raise BadField(f"/terms/{number}", str(error)) from None


def _needs(_: ListCommand, caller: str) -> Needs:
    return Needs(folded=(heads.SITE, heads.member(caller)), heads_only=(heads.LISTS,), expected=(heads.LISTS,))


def _unchanged_since(command: ListCommand, _: Context, loaded: Loaded) -> Position | None:
    lists: Lists = loaded.lists
    version = lists.versions.get(command.list)
    return lists.position if version is None else Position.parse(version.at)


_NOTE: Final = msgspec.json.Decoder(list[tuple[str, str, int, str]])
_HANDLER: Final = Handler(needs=_needs, decide=decide, unchanged_since=_unchanged_since, site_wide=True)

HANDLERS: Final[Handlers] = {PutList: _HANDLER, RemoveList: _HANDLER}
