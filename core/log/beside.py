"""Reads of what lies beside the log in Redis: plain commands that go in the packet of a load."""

from collections.abc import Sequence
from typing import Any

from core import member_record
from core.keys import Keys
from core.log.port import Beside, FoundBeside
from core.redis.command import RedisCommand


def commands(keys: Keys, wanted: Beside) -> list[RedisCommand]:
    """The commands that read it."""
    own, found = keys.of(wanted.site), []
    if wanted.record:
        record = own.member_record(wanted.site, wanted.member)
        found.append(RedisCommand(("HMGET", record, *member_record.READ)))
    if wanted.look:
        names = keys.of(wanted.site, wanted.thread).thread_names(wanted.site, wanted.thread)
        found.append(RedisCommand(("HGET", own.staff_names(wanted.site), wanted.look)))
        found.append(RedisCommand(("HGET", names, wanted.look)))
    return found


def number(wanted: Beside) -> int:
    """Number of these commands."""
    return wanted.record + 2 * bool(wanted.look)


def found(wanted: Beside, replies: Sequence[Any], now: int) -> FoundBeside:
    """Decode the replies. `now` is in milliseconds since 1970: names that were not seen for 90 days are left out."""
    each = iter(replies)
    record = member_record.read(next(each)) if wanted.record else None
    if not wanted.look:
        return FoundBeside(record=record)
    return FoundBeside(record=record, staff=_owner(next(each), now), member=_owner(next(each), now))


def _owner(value: bytes | None, now: int) -> str | None:
    if value is None:
        return None
    owner, _, at = value.decode().partition(" ")
    return owner if int(at) > now - member_record.KEPT_MS else None
