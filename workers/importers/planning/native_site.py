"""Facts of the native format that belong to no discussion: those about members."""

from typing import Final

import msgspec
from msgspec.structs import replace

from core.domain.import_facts import SiteFact
from core.domain.import_member_facts import AcknowledgedFact, SuspendedFact
from core.times import parse_rfc3339, rfc3339
from workers.importers.planning.ledger import Ledger
from workers.importers.planning.native_checks import Impossible, common, what_of

_decode: Final = msgspec.json.Decoder(SiteFact).decode


def native_site_fact(line: bytes, now: int, ledger: Ledger) -> SiteFact | None:
    """The fact of a line, as it may be brought; None if it is left out."""
    fact: SiteFact = _decode(line)
    try:
        changed = common(fact, now) | {"thread": ""}
        if isinstance(fact, SuspendedFact) and fact.until is not None:
            changed["until"] = _time(fact.until)
        if isinstance(fact, AcknowledgedFact):
            changed["warned"] = _time(fact.warned)
    except Impossible as error:
        ledger.leave_out(what_of(fact), str(error))
        return None
    ledger.bring(what_of(fact))
    return replace(fact, **changed)


def _time(text: str) -> str:
    try:
        return rfc3339(parse_rfc3339(text))
    except ValueError as error:
        raise Impossible("no-time") from error
