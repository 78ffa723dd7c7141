r"""Escaping of text for a terminal: characters with an effect there are written as `\x1b`, `\u202e`.

Stored text comes from users, from other programs or from a foreign backup. All of it that is printed is escaped here:
controls of both sets (C0 and C1), which move the cursor, retitle the window or put keys into the input; embeddings,
overrides and isolates, which reorder the text beside them; the line separators other than newline; and unpaired
surrogates, which cannot be encoded. LRM, RLM and ALM stay, as everywhere (`core.text.unicode`).
"""

import re
from typing import Any, Final

_ACTING: Final = r"\x7f-\x9f\u2028-\u202e\u2066-\u206f\ufff9-\ufffb\ud800-\udfff"
_IN_A_LINE: Final = re.compile(rf"[\x00-\x1f{_ACTING}]")
_IN_A_BLOCK: Final = re.compile(rf"[\x00-\x08\x0b-\x1f{_ACTING}]")
_IN_JSON: Final = re.compile(f"[{_ACTING}]")

_NAMED: Final = {"\n": r"\n", "\t": r"\t", "\r": r"\r"}

BLOCKS: Final = frozenset({"body", "diff"})
"""The fields of documents that have several lines."""


def line(text: str) -> str:
    """Escape a text of one line."""
    return _IN_A_LINE.sub(_written, text)


def block(text: str) -> str:
    """Escape a text of several lines: newlines and tabs stay."""
    return _IN_A_BLOCK.sub(_written, text)


def document(value: Any, *, lines: bool = False) -> Any:
    """Escape every string of a decoded JSON document, for strings that are printed one by one."""
    match value:
        case str():
            return block(value) if lines else line(value)
        case list():
            return [document(each, lines=lines) for each in value]
        case dict():
            return {name: document(each, lines=lines or name in BLOCKS) for name, each in value.items()}
        case _:
            return value


def json(ready: bytes) -> bytes:
    """Escape a JSON document without changing its value. JSON itself escapes only the controls of the first set."""
    if ready.isascii() and b"\x7f" not in ready:
        return ready
    return _IN_JSON.sub(_in_json, ready.decode(errors="surrogatepass")).encode()


def _written(found: re.Match[str]) -> str:
    character = found[0]
    number = ord(character)
    # Two digits are enough up to 0xFF.
    return _NAMED.get(character) or (f"\\x{number:02x}" if number <= 0xFF else f"\\u{number:04x}")  # noqa: PLR2004


def _in_json(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
