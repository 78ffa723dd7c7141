"""Which log a thread lives in, and the hash tag that keeps everything of one partition in one Redis Cluster slot."""

from binascii import crc_hqx
from functools import cache, lru_cache
from hashlib import blake2b
from itertools import count
from typing import Final

SLOTS: Final = 16384


@lru_cache(maxsize=16_384)
def partition_of(site: str, thread: str, partitions: int) -> int:
    """The partition of a thread; with `thread` "" that of the site's own events.

    The first 8 bytes of BLAKE2b over `site/thread`, big-endian, modulo the number of partitions.
    """
    digest = blake2b(f"{site}/{thread}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % partitions


@cache
def tag(partition: int, partitions: int) -> str:
    """The hash tag of a partition: `p07` and the smallest salt that puts it into its share of the slots.

    The slots are cut into as many equal ranges as there are partitions and the p-th partition lands in the p-th, so
    that contiguous slot ranges, which is what the nodes of a cluster hold, get equal numbers of partitions.
    """
    for salt in count():
        name = f"p{partition:02d}.{salt}"
        if slot(name) * partitions // SLOTS == partition:
            return name
    raise AssertionError("count() does not end")


def slot(name: str) -> int:
    """The Redis Cluster slot of a hash tag: CRC16/XMODEM modulo 16384 (Redis Cluster specification)."""
    return crc_hqx(name.encode(), 0) % SLOTS
