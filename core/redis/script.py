"""Lua scripts that the server runs: one operation per file, with a header for KEYS, ARGV and the reply."""

import re
from hashlib import sha1
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final


class Script:
    """The script `scripts/<name>.lua` of a package, and its digest for EVALSHA.

    The files of `behind` come before it: the server keeps no code between scripts, so each brings what it shares. A
    file of another package is named `<package>:<name>`. The first line (a shebang, which may have flags) is the
    script's own if it has one, else that of the first file.
    """

    def __init__(self, package: str, name: str, *, behind: str | tuple[str, ...] = ()) -> None:
        names = (*((behind,) if isinstance(behind, str) else behind), name)
        texts = [_file(package, one).read_bytes() for one in names]
        first = [_SHEBANG.match(text) for text in texts]
        self.name = name
        self.text = (first[-1] or first[0] or _NONE)[0] + b"".join(_SHEBANG.sub(b"", text) for text in texts)
        self.sha = sha1(self.text, usedforsecurity=False).hexdigest()


def _file(package: str, name: str) -> Traversable:
    """File of a script."""
    named, _, own = name.rpartition(":")
    return files(named or package).joinpath("scripts", f"{own}.lua")


_SHEBANG: Final = re.compile(rb"\A#!.*\n")
_NONE: Final = (b"",)
