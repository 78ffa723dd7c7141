"""Redis key names. No other module builds one.

All keys of a partition carry its hash tag and so share one slot. View keys carry their generation.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from core.partitions import partition_of, tag

DEPLOYMENT: Final = "hansard:deployment"
"""Hash: the deployment's record. `partitions` and `id` (random) are fixed at creation. `hansard upgrade` raises
`format` (`core.formats`). `restoring` names the backup being restored and is removed when the restore is complete.
`copied` is "1" once every partition has its copy of the id, and "0" while partitions have a copy of an earlier id of
the deployment."""

PROCESSES: Final = f"{{{DEPLOYMENT}}}:processes"
"""Sorted set: the live processes (`core.redis.live_processes`), scored by the time until which they count as alive. It
shares the slot of the record, so that one script reads both."""

REBUILD: Final = "hansard:rebuild"
"""String: the rebuild that has begun and not ended."""

WORKERS: Final = "hansard:workers"
"""Sorted set: the projecting workers, scored by the time until which they count as alive."""

SCREENERS: Final = "hansard:screeners"
"""Sorted set: the workers that ask screeners, scored likewise."""

SITES: Final = "hansard:sites"
"""Set: the names of the sites that have keys. A name is added before the keys are written."""

SITES_NOTED: Final = "hansard:sites:noted"
"""String: while present, `SITES` holds every site. It expires, because other versions do not maintain that set."""

FIRST_GENERATION: Final = 1
"""Generation of views that a new deployment begins with. It is served where no pointer names another."""

WINDOW_MS: Final = 24 * 3600 * 1000
"""Length of one window of command keys, in milliseconds."""


def window(ms: int) -> int:
    """Return the window of command keys that contains a time (milliseconds since 1970)."""
    return ms // WINDOW_MS


def expires(number: int) -> int:
    """Return the expiry of a window of command keys, in milliseconds since 1970.

    It leaves time for the next window to end, and one window more as a margin.
    """
    return (number + 3) * WINDOW_MS


def prefix(key: str) -> str:
    """Return the prefix shared with neighbouring keys: for a view or a snapshot, that of its partition's `…_prefix`."""
    # `hansard:{tag}:g1:…`: the prefix ends with the third colon, whatever follows.
    return ":".join(key.split(":", 3)[:3]) + ":"


class ThreadViews(NamedTuple):
    """Keys of the views of one thread in one generation."""

    meta: str
    """Hash: the thread, its counts and positions."""
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
    """Sorted set, by member: replies on the page, by parent then age."""
    answers: str
    """Hash: comment to the number of its replies on the page, and the first of them. Absent where there are none."""
    revisions: str
    """Hash: `<comment>:<revision>` to a text that the row does not keep: neither the standing nor the latest one."""
    ballots: str
    """Sorted set, by member: `<member> <comment> …`, the votes by voter."""
    waiting: str
    """Sorted set, by member: `<member> …`, waiting, rejected or withdrawn comments by author."""
    reports: str
    """Hash: comment to its open reports, `<comment>:closed` to those that its last decision closed, and
    `<comment>:notices` to the words of the notices about it."""
    filed: str
    """Sorted set, by member: `<member> <age> …`, the reports of each member, open and decided."""


