"""Every key name there is. Nothing else spells one.

All keys of a partition carry its hash tag and so live in one slot. Views carry their generation.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from core.partitions import partition_of, tag

DEPLOYMENT: Final = "hansard:deployment"
"""Hash: the deployment's record. `partitions` and `id` (random) are fixed when it is created; `format` is raised by
`hansard upgrade` (`core.formats`). `restoring` names a backup that is being restored, and is gone when all of it is
there. `copied` is "1" once every partition has its copy of the id, and "0" where they have one of another id that the
deployment had before."""

PROCESSES: Final = f"{{{DEPLOYMENT}}}:processes"
"""Sorted set: the live processes (`core.redis.live_processes`), by until when they count as alive. It is in the slot of
the record, so that one script reads both."""

REBUILD: Final = "hansard:rebuild"
"""String: the rebuild that has begun and not come to its end."""

WORKERS: Final = "hansard:workers"
"""Sorted set: the workers that project, by until when they count as alive."""

SITES: Final = "hansard:sites"
"""Set: the names of the sites that have keys, each noted before its keys are written."""

SITES_NOTED: Final = "hansard:sites:noted"
"""String: while it is there, every site is in that set. It expires, because other versions note nothing."""

FIRST_GENERATION: Final = 1
"""The generation of views that a deployment begins with, and that is served where no pointer says another."""

WINDOW_MS: Final = 24 * 3600 * 1000
"""How long one window of command keys lasts."""


def window(ms: int) -> int:
    """The window of command keys that a time, in milliseconds since 1970, lies in."""
    return ms // WINDOW_MS


def expires(number: int) -> int:
    """When the command keys of a window go, in milliseconds since 1970: the next one has ended, and one is a margin."""
    return (number + 3) * WINDOW_MS


def prefix(key: str) -> str:
    """What the keys beside this one begin with: for a view or a snapshot what `…_prefix` of its partition says."""
    # `hansard:{tag}:g1:…`: it ends with the third colon, whatever follows.
    return ":".join(key.split(":", 3)[:3]) + ":"


class ThreadViews(NamedTuple):
    """The fixed set of keys that the views of one thread are made of (one generation)."""

    meta: str
    """Hash: the thread itself, its counts and positions."""
    rows: str
    """Hash: comment to stored row."""
    votes: str
    """Hash: comment to tally."""
    names: str
    """Hash: comment to the JSON of its author's name, while it is published."""
    roots: str
    """Sorted set, by member: top-level rows on the page, by age."""
    top: str
    """Sorted set, by score: top-level rows on the page, by score then age."""
    anchored: str
    """Sorted set, by member: top-level rows on the page, by anchor then age."""
    replies: str
    """Sorted set, by member: rows on the page that answer, by parent then age."""
    answers: str
    """Hash: comment to how many of its answers are on the page, and the first of them; only where there are any."""
    revisions: str
    """Hash: `<comment>:<revision>` to a text that its row does not keep: neither the standing nor the latest one."""
    ballots: str
    """Sorted set, by member: `<member> <comment> …`, who voted what."""
    waiting: str
    """Sorted set, by member: `<member> …`, comments that wait or were rejected, by author."""
    reports: str
    """Hash: comment to its open reports."""


