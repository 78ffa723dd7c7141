"""Bounds on what a client may take of a gateway: sizes, times and numbers, each a setting."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

RESERVED_FILES: Final = 128
"""Open files that client connections never get: for connections to Redis, the listening socket, and libraries."""
MOST_CONNECTIONS: Final = 65_536
"""Most connections of one process, even if the limit of open files allows more."""
SHARE: Final = 8
"""Divisor of a total: one member, or one client address, gets the total divided by this."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds that the HTTP server enforces. Descriptions complete the sentence "it must be …"."""

    max_header_bytes: Annotated[
        int, Meta(ge=256, le=2**20, description="the most bytes per request head, 256 to 1048576")
    ] = 32_768
    max_header_lines: Annotated[
        int, Meta(ge=8, le=10_000, description="the most header lines per request, 8 to 10000")
    ] = 100
    max_target: Annotated[int, Meta(ge=64, le=2**20, description="the most bytes of path and query, 64 to 1048576")] = (
        16_384
    )
    head_timeout: Annotated[
        float, Meta(gt=0, le=3600, description="the seconds from the first byte of a head to its end, up to 3600")
    ] = 10.0
    body_timeout: Annotated[
        float,
        Meta(
            gt=0,
            le=3600,
            description="the seconds in which a body must arrive, plus time for its size, up to 3600",
        ),
    ] = 10.0
    body_rate: Annotated[
        int,
        Meta(ge=1, le=2**30, description="the bytes of a body that extend its timeout by a second, 1 to 1073741824"),
    ] = 16_384
    idle_timeout: Annotated[
        float, Meta(gt=0, le=86_400, description="the seconds that a connection may be silent, up to 86400")
    ] = 75.0
    send_timeout: Annotated[
        float,
        Meta(gt=0, le=3600, description="the seconds in which a client must take some of a response, up to 3600"),
    ] = 30.0
    linger_timeout: Annotated[
        float,
        Meta(gt=0, le=60, description="the seconds for which unread data is dropped before a close, up to 60"),
    ] = 1.0
    max_pipelined: Annotated[
        int, Meta(ge=1, le=1000, description="the most requests per connection that wait behind the first, 1 to 1000")
    ] = 16
    max_connections: Annotated[
        int,
        Meta(
            ge=0,
            le=2**20,
            description="the most connections open at a time, up to 1048576; 0 follows the limit of open files",
        ),
    ] = 0
    trusted_proxies: Annotated[
        int, Meta(ge=0, le=16, description="the proxies between clients and this process, 0 to 16")
    ] = 0
    max_connections_per_address: Annotated[
        int,
        Meta(
            ge=0,
            le=2**20,
            description="the most connections or feeds per client address, up to 1048576; 0 is an eighth of all",
        ),
    ] = 0
    max_requests_per_address: Annotated[
        int, Meta(ge=1, le=10_000, description="the most requests running per client address, 1 to 10000")
    ] = 64
    max_body_bytes_total: Annotated[
        int, Meta(ge=1024, le=2**40, description="the most bytes of all bodies being received together, at least 1024")
    ] = 67_108_864
    max_bodies_per_token: Annotated[
        int, Meta(ge=1, le=10_000, description="the most bodies being sent per token, 1 to 10000")
    ] = 4
    max_writes_per_member: Annotated[
        int,
        Meta(ge=0, le=10_000, description="the most writes running per member, up to 10000; 0 is an eighth of all"),
    ] = 0

    def limits(self) -> "Limits":
        """These bounds alone, without the fields of a subclass."""
        return Limits(**{name: getattr(self, name) for name in Limits.__struct_fields__})

    def connections(self, files: int) -> int:
        """Number of connections that may be open in a process whose limit of open files is `files`."""
        possible = max(1, files - RESERVED_FILES)
        return min(self.max_connections or MOST_CONNECTIONS, possible)


def share(total: int) -> int:
    """An eighth of a total, at least one."""
    return max(1, total // SHARE)
