"""How long after its acknowledgement a comment is on the screens of those who follow its thread.

Posts come at a set rate; threads, readers and posts follow Zipf's law, so that one comment is told about sixty of a
thousand. Everybody who is told counts. After an acknowledgement come a read, a commit and a read, each of which waits
for what the server puts on disk meanwhile: a slow disk is seen in these figures as in the time to acknowledge.
"""

from typing import Final

from tests.bench.asks import Post, zipf
from tests.bench.crowd import feed
from tests.bench.driving import Part
from tests.bench.figures import Figure, Target
from tests.bench.house import CREATED, open_site
from tests.bench.load import Drive
from tests.bench.processes import hansard, server
from tests.bench.stage import Stage

THREADS: Final = tuple(f"live-{number}" for number in range(100))
CLIENTS: Final = 16
RATE: Final = 200.0


async def measure(stage: Stage) -> list[Figure]:
    """Median and 99th percentile, and how many were told a second."""
    cores, sizes = stage.cores, stage.sizes
    middles, slowest, told, answered = [], [], [], []
    feeds = _feeds(sizes.followers)
    with (
        server(cores.rest) as url,
        hansard("gateway", url, cores.own) as gateway,
        hansard("projector", url, cores.rest),
    ):
        await open_site(gateway.url, THREADS)
        await stage.load.follow(gateway.url, feeds)
        for number in range(-1, sizes.rounds):
            posts = Part(asks=Post(series=f"l{number}", threads=THREADS), clients=CLIENTS, rate=RATE)
            done = await stage.load.do(Drive(url=gateway.url, parts=(posts,), seconds=sizes.load))
            assert not done.loads[0].others(CREATED), done.loads
            if number < 0:
                continue  # the first is to warm up
            middles.append(done.heard.percentile(0.5) * 1000)
            slowest.append(done.heard.percentile(0.99) * 1000)
            told.append(done.deliveries / done.seconds)
            answered.append(done.loads[0].all_times.percentile(0.5) * 1000)
        await stage.load.leave()
    name = f"POST acknowledged to visible, {RATE:.0f} posts/s, {sum(feeds.values()):,} open feeds"
    return [
        Figure(name=f"{name}, median", unit="ms", measured=tuple(middles), target=Target(of="measured", at_most=8)),
        Figure(
            name=f"{name}, 99th percentile",
            unit="ms",
            measured=tuple(slowest),
            target=Target(of="measured", at_most=50),
        ),
        # What a slow disk makes longer, it makes longer here, too.
        Figure(name=f"POST acknowledged, {RATE:.0f} posts/s, median", unit="ms", measured=tuple(answered)),
        Figure(name=f"{name}, deliveries", unit="deliveries/s", measured=tuple(told)),
    ]


def _feeds(clients: int) -> dict[str, int]:
    """How many follow each thread: by Zipf's law, at least one."""
    bounds = zipf(len(THREADS))
    shares = [bound - before for bound, before in zip(bounds, [0.0, *bounds], strict=False)]
    return {
        feed(thread): max(1, round(clients * share / bounds[-1])) for thread, share in zip(THREADS, shares, strict=True)
    }
