"""Partition of a thread, and the hash tag that keeps the keys of a partition in one Redis Cluster slot."""

from binascii import crc_hqx
from functools import cache, lru_cache
from hashlib import blake2b
from itertools import count
from typing import Final

SLOTS: Final = 16384


@lru_cache(maxsize=16_384)
def partition_of(site: str, thread: str, partitions: int) -> int:
    """Return the partition of a thread, or with `thread` "" that of the site's own events.

    The first 8 bytes of BLAKE2b over `site/thread`, big-endian, modulo the number of partitions.
    """
    digest = blake2b(f"{site}/{thread}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % partitions


@cache
def tag(partition: int, partitions: int) -> str:
    """Return the hash tag of a partition: `p07` and the smallest salt that maps the tag to the partition's slot range.

    The slots are divided into as many equal ranges as there are partitions, and the tag of the p-th partition is in the
    p-th range. The nodes of a cluster hold contiguous slot ranges, and so get equal numbers of partitions.
    """
    for salt in count():
        name = f"p{partition:02d}.{salt}"
        if slot(name) * partitions // SLOTS == partition:
            return name
    raise AssertionError("count() does not end")


def slot(name: str) -> int:
    """Return the Redis Cluster slot of a hash tag: CRC16/XMODEM modulo 16384 (Redis Cluster specification)."""
    return crc_hqx(name.encode(), 0) % SLOTS
