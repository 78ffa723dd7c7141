"""A backup from a stranger, with a good checksum: refused in one line, within bounds, before anything is written."""

import hashlib
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.redis.deployment import open_deployment
from tests.support.restored import PARTITIONS
from workers.backup import reader
from workers.backup.file import GZIP, MAGIC, Commands, Damaged, End, Entries, Header, Lacks, Record, SiteKeysRecord
from workers.backup.file_check import check
from workers.backup.reader import records
from workers.backup.restore import restore
from workers.runtime.process import Failed

MUCH = 24 * 1024 * 1024
"""Bytes that a refusal may take, whatever the file says."""

HEADER = Header(taken=1, version="1", layout=1, partitions=1)
E = (
    b'{"type":"site.opened","actor":{"kind":"staff","id":"operator"},"site":"kew",'
    b'"policy":{"comment":"member","entitlement":"subscriber","premoderation":"none","edit_window":null,'
    b'"history":"public","votes":true,"own_votes":false,"max_body":5000,"max_depth":50,"origins":[]},"tp":""}'
)
POSTED = b'{"type":"comment.posted","actor":{"id":"ada"},"site":"kew","thread":"t","comment":"a","tp":""}'
ENTRY = (b"5-1", E, b"")
OPENED = Entries(0, [ENTRY])
END = End(upto=[b"5-1"], events=1, commands=0, sites=0)
KEYS = [(b"kind", b"hs256"), (b"keys", b'["a secret of the site kew that is long"]')]


def packed(*some: Record | bytes) -> bytes:
    """The bytes of some records, or of what is said to be one."""
    raw = [one if isinstance(one, bytes) else msgspec.msgpack.encode(one) for one in some]
    return b"".join(len(one).to_bytes(4, "big") + one for one in raw)


def stored(path: Path, unpacked: bytes, behind: bytes = b"") -> Path:
    """A file of these records, with the checksum that it should have."""
    gzip = zlib.compressobj(9, wbits=GZIP)
    data = MAGIC + gzip.compress(unpacked) + gzip.flush() + behind
    path.write_bytes(data + hashlib.sha256(data).digest())
    return path


def entry(change: Callable[[bytes], bytes] = lambda e: e, *, at: bytes = b"5-1", c: bytes = b"") -> Entries:
    return Entries(0, [(at, change(E), c)])


def listing(head: bytes, **more: Any) -> bytes:
    """Entries whose list begins like that, and goes on with nothing."""
    fields = {"type": "entries", "partition": 0, **more}
    return bytes([0x80 | len(fields) + 1]) + msgspec.msgpack.encode(fields)[1:] + b"\xa7entries" + head


def test_what_is_made_here_is_a_backup_where_nothing_is_wrong_with_it(tmp_path: Path) -> None:
    path = stored(
        tmp_path / "good", packed(HEADER, OPENED, SiteKeysRecord("kew", KEYS), msgspec.structs.replace(END, sites=1))
    )
    assert check(path).end.events == 1


