"""What every section of the benchmark is given: how much to measure, on which cores, and who asks."""

from msgspec import Struct

from core.log.port import Entry
from core.policy import Policy
from tests.bench.copying import PARTITIONS, entries_of
from tests.bench.cores import Cores
from tests.bench.loading import Loader
from tests.bench.mix import Discussion
from tests.bench.sizes import Sizes


class Mix(Struct, frozen=True):
    """A log of the mix, by partition, and the threads in it."""

    entries: list[list[Entry]]
    threads: list[str]

    @property
    def events(self) -> int:
        """How many events there are."""
        return sum(map(len, self.entries))


class Stage(Struct, kw_only=True):
    """Where things are measured."""

    sizes: Sizes
    cores: Cores
    load: Loader
    made: Mix | None = None

    async def mix(self) -> Mix:
        """The log of the mix, made when it is first needed."""
        if self.made is None:
            discussion = Discussion(self.sizes.threads, partitions=PARTITIONS)
            await discussion.open(Policy(max_depth=8))
            await discussion.go_on(self.sizes.mix)
            self.made = Mix(await entries_of(discussion.log), discussion.threads)
        return self.made
