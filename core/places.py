"""Registry of places: every key, file and cache in which words or profiles lie.

A *profile* is the name, the avatar and the badges of an author: the fields that events name in `PROFILE`. *Words* are
what people wrote: the other fields of `CONTENT`, and all that is made from them. Ids, codes, numbers, policies and keys
are neither.

Each layer declares its own places, and `workers.places` joins them. A test plants words through every type of event and
every operation, and fails if they lie in an undeclared place, or if a declared place is not reached.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal

from msgspec import Struct

from core.keys import (
    ANY,
    DEPLOYMENT,
    EVERY,
    PROCESSES,
    REBUILD,
    SCREENERS,
    SITES,
    SITES_NOTED,
    WORKERS,
)

Kind = Literal["stream", "hash", "sorted set", "server memory", "process memory", "file"]
Holding = Literal["words", "profile"]
Owner = Literal["author", "staff", "publisher"]
"""Authors write comments and the notes of reports; staff reasons and notes; publishers titles, addresses, quotes."""


class Place(Struct, frozen=True, kw_only=True):
    """One place: its address, its content, and the way in which the content leaves it."""

    name: str
    kind: Kind
    where: str
    """Address of the place.

    Of a key, its pattern. Of a process's memory, `<module>:<name>` or `<module>:<class>.<attribute>`. Of a file, its
    path, relative to the data directory. Of the server's memory, the command that shows it.
    """
    field: str = ""
    """Field of the stream's entries that holds the words."""
    holds: frozenset[Holding]
    whose: frozenset[Owner]
    ages: str
    """Time for which the content stays, unless it is taken out."""
    removal: str
    """Way to take one text or profile out."""


ANY_NUMBER: Final[Any] = ANY
"""Pattern in place of a number."""

BOTH: Final[frozenset[Holding]] = frozenset({"words", "profile"})
WORDS: Final[frozenset[Holding]] = frozenset({"words"})
PROFILE: Final[frozenset[Holding]] = frozenset({"profile"})
EVERYBODY: Final[frozenset[Owner]] = frozenset({"author", "staff", "publisher"})
AUTHOR: Final[frozenset[Owner]] = frozenset({"author"})
PUBLISHER: Final[frozenset[Owner]] = frozenset({"publisher"})

RESTART: Final = "restart of the process"
"""Removal from the memory of a process: there is no other way yet."""

PLACES: Final = (
    Place(
        name="log",
        kind="stream",
        where=EVERY.log,
        field="c",
        holds=BOTH,
        whose=EVERYBODY,
        ages="for ever",
        removal="none yet: the log only grows. A redaction hides a text from every interface",
    ),
    Place(
        name="sightings",
        kind="hash",
        where=EVERY.sightings(ANY),
        holds=WORDS,
        whose=PUBLISHER,
        ages="30 days; at most 500 per site",
        removal="a new quote of the inline question (`PUT …/anchors/{anchor}`)",
    ),
    Place(
        name="slow commands",
        kind="server memory",
        where="SLOWLOG GET",
        holds=BOTH,
        whose=EVERYBODY,
        ages="until `slowlog-max-len` later ones; only commands slower than `slowlog-log-slower-than`, and of each "
        "argument the first 128 bytes",
        removal="SLOWLOG RESET, and COMMANDLOG RESET where there is one, on every server",
    ),
    Place(
        name="aggregates",
        kind="process memory",
        where="core.application.aggregate_cache:AggregateCache._others",
        holds=BOTH,
        whose=EVERYBODY,
        ages="until evicted, the least recently used first (`HANSARD_FOLD_BYTES`). Bodies are kept as digests only, "
        "and terms of word lists compiled, until a later version is used (64 MiB)",
        removal=RESTART,
    ),
    Place(
        name="rendered texts",
        kind="process memory",
        where="core.text.render:_REMEMBERED",
        holds=WORDS,
        whose=AUTHOR,
        ages="until evicted, the least recently used first (16 MiB)",
        removal=RESTART,
    ),
    Place(
        name="compared names",
        kind="process memory",
        where="core.text.nickname:compared",
        holds=PROFILE,
        whose=frozenset({"author", "staff"}),
        ages="until 4,096 other names were compared",
        removal=RESTART,
    ),
    Place(
        name="normalised lines",
        kind="process memory",
        where="core.text.unicode:one_line",
        holds=BOTH,
        whose=EVERYBODY,
        ages="until 4,096 other names, badges and titles were used",
        removal=RESTART,
    ),
)
"""Places of the write side."""

WORDLESS: Final[Mapping[str, str]] = {
    DEPLOYMENT: "the deployment's record",
    PROCESSES: "live processes",
    REBUILD: "the rebuild in progress",
    WORKERS: "live workers",
    SITES: "ids of sites",
    SITES_NOTED: "a mark",
    EVERY.deployment: "the deployment's id",
    EVERY.heads(ANY, ANY): "positions, values of votes, and names, counts and digests of word lists",
    EVERY.member_record(ANY, ANY): "counts, times, and sketches of 20 texts: 20-bit hashes of runs of three words",
    EVERY.staff_names(ANY): "digests of names, ids of staff, and times",
    EVERY.thread_names(ANY, ANY): "digests of names, ids of members, and times",
    EVERY.commands(ANY_NUMBER): "positions, and digests of requests: 48 bits, not salted",
    EVERY.sighted(ANY): "ids of threads and inline questions",
    EVERY.hands(ANY): "ids of staff, threads and comments, and times",
    EVERY.deciders(ANY): "ids of staff, and times",
    EVERY.batch(ANY, ANY): "ids of staff, by random ids",
    EVERY.rate(ANY, ANY, ANY): "ids of members, digests of networks and of keys of commands, and times",
    EVERY.contacts(ANY): "names and addresses of people, sealed: unreadable without `HANSARD_CONTACTS_KEY`; kept until "
    "their field is deleted",
    SCREENERS: "live workers",
    EVERY.screening_lease: "a lease",
    EVERY.screening_cursor: "a position",
    EVERY.screening_due: "screening requests until they are answered: ids of sites, threads, comments; positions",
    EVERY.screener(ANY): "address and secret of a screener, sealed likewise",
    EVERY.site_keys(ANY): "keys that sign tokens: secrets, but no words",
}
"""Keys without words of the write side, by pattern: their content."""