HOSTILE: dict[str, tuple[tuple[Record | bytes, ...], str]] = {
    "no partitions": ((Header(taken=1, version="1", layout=1, partitions=0),), r"no deployment has 0 partitions \(rec"),
    "too many partitions": (
        (Header(taken=1, version="1", layout=1, partitions=3_000_000_000),),
        r"no deployment has 3000000000 partitions \(record 1\)",
    ),
    "fewer than none": ((Header(taken=1, version="1", layout=1, partitions=-1),), "no deployment has -1 partitions"),
    "a version without end": (
        (Header(taken=1, version="1" * 1000, layout=1, partitions=1),),
        "record 1 cannot be read",
    ),
    "a list announced and not delivered": ((HEADER, listing(b"\xdd\xff\xff\xff\xff")), "record 2 cannot be read"),
    "bytes announced and not delivered": (
        (HEADER, listing(b"\x91\x93\xc6\xff\xff\xff\xff")),
        "record 2 cannot be read",
    ),
    "a list that is too long": (
        (HEADER, listing(b"\xdd\x00\x10\x00\x00" + b"\x93\xc4\x00\xc4\x00\xc4\x00" * 0x100000)),
        r"record 2 cannot be read \(ValueError: a list in it has more than 65536 items\)",
    ),
    "a list that is too long, and another": (
        (
            HEADER,
            b"\x84"
            + listing(b"\xdd\x00\x10\x00\x00" + b"\x93\xc4\x00\xc4\x00\xc4\x00" * 0x100000)[1:]
            + b"\xa7entries\x90",
        ),
        "it has no entries",
    ),
    "nested without end": ((HEADER, listing(b"\x91" * 100_000)), "record 2 cannot be read"),
    "another type": ((HEADER, listing(b"\xa4text")), "record 2 cannot be read"),
    "a number for a partition that is none": ((HEADER, listing(b"\x90", partition="0")), "record 2 cannot be read"),
    "a record of no kind": ((HEADER, msgspec.msgpack.encode({"type": "song"})), "record 2 cannot be read"),
    "no record at all": ((HEADER, b"\x00"), "record 2 cannot be read"),
    "an empty record": ((HEADER, b""), "record 2 cannot be read"),
    "a partition beyond the last": ((HEADER, Entries(1, [ENTRY])), r"there is no partition 1 \(record 2\)"),
    "a partition before the first": ((HEADER, Entries(-1, [ENTRY])), "there is no partition -1"),
    "a partition without bound": ((HEADER, Entries(2**63, [ENTRY])), "there is no partition 9223372036854775808"),
    "no entries": ((HEADER, Entries(0, [])), r"it has no entries \(record 2\)"),
    "no position": ((HEADER, entry(at=b"five")), r"a position must be <ms>-<n> \(record 2, entry 1\)"),
    "a position in other letters": ((HEADER, entry(at="5-\u0661".encode())), "a position must be <ms>-<n>"),
    "a position without end": ((HEADER, entry(at=b"9" * 5000 + b"-1")), "a position must be <ms>-<n>"),
    "a position with a zero in front": ((HEADER, entry(at=b"05-1")), "a position must be <ms>-<n>"),
    "a position that is not the first": ((HEADER, entry(at=b"5-2")), "there is a hole in partition 0 after 0-0"),
    "a time that cannot be written": (
        (HEADER, entry(at=b"999999999999999-1")),
        r"the entry at 999999999999999-1 cannot be read: its time is outside the years 1 to 9999 \(record 2, entry 1\)",
    ),
    "no JSON": ((HEADER, entry(lambda _: b"{")), r"the entry at 5-1 cannot be read: .*\(record 2, entry 1\)"),
    "no text": ((HEADER, entry(lambda _: b"")), "the entry at 5-1 cannot be read"),
    "JSON without end": ((HEADER, entry(lambda _: b"[" * 100_000)), "the entry at 5-1 cannot be read"),
    "no fact": (
        (HEADER, entry(lambda e: e.replace(b'"policy"', b'"other"'))),
        "cannot be read: (KeyError|ValidationError)",
    ),
    "no such site": (
        (HEADER, entry(lambda e: e.replace(b'"kew"', b'"k/w"'))),
        "the name of its site or thread is invalid",
    ),
    "no such actor": (
        (HEADER, entry(lambda e: e.replace(b'"operator"', b'"\\u001b[31m"'))),
        "the event at 5-1 is inconsistent: the id of its actor is invalid",
    ),
    "content that is no object": ((HEADER, entry(c=b"\x00[]")), "makes no sense|cannot be read"),
    "content that says the fact again": (
        (HEADER, Entries(0, [(b"5-1", POSTED, b'\x00{"comment":"b"}')])),
        "its content and its facts name different comments",
    ),
    "a comment of no name": (
        (HEADER, Entries(0, [(b"5-1", POSTED.replace(b'"a"', b'"a b"'), b"")])),
        "its comment is invalid",
    ),
    "an event before the first": (
        (HEADER, entry(lambda e: e.replace(b'"tp":""', b'"tp":"1-1"'))),
        r"is not a true record of partition 0: the entry at 5-1 does not follow those before it \(record 2, entry 1\)",
    ),
    "no pointers": ((HEADER, entry(lambda e: e.replace(b',"tp":""', b""))), "is not a true record of partition 0"),
    "command keys of no window": (
        (HEADER, OPENED, Commands(0, 10**12, [(b"k", b"1d")])),
        "there is no window 1000000000",
    ),
    "command keys before the first window": (
        (HEADER, OPENED, Commands(0, -1, [(b"k", b"1d")])),
        "there is no window -1",
    ),
    "no command key": (
        (HEADER, OPENED, Commands(0, 0, [(b"k", b"1 d \xff")])),
        r"it is not a command key \(record 3, entr",
    ),
    "a command key without end": (
        (HEADER, OPENED, Commands(0, 0, [(b"k" * 256, b"1 d 5-1")])),
        "no command key is tha",
    ),
    "a command key of what is not there": (
        (HEADER, OPENED, Commands(0, 0, [(b"k", b"1 d 5-9")])),
        r"it is the command key of events that are missing \(record 3, entry 1\)",
    ),
    "no command keys": ((HEADER, OPENED, Commands(0, 0, [])), "it has no command keys"),
    "keys of no site": ((HEADER, OPENED, SiteKeysRecord("hansard", KEYS)), "these are the keys of no site"),
    "keys of a site twice": (
        (HEADER, OPENED, *[SiteKeysRecord("kew", KEYS)] * 2),
        r"or of a site that was there before \(record 4\)",
    ),
    "no keys": ((HEADER, OPENED, SiteKeysRecord("kew", [(b"kind", b"hs256")])), "these are not keys of the site kew"),
    "keys that are none": (
        (HEADER, OPENED, SiteKeysRecord("kew", [(b"kind", b"hs256"), (b"keys", b"[1]")])),
        "these are not keys of the site kew",
    ),
    "entries behind what is lacking": (
        (HEADER, Lacks(partition=0, after=b"0-0", why="because"), OPENED),
        "partition 0 continues after the part that it lacks",
    ),
    "lacking somewhere else": (
        (HEADER, Lacks(partition=0, after=b"7-7", why="because")),
        "does not end where it lacks",
    ),
    "lacking in no partition": ((HEADER, Lacks(partition=7, after=b"0-0", why="because")), "there is no partition 7"),
    "lacking without end": (
        (HEADER, *[Lacks(partition=0, after=b"0-0", why="x")] * 10_001),
        r"more than 10000 parts are missing \(record 10002\)",
    ),
    "an end without end": (
        (HEADER, End(upto=[b""] * 70_000, events=0, commands=0, sites=0)),
        "record 2 cannot be read",
    ),
    "another end": ((HEADER, OPENED, msgspec.structs.replace(END, events=2)), "does not hold what its end record says"),
    "nothing": ((), "is not a backup: it has no header"),
}


