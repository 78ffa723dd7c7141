"""Secrets of a data directory: made once, and for their owner alone."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from workers.runtime.generated_secrets import secrets_of
from workers.runtime.settings import SHORTEST_SECRET, SettingsError


def test_secrets_are_made_once_long_and_different(tmp_path: Path) -> None:
    made = secrets_of(tmp_path / "data")
    assert made == secrets_of(tmp_path / "data")
    assert made != secrets_of(tmp_path / "other")
    assert made.admin != made.sample
    assert len(made.admin) >= SHORTEST_SECRET
    assert made.admin not in repr(made)


def test_secrets_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    secrets_of(tmp_path / "data")
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["secrets.json"]
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "data" / "secrets.json").stat().st_mode) == 0o600


def test_secrets_that_others_may_read_are_refused(tmp_path: Path) -> None:
    secrets_of(tmp_path)
    (tmp_path / "secrets.json").chmod(0o640)
    with pytest.raises(SettingsError, match="is readable by other users: chmod 600 it"):
        secrets_of(tmp_path)


def test_damaged_secrets_are_refused_rather_than_replaced(tmp_path: Path) -> None:
    secrets_of(tmp_path)
    (tmp_path / "secrets.json").write_text('{"admin": "')
    with pytest.raises(SettingsError, match="is damaged"):
        secrets_of(tmp_path)
    assert (tmp_path / "secrets.json").read_text() == '{"admin": "'


def test_two_processes_that_make_secrets_at_once_get_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len({made.admin for made in pool.map(secrets_of, [tmp_path] * 32)}) == 1


def test_a_data_directory_that_cannot_be_used_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match=r"^The data directory .* cannot be used: Not a directory$"):
        secrets_of(tmp_path / "file" / "data")
