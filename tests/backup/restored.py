"""What the tests of backups share."""

from pathlib import Path
from typing import Any, Final

from redis.cluster import RedisCluster

from core.redis.deployment import open_deployment
from tests.servers import client
from workers.backup.checking import Checked, check
from workers.backup.restoring import restore

PARTITIONS: Final = 2
SECRETS: Final = b'["a secret of the site kew that is long"]'


async def restored(url: str, path: Path, partitions: int = PARTITIONS) -> Checked:
    checked = check(path)
    async with open_deployment(url, partitions=partitions, restoring=checked.checksum.encode()) as deployment:
        await restore(deployment, path, checked)
    return checked


def looking(url: str) -> Any:
    """A plain client of a server, or of all the primaries of a cluster, for looking and for setting things up."""
    scheme, _, places = url.partition("+cluster://")
    if not places:
        return client(url)
    return RedisCluster.from_url(f"{scheme}://{places.partition(',')[0]}")