@pytest.mark.parametrize(("content", "said"), HOSTILE.values(), ids=HOSTILE)
def test_it_is_refused_in_one_line_and_costs_next_to_nothing(
    tmp_path: Path, content: tuple[Record | bytes, ...], said: str
) -> None:
    path = stored(tmp_path / "strange", packed(*content))
    tracemalloc.start()
    try:
        with pytest.raises(Failed, match=said) as refused:
            check(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert str(refused.value).startswith(str(path))
    assert "\n" not in str(refused.value)
    assert peak < MUCH


@pytest.mark.parametrize("length", [2**32 - 1, reader._LONGEST + 1])
def test_a_record_that_says_it_is_longer_than_any_is_refused_before_it_is_read(tmp_path: Path, length: int) -> None:
    path = stored(tmp_path / "long", packed(HEADER) + length.to_bytes(4, "big") + b"\x00" * 50_000_000)
    assert path.stat().st_size < 100_000
    tracemalloc.start()
    try:
        with pytest.raises(Damaged, match=f"record 2 claims to have {length} bytes"):
            check(path)
        assert tracemalloc.get_traced_memory()[1] < MUCH
    finally:
        tracemalloc.stop()


def test_a_record_that_is_announced_and_not_delivered_is_refused(tmp_path: Path) -> None:
    path = stored(tmp_path / "short", packed(HEADER) + (1_000_000).to_bytes(4, "big") + b"\x00" * 10)
    with pytest.raises(Damaged, match="it ends inside record 2"):
        check(path)


@pytest.mark.parametrize("behind", [b"x", b"x" * 1000, zlib.compress(b"more", wbits=GZIP)])
def test_nothing_stands_between_what_was_packed_and_the_checksum(tmp_path: Path, behind: bytes) -> None:
    path = stored(tmp_path / "more", packed(HEADER, OPENED, END), behind)
    with pytest.raises(Damaged, match="does not end where the checksum begins"):
        check(path)


def test_what_was_packed_has_an_end(tmp_path: Path) -> None:
    gzip = zlib.compressobj(9, wbits=GZIP)
    data = MAGIC + gzip.compress(packed(HEADER, OPENED, END)) + gzip.flush(zlib.Z_FULL_FLUSH)
    (tmp_path / "open").write_bytes(data + hashlib.sha256(data).digest())
    with pytest.raises(Damaged, match=r"does not end where the checksum begins|cannot be unpacked"):
        check(tmp_path / "open")


CHANGES = st.tuples(
    st.integers(0, 1 << 24), st.sampled_from(["set", "cut", "insert"]), st.binary(min_size=1, max_size=9)
)


@settings(max_examples=150)
@given(changes=st.lists(CHANGES, min_size=1, max_size=3))
async def test_whatever_is_changed_in_what_was_packed_is_refused_in_one_line_or_can_be_restored(
    backup: tuple[str, Path], tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, str, bytes]]
) -> None:
    unpacked = bytearray(packed(*records(backup[1])))
    for anywhere, kind, some in changes:
        place = anywhere % len(unpacked)
        unpacked[place : place + (len(some) if kind == "set" else 0)] = some if kind != "cut" else b""
        if kind == "cut":
            del unpacked[place : place + len(some)]
    path = stored(tmp_path_factory.getbasetemp() / "changed", bytes(unpacked))
    try:
        check(path)
    except Failed as error:
        refused = str(error)
    else:
        refused = ""
    assert "\n" not in refused


async def test_nothing_is_written_of_a_file_that_is_refused_and_what_was_begun_is_told(
    backup: tuple[str, Path], fresh: str
) -> None:
    checked = check(backup[1])
    begun: list[bool] = []
    opening = open_deployment(fresh, partitions=PARTITIONS, restoring=checked.checksum.encode())
    async with opening as deployment:
        await deployment.calls.call("SET", deployment.keys[0].log, "somebody else's")
        with pytest.raises(Failed, match="There is a record already"):
            await restore(deployment, backup[1], checked, begun=lambda: begun.append(True))
        assert begun == []
        await deployment.calls.call("DEL", deployment.keys[0].log)
        await restore(deployment, backup[1], checked, begun=lambda: begun.append(True))
        assert begun == [True]
