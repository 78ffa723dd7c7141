"""The facts of a plan, thread by thread as they stand in its file (docs/native-format.md)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from core.domain.import_facts import SITE_FACTS, AnyFact, Fact, ImportHeader
from workers.importers.readers.input_file import opened
from workers.importers.readers.json_lines import lines
from workers.importers.source_records import UnfitFile

_header: Final = msgspec.json.Decoder(ImportHeader).decode
_fact: Final = msgspec.json.Decoder(AnyFact).decode


class ThreadFacts(NamedTuple):
    """The facts of one thread, in order; with "" those about members. `unreadable` are lines that hold no fact."""

    thread: str
    facts: list[Fact]
    unreadable: list[int]


def header(path: Path) -> ImportHeader:
    """Return the header of a file of facts. Raises UnfitFile."""
    with opened(path) as file:
        for _, line in lines(file):
            try:
                return _header(line)
            except (msgspec.DecodeError, RecursionError) as error:
                raise UnfitFile(path.name, "it does not begin with the header of facts", place="line 1") from error
    raise UnfitFile(path.name, "it is empty")


def threads(path: Path) -> Iterator[ThreadFacts]:
    """Yield the facts by thread: those of one stand together, and those about members last. Raises UnfitFile.

    A thread that comes back later in the file is yielded again: its facts are then decided on after the others.
    """
    with opened(path) as file:
        group = ThreadFacts("", [], [])
        for number, line in lines(file):
            if number == 1:
                continue
            try:
                fact = _fact(line)
            except (msgspec.DecodeError, RecursionError):
                group.unreadable.append(number)
                continue
            thread = "" if isinstance(fact, SITE_FACTS) else fact.thread
            if thread != group.thread and (group.facts or group.unreadable):
                yield group
                group = ThreadFacts(thread, [], [])
            group = group._replace(thread=thread)
            group.facts.append(fact)
        if group.facts or group.unreadable:
            yield group
