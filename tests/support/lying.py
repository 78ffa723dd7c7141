"""Where planted texts lie: in the keys of a server and its memory, in files, and in the memory of this process."""

import asyncio
import gc
import importlib
import stat
import sys
import types
import zlib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
from redis import Redis

from core.places import Place
from core.redis.connection import PendingReplies
from tests.support.house import SITE
from tests.support.planting import found_in
from tests.support.program import hansard
from workers.backup.file import GZIP, MAGIC

WORK: Final = (
    asyncio.Future,
    asyncio.Handle,
    types.CoroutineType,
    types.GeneratorType,
    types.AsyncGeneratorType,
    types.FrameType,
    PendingReplies,
)
"""Work under way, which is not looked into: a request or a batch is over in a moment.

A connection forgets replies half a second after they were taken, at most.
"""


_CODE: Final = (type, types.FunctionType, types.MethodType, types.BuiltinFunctionType)
"""What leads out of a declared place."""


class Lying(NamedTuple):
    """Planted texts at one address: of a key, a file or an object. `place` is None where none is declared."""

    address: str
    place: str | None
    texts: set[str]


def in_keys(server: Redis, places: Iterable[Place], wordless: Mapping[str, str]) -> Iterator[Lying]:
    """The planted texts in every key, and by no text every key that is declared nowhere."""
    for key in sorted(server.scan_iter(count=1000)):
        name = key.decode()
        here = [place for place in places if fnmatchcase(name, place.where)]
        empty = [pattern for pattern in wordless if fnmatchcase(name, pattern)]
        assert len(here) + len(empty) <= 1, f"{name} is declared twice"
        if not here and not empty:
            yield Lying(name, None, set())
        for field, data in _contents(server, key):
            place = next((one.name for one in here if one.field in ("", field)), None)
            texts = found_in(name.encode()) | set().union(*map(found_in, _unpacked(data)))
            if texts:
                yield Lying(f"{name} {field}", place, texts)


def _contents(server: Any, key: bytes) -> Iterator[tuple[str, bytes]]:
    """The parts of a key, each with the field that it is in; for a stream that of the entry."""
    match kind := server.type(key):
        case b"string":
            yield "", server.get(key)
        case b"hash":
            for field, value in server.hgetall(key).items():
                yield "", field + b" " + value
                yield "", value
        case b"zset":
            yield from (("", member) for member in server.zrange(key, 0, -1))
        case b"set":
            yield from (("", member) for member in server.smembers(key))
        case b"stream":
            for position, fields in server.xrange(key):
                yield "", position
                yield from ((field.decode(), value) for field, value in fields.items())
        case _:
            raise AssertionError(f"{key!r} is a {kind!r}, which nothing reads here")


def _unpacked(data: bytes) -> Iterator[bytes]:
    """Some bytes, and what they are made of where they are packed."""
    yield data
    with suppress(zlib.error):
        yield zlib.decompress(data)


def in_server_memory(server: Redis) -> Iterator[Lying]:
    """The planted texts among the commands that the server remembers as slow."""
    texts = found_in(b" ".join(one["command"] for one in server.slowlog_get(100_000)))
    yield Lying("SLOWLOG GET", "slow commands", texts)


def in_files(data: Path, places: Iterable[Place]) -> Iterator[Lying]:
    """The planted texts in the files of a directory."""
    for path in sorted(one for one in data.rglob("*") if one.is_file()):
        name = path.relative_to(data).as_posix()
        place = next((one.name for one in places if one.kind == "file" and fnmatchcase(name, one.where)), None)
        texts = found_in(path.read_bytes())
        if texts:
            yield Lying(name, place, texts)


def in_backup(path: Path) -> Lying:
    """The planted texts in a backup."""
    packed = path.read_bytes().removeprefix(MAGIC)
    return Lying(path.name, "backups", found_in(zlib.decompressobj(wbits=GZIP).decompress(packed)))


def in_export(content: bytes) -> Lying:
    """The planted texts in an export."""
    return Lying("export", "exports", found_in(content))


def in_plan(folder: Path, content: bytes) -> Lying:
    """The planted texts in the plan of an import of these facts, made in this folder by a process of its own."""
    folder.mkdir()
    export, plan = folder / "facts.jsonl", folder / "plan"
    export.write_bytes(content)
    done = hansard("import", "plan", "native", str(export), "--site", SITE, "--into", str(plan))
    assert done.status == 0, done.err
    written = [path for path in plan.rglob("*") if path.is_file()]
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (plan, *written)}
    assert modes == {0o700, 0o600}, "others than its owner can read it"
    return Lying("plan", "plans", found_in(b"\n".join(path.read_bytes() for path in written)))


class Memory:
    """The memory of this process, from the modules of Hansard and some objects on."""

    def __init__(self, places: Iterable[Place], *roots: object) -> None:
        self._objects: dict[int, str] = {}
        self._attributes: dict[type, dict[str, str]] = {}
        for place in places:
            if place.kind == "process memory":
                self._resolve(place)
        self._roots: list[tuple[str, object]] = [(type(root).__name__, root) for root in roots]
        self._globals = {id(vars(module)) for module in sys.modules.values()}
        for name, module in sorted(sys.modules.items()):
            if not name.startswith(("tests", "_pytest", "pytest", "__main__")):
                self._roots += ((f"{name}:{key}", value) for key, value in vars(module).items())

    def _resolve(self, place: Place) -> None:
        module, _, path = place.where.partition(":")
        owner, _, attribute = path.partition(".")
        found = getattr(importlib.import_module(module), owner)
        if attribute:
            self._attributes.setdefault(found, {})[attribute] = place.name
        else:
            self._objects[id(found)] = place.name

    def lying(self) -> Iterator[Lying]:
        """The planted texts, by the path to the object that has them.

        What several refer to is found at each declared place that it is reached from, and where it is declared nowhere.
        """
        seen: dict[tuple[int, str | None], object] = {}
        queue: deque[tuple[str, object, str | None]] = deque((path, value, None) for path, value in self._roots)
        while queue:
            path, value, place = queue.popleft()
            place = place or self._objects.get(id(value))
            if (id(value), place) in seen or id(value) in self._globals:
                continue
            seen[id(value), place] = value
            if isinstance(value, str | bytes | bytearray):
                texts = found_in(value.encode(errors="replace") if isinstance(value, str) else bytes(value))
                if texts:
                    yield Lying(path, place, texts)
                continue
            if place and isinstance(value, _CODE):
                continue
            declared = self._attributes.get(type(value), {})
            for name, child in _children(value):
                if name in declared:
                    self._objects[id(child)] = declared[name]
                queue.append((f"{path}.{name}"[-300:], child, place))


def _children(value: object) -> Iterator[tuple[str, Any]]:
    """What an object refers to, by the name of the attribute where it has one."""
    if isinstance(value, (types.ModuleType, *WORK)):
        return
    if isinstance(value, type) and not str(value.__module__).startswith(("core", "projections", "workers")):
        return
    if isinstance(value, msgspec.Struct):
        yield from ((name, getattr(value, name)) for name in value.__struct_fields__ if hasattr(value, name))
    named = getattr(value, "__dict__", None)
    if isinstance(named, dict):
        yield from ((str(name), child) for name, child in named.items())
    for child in gc.get_referents(value):
        if child is not named:
            yield type(child).__name__, child
