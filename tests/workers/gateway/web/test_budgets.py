"""What a reader's browser has to load, in bytes as served: bounds that a change must not pass unnoticed."""

import posixpath
import re
from collections.abc import Iterator

import pytest

from workers.gateway.web.assets import release

KB = 1024
STATIC_IMPORT = re.compile(r'^(?:import|export)\b[^;"()]*"(\.{1,2}/[^"]+)"', re.MULTILINE)
DYNAMIC_IMPORT = re.compile(r'\bimport\("(\.{1,2}/[^"]+)"\)|\bpart\("([^"]+)"\)')

READING = "section/section.js"
READING_BESIDE = ("css/tokens.css", "css/section.css", "words/en.json")
MOST_READING = 14 * KB
"""All that a discussion is read with which the gateway has written. What follows the stream is a part."""
AUDIT = "audit/audit.js"
AUDIT_BESIDE = ("css/audit.css", "audit/words/en.json")
AUDIT_WORDS = ("audit/later/en.json", "audit/exhibit/en.json")
"""Words that the audit room loads with its parts."""
MOST_AUDIT = 20 * KB
"""What the audit room alone needs for its first picture: the heading and the page then."""
CONSOLE = "console/console.js"
CONSOLE_BESIDE = ("css/console.css", "console/words/en.json")
MOST_CONSOLE = 24 * KB
"""What the console alone needs for its first picture: the queue with an item in hand."""
PART_BESIDE = ("words/write/en.json", "words/staff/en.json", "css/write.css", "css/passages.css")
"""Words and styles that the section loads with its parts."""
MOST_PART = 6 * KB
COMMENT = re.compile(r"/\*.*?\*/|^\s*//[^\n]*", re.DOTALL | re.MULTILINE)
"""Comments, whose types name modules that nobody loads."""


def imports(path: str, found: re.Pattern[str]) -> Iterator[str]:
    """The modules that a module imports so. `part` takes the path in the release."""
    for match in found.finditer(COMMENT.sub("", release().files[path].body.decode())):
        name = match[1]
        yield posixpath.normpath(posixpath.join(posixpath.dirname(path), name)) if name else match[2]


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


def parts(page: str) -> list[tuple[str, str]]:
    """The modules that are loaded when they are first used, each after the module that loads it."""
    seen, waiting, found = set[str](), [page], set[tuple[str, str]]()
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        found |= {(one, part) for part in imports(one, DYNAMIC_IMPORT)}
        waiting += [*imports(one, STATIC_IMPORT), *imports(one, DYNAMIC_IMPORT)]
    return sorted(found)


def test_reading_a_discussion_costs_little() -> None:
    assert size(closure(READING) | set(READING_BESIDE)) <= MOST_READING


def test_the_audit_room_costs_little_more_than_what_every_page_shares() -> None:
    own = {path for path in closure(AUDIT) if path.startswith("audit/")}
    assert size(own | set(AUDIT_BESIDE)) <= MOST_AUDIT


def test_the_console_costs_little_more_than_what_every_page_shares() -> None:
    own = {path for path in closure(CONSOLE) if path.startswith("console/")}
    assert size(own | set(CONSOLE_BESIDE)) <= MOST_CONSOLE


@pytest.mark.parametrize(
    ("page", "module", "part"), [(page, *one) for page in (READING, AUDIT, CONSOLE) for one in parts(page)]
)
def test_what_is_loaded_at_first_use_is_small(page: str, module: str, part: str) -> None:
    assert size(closure(part) - closure(page) - closure(module)) <= MOST_PART


@pytest.mark.parametrize("path", [*AUDIT_WORDS, *PART_BESIDE])
def test_words_and_styles_of_parts_are_few(path: str) -> None:
    assert size({path}) <= MOST_PART


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
            assert set(imports(path, DYNAMIC_IMPORT)) <= release().files.keys(), path
