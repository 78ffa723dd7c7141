"""The files of one release that browsers load: scripts, styles and words, each read and compressed once.

A release is identified by one digest over all of its files. `/embed/<digest>/<path>` never changes, so that caches may
keep it for ever, and a page never mixes the files of two releases: a file of another release is 410. `/embed.js` and
`/count.js` have addresses that stay; each response is compared with the server, and `/embed.js` names the digest.

A browser does not ask again for a module that it could not load. For further tries each file has further addresses,
`/embed/<digest>/~1/<path>` to `~99`.

Files are served as they are in the repository, except that lines of comment are empty and words have no spaces between
them. Comments are a quarter of what a reader would load, and with empty lines in their place every position in an error
is that of the source.
"""

import re
import zlib
from collections.abc import Mapping
from functools import cache
from hashlib import blake2b
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final, NamedTuple

import msgspec
from starlette.types import Receive, Scope

from core.refusals import NotFound
from workers.gateway.http import caching, compression
from workers.gateway.http.headers import headers_of
from workers.gateway.http.read_only import ReadOnly
from workers.gateway.http.refusals import OtherRelease
from workers.gateway.http.request_record import RequestRecord
from workers.gateway.http.response import NOT_MODIFIED, Header, Response

FILE: Final = "/embed/{digest}/{path:path}"
"""Route of the files of a release."""
LOADER: Final = "/embed.js"
COUNTER: Final = "/count.js"

SECTION_STYLES: Final = ("css/tokens.css", "css/section.css")
"""The style sheets of a section, by path in a release."""

STABLE: Final[Mapping[str, str]] = {LOADER: "embed.js", COUNTER: "count.js"}
"""Addresses that stay from release to release, each with its file. These files have no other address."""

MEDIA: Final[Mapping[str, bytes]] = {
    "css": b"text/css; charset=utf-8",
    "js": b"text/javascript; charset=utf-8",
    "json": b"application/json",
    "svg": b"image/svg+xml",
}
"""Media types by the ending of a name. A file with another ending cannot be served."""

_MARK: Final = b"@release@"
"""Text in a stable file that stands for the digest."""
_FURTHER: Final = re.compile(r"^~[1-9]\d?/")
"""The beginning of a further address of a file."""
_DIGEST_BYTES: Final = 8
_LEVEL: Final = 9
_GZIP: Final = zlib.MAX_WBITS | 16
_FOUND: Final = (200, NOT_MODIFIED)
_FOR_EVER: Final[Header] = (b"cache-control", b"public, max-age=31536000, immutable")
_COMPARED: Final[Header] = (b"cache-control", b"public, max-age=0, must-revalidate")
_FOR_ALL: Final[Header] = (b"cross-origin-resource-policy", b"cross-origin")
"""Pages that are isolated from other origins (COEP) may load the files, too."""


class Asset(NamedTuple):
    """One file as it is served."""

    body: bytes
    packed: bytes | None
    """The body compressed with gzip; None if it is too short for that."""
    media: bytes
    tag: str

    @property
    def served(self) -> int:
        """Bytes that a browser receives."""
        return len(self.body if self.packed is None else self.packed)


class Release(NamedTuple):
    """All files of this version of Hansard."""

    digest: str
    """16 hexadecimal digits over the paths and bytes of all files."""
    files: Mapping[str, Asset]
    """By path below `/embed/<digest>/`, such as `section/section.js`."""
    stable: Mapping[str, Asset]
    """By path, such as `/embed.js`."""

    def address(self, path: str) -> str:
        """Return the path of a file of this release in URLs. Raises KeyError if there is no such file."""
        if path not in self.files:
            raise KeyError(path)
        return f"/embed/{self.digest}/{path}"


@cache
def release() -> Release:
    """Return the files of this version, read once. Raises KeyError if a file has an unknown ending."""
    return release_of(dict(_read(files("workers.gateway.web") / "static")))


