"""Checks of single facts of the native format: ids, times and names, and what each kind is called in the report."""

from typing import Any, Final

from msgspec.structs import replace

from core.domain.authoring import LONGEST_BADGE
from core.domain.context import LONGEST_NAME
from core.domain.import_comment_facts import NoticedFact, ReportedFact, RetractedFact, VotedFact
from core.domain.import_fact import Fact, ImportedPerson
from core.domain.import_member_facts import MutedFact
from core.ids import is_comment, is_member, is_slug
from core.text.unicode import one_line
from core.times import rfc3339

WHATS: Final = {
    "open": "openings",
    "retitle": "titles",
    "label": "labels",
    "close": "closings",
    "reopen": "reopenings",
    "override": "policies",
    "anchor": "inline questions",
    "post": "comments",
    "edit": "edits",
    "withdraw": "withdrawals",
    "restore": "restorations",
    "decide": "decisions",
    "reverse": "reversals",
    "screen": "screenings",
    "redact": "redactions",
    "ask-removal": "removal requests",
    "end-removal": "removal requests ended",
    "tell": "statements",
    "appeal": "appeals",
    "decide-appeal": "decisions on appeals",
    "notice": "notices",
    "feature": "editors' picks",
    "unfeature": "editors' picks ended",
    "pin": "pins",
    "unpin": "pins ended",
    "vote": "votes",
    "retract": "votes taken back",
    "void": "votes voided",
    "unvoid": "voidings reversed",
    "tally": "tallied votes",
    "report": "reports",
    "subscribe": "subscriptions",
    "suspend": "suspensions",
    "reinstate": "reinstatements",
    "reverse-suspension": "suspensions reversed",
    "tell-suspension": "statements about suspensions",
    "appeal-suspension": "appeals against suspensions",
    "decide-suspension-appeal": "decisions on appeals against suspensions",
    "standing": "standings",
    "warn": "warnings",
    "acknowledge": "warnings acknowledged",
    "note": "notes",
    "mute": "mutes",
}
"""Names of the kinds of facts in the report."""

_MEMBERS: Final = ("member", "voter")
_BATCHES: Final = ("batch",)
_CODES: Final = ("code",)
_NEED_ACTOR: Final = (VotedFact, RetractedFact, ReportedFact, MutedFact)


class Impossible(Exception):
    """The fact cannot be. The message is the reason by its code."""


def what_of(fact: Fact) -> str:
    """Name of the kind of a fact in the report."""
    return WHATS[str(fact.__struct_config__.tag)]


def time_of(fact: Fact) -> int | None:
    """Time of a fact, in milliseconds since 1970; None if it has none that can be read."""
    try:
        return fact.occurred_at
    except ValueError:
        return None


def common(fact: Fact, now: int) -> dict[str, Any]:
    """The fields that every fact has, as they may be brought. Raises Impossible."""
    at = time_of(fact)
    if at is None or at > now:
        raise Impossible("no-time" if at is None else "future")
    changed: dict[str, Any] = {"at": rfc3339(at)}
    if fact.by is not None:
        changed["by"] = person_of(fact.by)
    elif isinstance(fact, _NEED_ACTOR):
        raise Impossible("no-author")
    for names, is_valid in ((_MEMBERS, is_member), (_BATCHES, is_comment), (_CODES, is_slug)):
        if not all(is_valid(value) for name in names if (value := getattr(fact, name, None)) is not None):
            raise Impossible("invalid-id")
    if isinstance(fact, NoticedFact) and not is_comment(fact.reference):
        raise Impossible("invalid-id")
    if isinstance(fact, ReportedFact) and not is_slug(fact.reason):
        raise Impossible("invalid-id")
    return changed


def person_of(person: ImportedPerson) -> ImportedPerson:
    """The person with a normalised name. Raises Impossible for an invalid id."""
    if not is_member(person.id):
        raise Impossible("invalid-id")
    name = None if person.name is None else one_line(person.name, LONGEST_NAME) or None
    badges = tuple(kept for badge in person.badges if (kept := one_line(badge, LONGEST_BADGE)))
    return replace(person, name=name, badges=badges)
