"""Scripts that the server runs: one operation a file, each with a header for KEYS, ARGV and what it returns."""

from hashlib import sha1
from importlib.resources import files


class Script:
    """The script `scripts/<name>.lua` of a package, and the digest that the server calls it by.

    It comes after the files of `behind`: the server keeps no code between scripts, so each brings what it shares.
    """

    def __init__(self, package: str, name: str, *, behind: str | tuple[str, ...] = ()) -> None:
        scripts = files(package).joinpath("scripts")
        names = (*((behind,) if isinstance(behind, str) else behind), name)
        self.name = name
        self.text = b"".join(scripts.joinpath(f"{one}.lua").read_bytes() for one in names)
        self.sha = sha1(self.text, usedforsecurity=False).hexdigest()
