"""Coverage of the scripts that the gateway serves, counted by the browser while tests run in it (CDP, `Profiler`).

With `HANSARD_WEB_COVERAGE` naming a folder, each process that runs tests leaves a file there with the characters and
functions of each module that ran in any of its pages; `make web-coverage` merges them and fails below `LEAST`. A page
is counted before it goes elsewhere and before it is closed. What ran in a page that a link has led away is lost, and so
is what ran in a window that a page opened: the share is never told too high.
"""

import argparse
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

import pytest
from msgspec import Struct, field

from workers.gateway.web.assets import STABLE, release

if TYPE_CHECKING:
    from playwright.async_api import CDPSession

FOLDER: Final = "HANSARD_WEB_COVERAGE"
"""The environment variable that names the folder."""
LEAST: Final = 90.0
"""Per cent of the characters of all modules, without white space and comments, that have to run."""
_UNIT: Final = "utf-16-le"
"""Offsets of the browser count units of this encoding."""


class Module(Struct):
    """What is known of one module."""

    source: str
    ran: bytearray
    """By character of the source: 1 if it ran."""
    functions: dict[str, bool] = field(default_factory=dict)
    """By name and place: whether the function was called."""

    @property
    def counted(self) -> list[int]:
        """Places of the characters that count."""
        return [at for at, character in enumerate(self.source) if not character.isspace()]

    @property
    def share(self) -> "Share":
        """How much of it ran."""
        counted = self.counted
        return Share(
            sum(self.ran[at] for at in counted), len(counted), sum(self.functions.values()), len(self.functions)
        )


class Share(NamedTuple):
    """Characters and functions that ran, of how many."""

    ran: int
    characters: int
    called: int
    functions: int

    @property
    def per_cent(self) -> float:
        """Characters that ran, of a hundred."""
        return 100 * self.ran / self.characters if self.characters else 100.0


class Coverage:
    """The modules of this release, by path."""

    def __init__(self) -> None:
        found = release()
        self._paths = dict(STABLE) | {f"/embed/{found.digest}/{path}": path for path in found.files}
        bodies = {STABLE[address]: asset.body for address, asset in found.stable.items()}
        bodies |= {path: asset.body for path, asset in found.files.items() if path.endswith(".js")}
        self.modules = {path: Module(body.decode(), bytearray(len(body.decode()))) for path, body in bodies.items()}

    def add(self, scripts: Sequence[Mapping[str, Any]]) -> None:
        """Merge what `Profiler.takePreciseCoverage` returned. Scripts of others and of other releases are left out."""
        for script in scripts:
            module = self.modules.get(self._paths.get(urlsplit(script["url"]).path, ""))
            if module is None:
                continue
            place = _places(module.source)
            ranges = sorted(
                (one for function in script["functions"] for one in function["ranges"]),
                key=lambda one: (one["startOffset"], -one["endOffset"]),
            )
            ran = bytearray(len(module.source))
            for one in ranges:  # an inner range says more than the one around it
                start, end = place(one["startOffset"]), place(one["endOffset"])
                ran[start:end] = (b"\1" if one["count"] else b"\0") * (end - start)
            module.ran = bytearray(map(max, module.ran, ran))
            for function in script["functions"]:
                first = function["ranges"][0]
                name = f"{function['functionName']}@{first['startOffset']}"
                module.functions[name] = module.functions.get(name, False) or first["count"] > 0

    def merge(self, told: Mapping[str, Any]) -> None:
        """Merge what another process has left."""
        for path, one in told.items():
            module = self.modules[path]
            module.ran = bytearray(map(max, module.ran, bytes.fromhex(one["ran"])))
            for name, called in one["functions"].items():
                module.functions[name] = module.functions.get(name, False) or called

    def document(self) -> dict[str, Any]:
        """Return all of it as JSON."""
        return {path: {"ran": one.ran.hex(), "functions": one.functions} for path, one in self.modules.items()}

    @property
    def total(self) -> Share:
        """The share of all modules together."""
        shares = [module.share for module in self.modules.values()]
        return Share(*(sum(column) for column in zip(*shares, strict=True)))

    def missed(self, path: str) -> list[str]:
        """Return the lines of a module of which something did not run, each with its number."""
        module, found, at = self.modules[path], [], 0
        for number, line in enumerate(module.source.split("\n"), start=1):
            if any(not module.ran[at + here] for here, character in enumerate(line) if not character.isspace()):
                found.append(f"{path}:{number}: {line.strip()}")
            at += len(line) + 1
        return found