class Partition:
    """The keys of one partition."""

    def __init__(self, number: int, partitions: int, tagged: str | None = None) -> None:
        """`tagged` is written in place of the partition's hash tag, for a pattern."""
        self.number = number
        self.partitions = partitions
        self._base = f"hansard:{{{tag(number, partitions) if tagged is None else tagged}}}"
        self.deployment = f"{self._base}:deployment"
        """String: the partition's copy of the deployment's id, and the number of lost entries that were accepted
        (`core/redis/scripts/log_integrity.lua`)."""
        self.log = f"{self._base}:log"
        """Stream: the events."""
        self.log_channel = f"{self._base}:log"
        """Channel: a message per append."""
        self.view_channel = f"{self._base}:view"
        """Channel: a message per commit of views."""
        self.lease = f"{self._base}:lease"
        """Hash: the lease of the partition's projector (`nonce`, `worker`, `until`)."""
        self.building = f"{self._base}:building"
        """Hash: as `lease`, for the worker that builds another generation of views beside the served one."""
        self.screening_lease = f"{self._base}:screening:lease"
        """Hash: as `lease`, for the worker that has the texts of the partition screened."""
        self.screening_cursor = f"{self._base}:screening:cursor"
        """String: position of the last event that was looked at for texts to screen."""
        self.screening_due = f"{self._base}:screening:due"
        """Hash: what the screener is still to be asked or told, to the position of the event that asks for it
        (`workers.screener.due_store`)."""
        self.generation = f"{self._base}:generation"
        """String: the served generation of views (`projections.views.pointer`)."""
        self.generations = f"{self._base}:generations"
        """Hash: number of a generation of views to the version that built it (`projections.views.generations`)."""
        self.feed = f"{self._base}:feed"
        """Stream: the rows that changed."""
        self.feed_trimmed = f"{self._base}:feed:trimmed"
        """String: the largest id trimmed off the feed."""

    def heads(self, site: str, thread: str) -> str:
        """Hash: the heads of a thread, or with thread "" those of a site and its members."""
        return f"{self._base}:heads:{site}/{thread}"

    def commands(self, number: int) -> str:
        """Hash: the command keys of one window (see `window`)."""
        return f"{self._base}:commands:{number}"

    def site_keys(self, site: str) -> str:
        """Hash: the keys that sign the tokens of a site. They are not in the log."""
        return f"{self._base}:keys:{site}"

    def contacts(self, site: str) -> str:
        """Hash: the sealed names and addresses of people, for mail alone (`core.contacts`). They are not in the log."""
        return f"{self._base}:contacts:{site}"

    def screener(self, site: str) -> str:
        """String: the address and the secret of the site's screener, sealed (`core.screener`)."""
        return f"{self._base}:screener:{site}"

    def sightings(self, site: str) -> str:
        """Hash: `<thread> <anchor>` to the last search for the passage of an inline question (`core.sightings`)."""
        return f"{self._base}:sightings:{site}"

    def sighted(self, site: str) -> str:
        """Sorted set: the fields of `sightings`, scored by their times."""
        return f"{self._base}:sighted:{site}"

    def member_record(self, site: str, member: str) -> str:
        """Hash: the member record (`core.member_record`). It expires."""
        return f"{self._base}:member:{site}/{member}"

    def staff_names(self, site: str) -> str:
        """Hash: digest of the look of a name to `<id> <ms>` of the member of staff who had it, and when. It expires."""
        return f"{self._base}:staff:{site}"

    def thread_names(self, site: str, thread: str) -> str:
        """Hash: as `staff_names`, of the members who wrote in a thread."""
        return f"{self._base}:names:{site}/{thread}"

    def hands(self, site: str) -> str:
        """Hash: the items of the site's moderation queue that moderators have in hand, by moderator. It expires."""
        return f"{self._base}:hands:{site}"

    def hands_channel(self, site: str) -> str:
        """Channel: a message per change of `hands`."""
        return self.hands(site)

    def deciders(self, site: str) -> str:
        """Sorted set: the moderators of the site, scored by the times of their last decisions; `*` is the beginning."""
        return f"{self._base}:deciders:{site}"

    def batch(self, site: str, batch: str) -> str:
        """String: the id of the member of staff who may continue a batch. It expires."""
        return f"{self._base}:batch:{site}/{batch}"

    def rate(self, site: str, kind: str, whose: str) -> str:
        """String: the rate of a member, a network or a whole site (`workers.gateway.rates`). It expires.

        Its changes are neither replicated nor written to the append-only file.
        """
        return f"{self._base}:rate:{site}/{kind}/{whose}"

    def snapshots(self, site: str, thread: str) -> str:
        """Hash: position to the snapshot of a thread at that position."""
        return f"{self.snapshots_prefix()}{site}/{thread}"

    def snapshots_prefix(self) -> str:
        """Common prefix of all snapshot keys; `<site>/<thread>` follows."""
        return f"{self._base}:snapshots:"

    def views_prefix(self, generation: int) -> str:
        """Common prefix of all keys of one generation of views, its cursor included."""
        return f"{self._base}:g{generation}:"

    def cursor(self, generation: int) -> str:
        """String: position of the last event applied to this generation of views."""
        return f"{self.views_prefix(generation)}cursor"

    def parked(self, generation: int) -> str:
        """Hash: `<site>/<thread>` to the reason and the position at which its projection stopped in this generation."""
        return f"{self.views_prefix(generation)}parked"

    def versions(self, generation: int) -> str:
        """Set: the Hansard versions that have written to this generation of views (`projections.views.versions`)."""
        return f"{self.views_prefix(generation)}versions"

    def staged(self, nonce: str, site: str, thread: str) -> ThreadViews:
        """Staging keys for the views of one thread, written before they replace the current ones."""
        return _views(f"{self._base}:staged:{nonce}:{site}/{thread}")

    def thread_views(self, generation: int, site: str, thread: str) -> ThreadViews:
        """The keys of the views of one thread."""
        return _views(f"{self.views_prefix(generation)}thread:{site}/{thread}")

    def listing(self, generation: int, site: str, name: str) -> str:
        """Key of a listing: a view across the site's threads in this partition (`projections.views.listings`)."""
        return f"{self.views_prefix(generation)}site:{site}:{name}"


ANY: Final = "*"
"""The part of a pattern that matches every name and every number."""
EVERY: Final = Partition(-1, 0, tagged=ANY)
"""The keys of every partition, as patterns."""


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
        """Pattern that matches the `site_keys` of all sites; it may match other keys too."""
        return EVERY.site_keys(ANY)

    def of(self, site: str, thread: str = "") -> Partition:
        """Return the partition of a thread, or with thread "" that of the site's own events."""
        return self._all[partition_of(site, thread, self.partitions)]

    def viewed(self, key: str) -> tuple[Partition, int] | None:
        """Return the partition and the generation of a view key; None for any other key."""
        match key.split(":", 3):
            case ["hansard", tagged, generation, _] if tagged in self._tagged and _GENERATION.fullmatch(generation):
                return self._tagged[tagged], int(generation[1:])
            case _:
                return None


def _views(base: str) -> ThreadViews:
    return ThreadViews(*[base + name for name in _NAMES])


_NAMES: Final = tuple(f":{name}" for name in ThreadViews._fields)
_GENERATION: Final = re.compile(r"g[1-9][0-9]*")
