"""What the tests of backups share."""

from pathlib import Path
from typing import Any, Final

from redis.cluster import RedisCluster

from core.keys import DEPLOYMENT
from core.redis.deployment import open_deployment
from core.redis.topology import find_servers
from tests.support.servers import client
from workers.backup.file_check import Checked, check
from workers.backup.restore import restore

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


async def everything(url: str) -> dict[str, Any]:
    """What servers hold that a backup is of: every log, head, command key and site's key, by the name of its key.

    The deployment's id is left out: a copy is another deployment.
    """
    found: dict[str, Any] = {}
    async with find_servers(url) as topology:
        for node in topology.primaries():
            redis = node.writing
            async for name in redis.scan_iter(count=1000):
                key = name.decode() if isinstance(name, bytes) else name
                if key.endswith(":log"):
                    found[key] = await redis.xrange(name)
                elif key == DEPLOYMENT:
                    found[key] = {
                        field: value for field, value in (await redis.hgetall(name)).items() if field != b"id"
                    }
                elif ":heads:" in key or ":keys:" in key:
                    found[key] = await redis.hgetall(name)
                elif ":commands:" in key:
                    found[key] = await redis.hgetall(name), await redis.pexpiretime(name)
    return found