def release_of(contents: Mapping[str, bytes]) -> Release:
    """Make a release of these files by path. Raises KeyError if a file has an unknown ending."""
    contents = {path: slimmed(path, content) for path, content in contents.items()}
    digest = blake2b(digest_size=_DIGEST_BYTES)
    for path, content in sorted(contents.items()):
        digest.update(b"%d %b%d " % (len(path.encode()), path.encode(), len(content)))
        digest.update(content)
    name = digest.hexdigest()
    return Release(
        name,
        {path: _asset(path, content) for path, content in contents.items() if path not in STABLE.values()},
        {
            address: _asset(path, contents[path].replace(_MARK, name.encode()))
            for address, path in STABLE.items()
            if path in contents
        },
    )


def slimmed(path: str, content: bytes) -> bytes:
    """Return a file as it is served: a script or a style without comments, words without spaces between them."""
    return msgspec.json.format(content, indent=-1) if path.endswith(".json") else without_comments(path, content)


def without_comments(path: str, content: bytes) -> bytes:
    """Return a script or a style with its lines of comment empty. Comments beside code stay.

    A block of comment begins a line and ends one. No template literal of our files has a line that begins like one.
    """
    if path.rpartition(".")[2] not in ("js", "css"):
        return content
    kept: list[bytes] = []
    block: list[bytes] = []
    for line in content.split(b"\n"):
        begun = line.strip()
        if block or begun.startswith(b"/*"):
            block.append(line)
            if b"*/" in begun:
                # Code after the end of a comment makes it one beside code.
                kept += [b""] * len(block) if begun.endswith(b"*/") else block
                block = []
        else:
            kept.append(b"" if begun.startswith(b"//") else line)
    return b"\n".join([*kept, *block])


def _asset(path: str, content: bytes) -> Asset:
    packer = zlib.compressobj(_LEVEL, wbits=_GZIP)
    packed = packer.compress(content) + packer.flush() if len(content) >= compression.LEAST else None
    tag = blake2b(content, digest_size=_DIGEST_BYTES).hexdigest()
    return Asset(content, packed, MEDIA[path.rpartition(".")[2]], tag)


def _read(folder: Traversable, under: str = "") -> list[tuple[str, bytes]]:
    """Return path and bytes of every file in a folder and below. Names with a dot in front are left out."""
    found: list[tuple[str, bytes]] = []
    for entry in folder.iterdir():
        path = f"{under}{entry.name}"
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            found += _read(entry, f"{path}/")
        else:
            found.append((path, entry.read_bytes()))
    return found


class Assets(ReadOnly):
    """ASGI endpoint of all files of a release. `route` is the path template under which it is called."""

    def __init__(self, route: str, found: Release) -> None:
        super().__init__(route)
        self._release = found

    async def read(self, scope: Scope, receive: Receive) -> Response:
        """Return a file, or why it is not here."""
        del receive
        reply = self._reply(scope)
        record: RequestRecord = scope["hansard"]
        record.shared = reply.status in _FOUND  # a page loads many: not worth a log line each
        return reply

    def _reply(self, scope: Scope) -> Response:
        if self._route != FILE:
            return _served(self._release.stable[self._route], _COMPARED, scope)
        digest, path = scope["path_params"]["digest"], scope["path_params"]["path"]
        if digest != self._release.digest:
            return self.refused(OtherRelease("this file belongs to another release of Hansard: reload the page"))
        found = self._release.files.get(_FURTHER.sub("", path))
        if found is None:
            return self.refused(NotFound("there is no such file in this release"))
        return _served(found, _FOR_EVER, scope)


def endpoints(found: Release) -> dict[str, Assets]:
    """Return the endpoints of a release by path template."""
    return {route: Assets(route, found) for route in (*found.stable, FILE)}


def _served(asset: Asset, control: Header, scope: Scope) -> Response:
    headers = headers_of(scope)
    vary = () if asset.packed is None else (compression.VARY,)
    common = (control, (b"etag", caching.etag(asset.tag)), _FOR_ALL, *vary)
    if asset.packed is not None and compression.accepts(headers.get(b"accept-encoding")):
        reply = Response(200, asset.packed, (*common, compression.ENCODING), asset.media, asset.tag)
    else:
        reply = Response(200, asset.body, common, asset.media, asset.tag)
    known = headers.get(b"if-none-match")
    # Not `caching.unless_known`: a 304 says nothing of how the body is encoded.
    return Response(NOT_MODIFIED, b"", common) if caching.has(known, caching.etag(asset.tag)) else reply
