"""What a reader's browser has to load, in bytes as served: bounds that a change must not pass unnoticed."""

import posixpath
import re
from collections.abc import Iterator

import pytest

from workers.gateway.web.assets import release

KB = 1024
STATIC_IMPORT = re.compile(r'^(?:import|export)\b[^;"()]*"(\.{1,2}/[^"]+)"', re.MULTILINE)
DYNAMIC_IMPORT = re.compile(r'\bimport\("(\.{1,2}/[^"]+)"\)')

READING = "section/section.js"
READING_BESIDE = ("css/tokens.css", "css/section.css", "words/en.json")
MOST_READING = 26 * KB
"""The aim is 14 KB, which the modules that reading needs at once do not meet yet."""
AUDIT = "audit/audit.js"
AUDIT_BESIDE = ("css/audit.css", "audit/words/en.json")
MOST_AUDIT = 32 * KB
"""What the audit room alone needs for its first picture; the aim is 20 KB."""
MOST_PART = 6 * KB
COMMENT = re.compile(r"/\*.*?\*/|^\s*//[^\n]*", re.DOTALL | re.MULTILINE)
"""Comments, whose types name modules that nobody loads."""


def imports(path: str, found: re.Pattern[str]) -> Iterator[str]:
    """The modules that a module imports so."""
    for name in found.findall(COMMENT.sub("", release().files[path].body.decode())):
        yield posixpath.normpath(posixpath.join(posixpath.dirname(path), name))


def closure(path: str) -> set[str]:
    """A module with all that it cannot run without."""
    seen: set[str] = set()
    waiting = [path]
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen.add(one)
            waiting += imports(one, STATIC_IMPORT)
    return seen


def size(paths: set[str]) -> int:
    return sum(release().files[path].served for path in paths)


def parts(page: str) -> list[str]:
    """The modules that a page loads when they are first used."""
    seen, waiting, found = set[str](), [page], set[str]()
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        found |= set(imports(one, DYNAMIC_IMPORT))
        waiting += [*imports(one, STATIC_IMPORT), *imports(one, DYNAMIC_IMPORT)]
    return sorted(found)


def test_reading_a_discussion_costs_little() -> None:
    assert size(closure(READING) | set(READING_BESIDE)) <= MOST_READING


def test_the_audit_room_costs_little_more_than_what_every_page_shares() -> None:
    own = {path for path in closure(AUDIT) if path.startswith("audit/")}
    assert size(own | set(AUDIT_BESIDE)) <= MOST_AUDIT


@pytest.mark.parametrize(("page", "part"), [(page, part) for page in (READING, AUDIT) for part in parts(page)])
def test_what_is_loaded_at_first_use_is_small(page: str, part: str) -> None:
    assert size(closure(part) - closure(page)) <= MOST_PART


def test_every_module_that_is_imported_is_there_and_none_comes_from_elsewhere() -> None:
    for path, asset in release().files.items():
        if path.endswith(".js"):
            source = COMMENT.sub("", asset.body.decode())
            for name in re.findall(r'(?:\bfrom|\bimport)\s*\(?\s*"([^"]+)"', source):
                assert name.startswith("."), (path, name)
                assert posixpath.normpath(posixpath.join(posixpath.dirname(path), name)) in release().files, (
                    path,
                    name,
                )
