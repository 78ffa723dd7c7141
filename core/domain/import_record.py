"""The record of imports: one aggregate per import, in the site's own log.

It says once where everything came from, and how the facts added up each time that something was brought.
"""

from collections.abc import Mapping
from typing import Final

from core import heads
from core.domain.context import Context
from core.domain.handler import Command, Handler, Handlers, Loaded, Needs
from core.events.event import Event
from core.events.import_events import ImportBegun, ImportEnded, SourceFile
from core.ids import is_comment
from core.position import Position
from core.refusals import BadField, NotFound


class BeginImport(Command, frozen=True, kw_only=True, tag="begin-import"):
    """Record that an import begins. Of one that was begun before, nothing is recorded."""

    imported: str
    system: str
    source: str
    files: tuple[SourceFile, ...] = ()
    options: Mapping[str, str] = {}


class EndImport(Command, frozen=True, kw_only=True, tag="end-import"):
    """Record how the facts of an import added up. Nothing is recorded again if nothing was brought since."""

    imported: str
    brought: int
    known: int
    left_out: Mapping[str, int] = {}
    differs: int = 0


ImportCommand = BeginImport | EndImport


def decide(command: ImportCommand, context: Context, loaded: Loaded) -> list[Event]:
    """Return the event of the record. Raises NotFound, NotAllowed, BadField."""
    context.require_site()
    context.require_operator()
    if not is_comment(command.imported):
        raise BadField("/imported", "the id of an import has at most 64 of A-Z, a-z, 0-9, _ and -")
    field = heads.brought(command.imported)
    is_begun = loaded.position(field) is not None
    if isinstance(command, BeginImport):
        if is_begun:
            return []
        return [
            ImportBegun(
                imported=command.imported,
                system=command.system,
                source=command.source,
                files=command.files,
                options=command.options,
            )
        ]
    if not is_begun:
        raise NotFound("there is no such import")
    if not command.brought and loaded.note(field) == heads.ENDED:
        return []
    return [
        ImportEnded(
            imported=command.imported,
            brought=command.brought,
            known=command.known,
            left_out=command.left_out,
            differs=command.differs,
        )
    ]


def _needs(command: ImportCommand, caller: str) -> Needs:
    own = heads.brought(command.imported)
    return Needs(folded=(heads.SITE, heads.member(caller)), heads_only=(own,), expected=(own,))


def _unchanged_since(command: ImportCommand, _: Context, loaded: Loaded) -> Position | None:
    return loaded.position(heads.brought(command.imported))


_HANDLER: Final = Handler(needs=_needs, decide=decide, unchanged_since=_unchanged_since, site_wide=True)

HANDLERS: Final[Handlers] = {BeginImport: _HANDLER, EndImport: _HANDLER}
