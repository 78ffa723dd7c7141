"""How fast a projector works off a backlog: of the mix, and of posts alone, which cost the most."""

from msgspec.structs import replace

from core.policy import Policy
from tests.bench import projecting
from tests.bench.copying import PARTITIONS, entries_of
from tests.bench.figures import Figure, Target
from tests.bench.mix import Discussion
from tests.bench.processes import server
from tests.bench.stage import Stage

MIXED = Target(of="measured", at_least=30_000)
POSTED = Target(of="measured", at_least=12_000)


async def measure(stage: Stage) -> list[Figure]:
    """Both rates, and that of the mix beside its limit where it was measured with one."""
    rounds, cores = stage.sizes.rounds, stage.cores
    mix = await stage.mix()
    posts = Discussion(stage.sizes.threads, partitions=PARTITIONS)
    await posts.open(Policy(max_depth=8))
    await posts.post(stage.sizes.mix // 4)
    with server(cores.rest) as url:
        mixed = await projecting.measure(url, mix.entries, rounds=rounds, cores=cores)
        posted = await projecting.measure(url, await entries_of(posts.log), rounds=rounds, cores=cores)
    return [
        *([] if mixed.target is None else [replace(mixed, name=f"{mixed.name}, against its limit")]),
        replace(mixed, target=MIXED),
        replace(posted, name=f"{posted.name}, posts only", target=POSTED),
    ]
