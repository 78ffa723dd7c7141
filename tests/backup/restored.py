"""What the tests of backups share."""

from pathlib import Path
from typing import Final

from core.redis.deployment import open_deployment
from workers.backup.checking import Checked, check
from workers.backup.restoring import restore

PARTITIONS: Final = 2
SECRETS: Final = b'["a secret of the site kew that is long"]'


async def restored(url: str, path: Path, partitions: int = PARTITIONS) -> Checked:
    checked = check(path)
    async with open_deployment(url, partitions=partitions, restoring=checked.checksum.encode()) as deployment:
        await restore(deployment, path, checked)
    return checked
