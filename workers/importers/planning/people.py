"""The people of an export, by what records say of them: a description, or an id that another record describes."""

from functools import lru_cache
from typing import Final

from msgspec.structs import replace

from core.domain.import_fact import ImportedPerson
from workers.importers.planning.author_ids import AuthorIds
from workers.importers.planning.spool import Spool
from workers.importers.source_records import NOBODY, SourcePerson

REMEMBERED: Final = 4_096
"""Most people described elsewhere whom a process remembers."""


class People:
    """Looks people up in a spool."""

    def __init__(self, spool: Spool, ids: AuthorIds) -> None:
        self.ids = ids
        self._profile = lru_cache(maxsize=REMEMBERED)(spool.profile)

    def described(self, person: SourcePerson | str | None) -> SourcePerson:
        """The description of a person; of one whom no record describes, the id alone."""
        if person is None:
            return NOBODY
        if isinstance(person, SourcePerson):
            return person
        return self._profile(person) or SourcePerson(fields={"id": person})

    def named(self, person: SourcePerson | str | None, thread: str, comment: str) -> ImportedPerson:
        """The person as the author of something in a thread."""
        return self.ids.person(self.described(person), thread, comment)

    def staff(self, person: SourcePerson | str) -> ImportedPerson | None:
        """The person as a member of staff; None for a guest."""
        found = self.described(person)
        return replace(self.ids.person(found, "", ""), kind="staff") if found.fields else None

    def voter(self, person: SourcePerson | str) -> str | None:
        """Id of a registered person; None for a guest."""
        fields = self.described(person).fields
        return self.ids.member(fields) if fields else None

    def fields(self, person: SourcePerson | str) -> dict[str, str]:
        """The fields of a person that a member template can name."""
        return {name: value for name, value in self.described(person).fields.items() if "@" not in value}