class Partition:
    """The keys of one partition."""

    def __init__(self, number: int, partitions: int) -> None:
        self.number = number
        self.partitions = partitions
        self._base = f"hansard:{{{tag(number, partitions)}}}"
        self.deployment = f"{self._base}:deployment"
        """String: the partition's copy of the deployment's id, and how many lost entries were accepted
        (`core/redis/scripts/log_integrity.lua`)."""
        self.log = f"{self._base}:log"
        """Stream: the events."""
        self.log_channel = f"{self._base}:log"
        """Channel: woken by every append."""
        self.view_channel = f"{self._base}:view"
        """Channel: woken by every commit."""
        self.lease = f"{self._base}:lease"
        """Hash: who owns the partition (`nonce`, `worker`, `until`)."""
        self.building = f"{self._base}:building"
        """Hash: as `lease`, for who builds another generation of views beside the served one."""
        self.generation = f"{self._base}:generation"
        """String: which views are served (`projections.views.pointer`)."""
        self.generations = f"{self._base}:generations"
        """Hash: number of a generation of views to what it was built by (`projections.views.generations`)."""
        self.feed = f"{self._base}:feed"
        """Stream: which rows changed."""
        self.feed_trimmed = f"{self._base}:feed:trimmed"
        """String: the largest id that was trimmed off the feed."""

    def heads(self, site: str, thread: str) -> str:
        """Hash: the heads of a thread, or with thread "" of a site and its members."""
        return f"{self._base}:heads:{site}/{thread}"

    def commands(self, number: int) -> str:
        """Hash: the command keys of one window (see `window`)."""
        return f"{self._base}:commands:{number}"

    def site_keys(self, site: str) -> str:
        """Hash: the keys that sign the tokens of a site; apart from the log."""
        return f"{self._base}:keys:{site}"

    def snapshots(self, site: str, thread: str) -> str:
        """Hash: position to the fold of a thread there."""
        return f"{self.snapshots_prefix()}{site}/{thread}"

    def snapshots_prefix(self) -> str:
        """What the names of all snapshots begin with; `<site>/<thread>` follows."""
        return f"{self._base}:snapshots:"

    def views_prefix(self, generation: int) -> str:
        """What the names of all keys of one generation of views begin with, its cursor included."""
        return f"{self._base}:g{generation}:"

    def cursor(self, generation: int) -> str:
        """String: position of the last event that this generation of views has taken in."""
        return f"{self.views_prefix(generation)}cursor"

    def parked(self, generation: int) -> str:
        """Hash: `<site>/<thread>` to why and where the projection of that thread stopped in this generation."""
        return f"{self.views_prefix(generation)}parked"

    def versions(self, generation: int) -> str:
        """Set: the versions that have written into this generation of views (`projections.views.versions`)."""
        return f"{self.views_prefix(generation)}versions"

    def staged(self, nonce: str, site: str, thread: str) -> ThreadViews:
        """Where the views of one thread are written before they are exchanged for those that it has."""
        return _views(f"{self._base}:staged:{nonce}:{site}/{thread}")

    def thread_views(self, generation: int, site: str, thread: str) -> ThreadViews:
        """The keys of the views of one thread."""
        return _views(f"{self.views_prefix(generation)}thread:{site}/{thread}")

    def site_view(self, generation: int, site: str, name: str) -> str:
        """A view across the threads of a site in this partition (`queue`, `reported`, `members`, `threads`, …)."""
        return f"{self.views_prefix(generation)}site:{site}:{name}"


class Keys:
    """The keys of a deployment with a fixed number of partitions."""

    def __init__(self, partitions: int) -> None:
        self.partitions = partitions
        self._all = tuple(Partition(number, partitions) for number in range(partitions))
        self._tagged = {one.log.split(":")[1]: one for one in self._all}

    def __getitem__(self, number: int) -> Partition:
        return self._all[number]

    def __iter__(self) -> Iterator[Partition]:
        return iter(self._all)

    def site_keys_pattern(self) -> str:
        """What matches the keys of the keys of all sites, whatever else it matches."""
        return "hansard:{*}:keys:*"

    def of(self, site: str, thread: str = "") -> Partition:
        """The partition of a thread, or of the site's own events."""
        return self._all[partition_of(site, thread, self.partitions)]

    def viewed(self, key: str) -> tuple[Partition, int] | None:
        """The partition and the generation of views that a key belongs to; None for one that is of no view."""
        match key.split(":", 3):
            case ["hansard", tagged, generation, _] if tagged in self._tagged and _GENERATION.fullmatch(generation):
                return self._tagged[tagged], int(generation[1:])
            case _:
                return None


def _views(base: str) -> ThreadViews:
    return ThreadViews(*[base + name for name in _NAMES])


_NAMES: Final = tuple(f":{name}" for name in ThreadViews._fields)
_GENERATION: Final = re.compile(r"g[1-9][0-9]*")
