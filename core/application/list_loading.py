"""Loading of word lists: their terms from the log, compiled once per version and process."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from anyio import to_thread

from core import heads
from core.application.aggregate_cache import AggregateCache
from core.application.aggregates import Aggregates
from core.domain.context import LoadedList
from core.events.envelope import UnreadableEntry, read
from core.events.site_events import ListChanged
from core.log.port import Log
from core.partitions import partition_of
from core.position import Position
from core.singleflight import SingleFlight
from core.text.word_list import WordList


async def terms_of(log: Log, site: str, position: Position) -> tuple[str, ...] | None:
    """Return the terms of a version of a list of a site; None if they are gone."""
    entry = await log.entry(partition_of(site, "", log.partitions), position)
    if entry is None:
        return None
    try:
        event = read(*entry).event
    except UnreadableEntry:
        return None
    return event.terms if isinstance(event, ListChanged) else None


async def load_lists(
    log: Log, site: str, loaded: Aggregates, names: frozenset[str], cache: AggregateCache | None
) -> Mapping[str, LoadedList]:
    """Return the lists of these names that the site has, as of a load with their head. Raises Unavailable."""
    position = loaded.position(heads.LISTS)
    if position is None:
        return {}
    known = None if cache is None else cache.loaded_lists(site, names, position)
    if known is not None:
        return known
    lists, found = loaded.lists, dict[str, LoadedList]()
    for name in sorted(names):  # in the order in which facts record them
        version = lists.versions.get(name)
        if version is None:
            continue
        at = Position.parse(version.at)
        key = id(log), site, at
        words = None if cache is None else cache.word_list(site, name, at)
        if words is None:
            words = await _COMPILING.get(key, partial(_compiled, log, site, at))
            if words is not None and cache is not None:
                cache.put_word_list(site, name, at, words, version.count)
        found[name] = LoadedList(version.at, words)
    if cache is not None and all(one.words is not None for one in found.values()):
        cache.put_loaded_lists(site, names, position, found)
    return found


async def _compiled(log: Log, site: str, position: Position) -> WordList | None:
    terms = await terms_of(log, site, position)
    # Ten thousand terms take some 50 ms, in which other requests go on.
    return None if terms is None else await to_thread.run_sync(WordList, terms)


_COMPILING: Final = SingleFlight[tuple[int, str, Position], WordList | None]()