def _places(source: str) -> Any:
    """Return what turns an offset of the browser into the place of a character."""
    if all(ord(character) <= 0xFFFF for character in source):
        return lambda offset: offset
    units = source.encode(_UNIT)
    return lambda offset: len(units[: 2 * offset].decode(_UNIT, errors="ignore"))


@contextmanager
def recorded() -> Iterator[None]:
    """Record what runs in the pages that are opened in the block, if a folder is named."""
    folder = os.environ.get(FOLDER)
    if not folder:
        yield
        return
    found = Coverage()
    with pytest.MonkeyPatch.context() as patch:
        _record(patch, found)
        yield
    there = Path(folder)
    there.mkdir(parents=True, exist_ok=True)
    (there / f"{os.getpid()}.json").write_text(json.dumps(found.document()))


def _record(patch: pytest.MonkeyPatch, found: Coverage) -> None:
    """Let Playwright's pages be counted from their beginning, before they go elsewhere, and before they are closed."""
    from playwright.async_api import BrowserContext, Error, Page  # noqa: PLC0415 - an extra, which may not be here

    sessions: dict[Page, CDPSession] = {}
    open_page, close_context = BrowserContext.new_page, BrowserContext.close

    async def count(page: Page) -> None:
        session = sessions.get(page)
        if session is None or page.is_closed():
            return
        with suppress(Error):  # of a page that has crashed nothing is known
            found.add((await session.send("Profiler.takePreciseCoverage"))["result"])

    async def opened(context: BrowserContext) -> Page:
        page = await open_page(context)
        session = sessions[page] = await context.new_cdp_session(page)
        await session.send("Profiler.enable")
        await session.send("Profiler.startPreciseCoverage", {"callCount": True, "detailed": True})
        return page

    async def closed(context: BrowserContext, **options: Any) -> None:
        for page in context.pages:
            await count(page)
            sessions.pop(page, None)
        await close_context(context, **options)

    def first(name: str) -> None:
        method = getattr(Page, name)

        async def counted(page: Page, *given: Any, **options: Any) -> Any:
            await count(page)
            return await method(page, *given, **options)

        patch.setattr(Page, name, counted)

    patch.setattr(BrowserContext, "new_page", opened)
    patch.setattr(BrowserContext, "close", closed)
    for name in ("goto", "reload", "close", "go_back", "go_forward"):
        first(name)


def main(arguments: Sequence[str] | None = None) -> int:
    """Merge what the processes of a run have left, and print the share of each module; 1 if all have too little."""
    parser = argparse.ArgumentParser(prog="python -m tests.web.coverage", description="Tell the coverage of a run.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--missed", action="store_true", help="print the lines that did not run, too")
    parser.add_argument("--part", action="store_true", help="only a part of the tests ran: judge nothing")
    given = parser.parse_args(arguments)
    found = Coverage()
    for path in sorted(given.folder.glob("*.json")):
        found.merge(json.loads(path.read_text()))
    rows = [(module.share, path) for path, module in sorted(found.modules.items())]
    for share, path in [*rows, (found.total, "all modules")]:
        print(f"{share.per_cent:6.1f} %  {share.called:4} of {share.functions:4} functions  {path}")
    if given.missed:
        print(*(line for path in sorted(found.modules) for line in found.missed(path)), sep="\n")
    if given.part or found.total.per_cent >= LEAST:
        return 0
    print(f"less than {LEAST:.0f} % of the scripts ran")
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
