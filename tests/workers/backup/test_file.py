"""The file of a backup: whole, or refused before anything is written."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.formats import FORMATS, Formats
from tests.support.restored import PARTITIONS, everything, restored
from workers.backup import reader
from workers.backup.file import Damaged, Entries, written
from workers.backup.file_check import check
from workers.backup.reader import records
from workers.runtime.process import Failed


@settings(max_examples=60)
@given(anywhere=st.integers(0, 1 << 24), flipped=st.none() | st.integers(1, 255))
async def test_a_file_that_was_changed_or_cut_anywhere_is_refused(
    backup: tuple[str, Path], tmp_path_factory: pytest.TempPathFactory, anywhere: int, flipped: int | None
) -> None:
    whole = backup[1].read_bytes()
    place = anywhere % len(whole)
    damaged = whole[:place]
    if flipped is not None:
        damaged += bytes([whole[place] ^ flipped]) + whole[place + 1 :]
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(damaged)
    with pytest.raises(Damaged):
        check(path)


@pytest.mark.parametrize("piece", [1, 2, 31, 32, 33, 255, 256, 4096])
async def test_records_are_the_same_in_whatever_pieces_a_file_is_read(
    backup: tuple[str, Path], monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    whole = list(records(backup[1]))
    assert len(whole) > 10
    monkeypatch.setattr(reader, "_PIECE", piece)
    assert list(records(backup[1])) == whole
    assert len(check(backup[1]).checksum) == 64


def rewritten(path: Path, backup: Path, change: Any) -> Path:
    """A file with a good checksum whose records are those of another, changed."""
    with written(path) as writer:
        for record in change(list(records(backup))):
            writer.write(record)
        writer.close()
    return path


@pytest.mark.parametrize(
    "change",
    {
        "a record left out": lambda all_of_it: [*all_of_it[:3], *all_of_it[4:]],
        "a record twice": lambda all_of_it: [*all_of_it[:3], all_of_it[3], *all_of_it[3:]],
        "no end": lambda all_of_it: all_of_it[:-1],
        "no header": lambda all_of_it: all_of_it[1:],
        "something after the end": lambda all_of_it: [*all_of_it, all_of_it[-2]],
        "two in another order": lambda all_of_it: [*all_of_it[:2], all_of_it[3], all_of_it[2], *all_of_it[4:]],
    }.values(),
)
async def test_a_file_that_does_not_hold_what_it_says_is_refused(
    backup: tuple[str, Path], tmp_path: Path, change: Any
) -> None:
    with pytest.raises(Damaged):
        check(rewritten(tmp_path / "changed", backup[1], change))


@pytest.mark.parametrize("pointer", [b'"tp":"', b'"ap":"'])
async def test_an_entry_that_does_not_say_what_was_before_it_is_not_restored(
    backup: tuple[str, Path], target: str, tmp_path: Path, pointer: bytes
) -> None:
    def crossed(all_of_it: list[Any]) -> list[Any]:
        entries = all_of_it[1].entries
        place, (position, e, c) = next((at, one) for at, one in enumerate(entries) if pointer in one[1])
        before, _, rest = e.rpartition(pointer)
        entries[place] = (position, before + pointer + b"1-1" + rest[rest.index(b'"') :], c)
        return all_of_it

    path = rewritten(tmp_path / "crossed", backup[1], crossed)
    with pytest.raises(Damaged, match="is not a true record of partition 0: the entry at"):
        await restored(target, path)


@pytest.mark.parametrize(
    ("there", "change"),
    [(True, lambda e: e[: e.rindex(b',"ap":')] + b"}"), (False, lambda e: e[:-1] + b',"ap":"1-1"}')],
    ids=["left out", "made up"],
)
async def test_an_entry_that_is_not_the_first_of_its_aggregate_must_say_so_and_no_other(
    backup: tuple[str, Path], target: str, tmp_path: Path, there: bool, change: Any
) -> None:
    def changed(all_of_it: list[Any]) -> list[Any]:
        entries = all_of_it[1].entries
        place, (position, e, c) = next((at, one) for at, one in enumerate(entries) if (b'"ap":' in one[1]) == there)
        entries[place] = (position, change(e), c)
        return all_of_it

    path = rewritten(tmp_path / "changed", backup[1], changed)
    with pytest.raises(Damaged, match="is not a true record of partition 0: the entry at"):
        await restored(target, path)


async def test_entries_of_when_nothing_was_left_out_are_restored_with_the_same_heads(
    backup: tuple[str, Path], target: str, tmp_path: Path
) -> None:
    def longer(all_of_it: list[Any]) -> list[Any]:
        for record in all_of_it:
            if isinstance(record, Entries):
                record.entries[:] = [(position, said(e), c) for position, e, c in record.entries]
        return all_of_it

    def said(e: bytes) -> bytes:
        return b'{"v":1,' + (e[1:] if b'"ap":"' in e else e[1:-1] + b',"ap":""}')

    path = rewritten(tmp_path / "longer", backup[1], longer)
    await restored(target, path)
    there, here = await everything(backup[0]), await everything(target)
    assert {name: held for name, held in here.items() if not name.endswith(":log")} == {
        name: held for name, held in there.items() if not name.endswith(":log")
    }
    logs = [name for name in there if name.endswith(":log")]
    assert len(logs) == PARTITIONS
    for name in logs:
        assert here[name] == [(at, fields | {b"e": said(fields[b"e"])}) for at, fields in there[name]]


async def test_events_that_this_version_does_not_know_are_refused_before_anything_is_written(
    backup: tuple[str, Path], tmp_path: Path
) -> None:
    def newer(all_of_it: list[Any]) -> list[Any]:
        position, e, c = all_of_it[1].entries[0]
        kind = e.split(b'"type":"')[1].split(b'"')[0]
        all_of_it[1].entries[0] = (position, e.replace(kind, b"thread.sung"), c)
        return all_of_it

    with pytest.raises(Failed, match=r"has events of type thread\.sung: restore it with a newer version"):
        check(rewritten(tmp_path / "newer", backup[1], newer))


async def test_a_format_that_this_version_does_not_read_is_refused(backup: tuple[str, Path]) -> None:
    later = FORMATS.writes + 1
    with pytest.raises(
        Failed, match=f"has data of format {FORMATS.writes}; this version of Hansard reads format {later}"
    ):
        check(backup[1], Formats(reads=(later,), writes=later))


def test_what_is_no_backup_or_not_there_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("words\n" * 100)
    with pytest.raises(Damaged, match="is not a backup that this version of Hansard can read"):
        check(tmp_path / "text")
    with pytest.raises(Failed, match="cannot be read: No such file or directory"):
        check(tmp_path / "none")
    with pytest.raises(Failed, match="cannot be written: No such file or directory"), written(tmp_path / "none" / "f"):
        pytest.fail("there is no such directory")
