"""A fact of an import, and the person or the rule that it names. `core.domain.import_facts` lists the kinds."""

from msgspec import Struct

from core.caller import ActorKind
from core.events.comment_events import Span
from core.times import parse_rfc3339


class ImportedPerson(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A person who acted. `id` is the one in Hansard; `source` has the other system's own fields, never an address.

    `source` exists for `hansard import remap`, whose template names its fields. A `system` is no person: its `id` is
    that of the rule or the service that acted.
    """

    id: str
    kind: ActorKind = "member"
    name: str | None = None
    avatar: str | None = None
    badges: tuple[str, ...] = ()
    source: dict[str, str] = {}


class ImportedRule(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The rule that held a text as it was written, or with `rejected` rejected it.

    `tells` are its words for the author, `match` and `spans` the part of the text that matched, in code points, and
    `list` is the word list that had it.
    """

    name: str
    rejected: bool = False
    list: str | None = None
    match: str | None = None
    spans: tuple[Span, ...] = ()
    tells: str | None = None


class Fact(Struct, frozen=True, kw_only=True, tag_field="do", omit_defaults=True, forbid_unknown_fields=True):
    """A fact: its thread, its time (RFC 3339), and the person who acted. Site facts have no thread."""

    thread: str = ""
    at: str
    by: ImportedPerson | None = None

    @property
    def occurred_at(self) -> int:
        """Time of the fact, in milliseconds since 1970. Raises ValueError."""
        return parse_rfc3339(self.at)
