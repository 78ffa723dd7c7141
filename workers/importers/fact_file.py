"""The facts of a plan, thread by thread as they stand in its file (docs/native-format.md)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct

from core.domain.import_fact import Fact
from core.domain.import_facts import SITE_FACTS, AnyFact, ImportHeader
from workers.importers.readers.input_file import opened
from workers.importers.readers.json_lines import lines
from workers.importers.source_records import UnfitFile


class _FactPlace(Struct, frozen=True):
    """The thread of a fact."""

    thread: str = ""


_header: Final = msgspec.json.Decoder(ImportHeader).decode
_place: Final = msgspec.json.Decoder(_FactPlace).decode
fact_of: Final = msgspec.json.Decoder(AnyFact).decode
"""Decodes the fact of a line. Raises msgspec.DecodeError, and RecursionError where it is nested too deep."""


class ThreadFacts(NamedTuple):
    """The facts of one thread, in order; with "" those about members, and the lines that hold no fact."""

    thread: str
    facts: list[Fact]
    unreadable: list[int]


def header_of(name: str, line: bytes) -> ImportHeader:
    """Return the header in the first line of a file of this name. Raises UnfitFile."""
    try:
        return _header(line)
    except (msgspec.DecodeError, RecursionError) as error:
        raise UnfitFile(name, f"it does not begin with the header of facts: {error}", place="line 1") from error


def header(path: Path) -> ImportHeader:
    """Return the header of a file of facts. Raises UnfitFile."""
    with opened(path) as file:
        for _, line in lines(file):
            return header_of(path.name, line)
    raise UnfitFile(path.name, "it is empty")


def threads(path: Path) -> Iterator[ThreadFacts]:
    """Yield the facts by thread, in the order of the file; those about members last. Raises UnfitFile.

    A thread whose facts do not stand together comes after the others. It alone is held in memory before that.
    """
    scattered = _scattered(path)
    kept: dict[str, ThreadFacts] = {}
    group = ThreadFacts("", [], [])
    with opened(path) as file:
        for number, line in lines(file):
            if number == 1:
                continue
            try:
                fact = fact_of(line)
            except (msgspec.DecodeError, RecursionError):
                kept.setdefault("", ThreadFacts("", [], [])).unreadable.append(number)
                continue
            thread = _thread_of(fact)
            if not thread or thread in scattered:
                kept.setdefault(thread, ThreadFacts(thread, [], [])).facts.append(fact)
                continue
            if thread != group.thread and group.facts:
                yield group
            if thread != group.thread:
                group = ThreadFacts(thread, [], [])
            group.facts.append(fact)
    if group.facts:
        yield group
    members = kept.pop("", None)
    yield from kept.values()
    if members is not None:
        yield members


def _scattered(path: Path) -> set[str]:
    """The threads whose facts do not stand together."""
    seen: set[str] = set()
    found: set[str] = set()
    last = ""
    with opened(path) as file:
        for number, line in lines(file):
            if number == 1:
                continue
            try:
                thread = _place(line).thread
            except (msgspec.DecodeError, RecursionError):
                continue
            if thread and thread != last:
                (found if thread in seen else seen).add(thread)
                last = thread
    return found


def _thread_of(fact: Fact) -> str:
    return "" if isinstance(fact, SITE_FACTS) else fact.thread
