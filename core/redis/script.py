"""Scripts that the server runs: one operation a file, each with a header for KEYS, ARGV and what it returns."""

from hashlib import sha1
from importlib.resources import files


class Script:
    """The script `scripts/<name>.lua` of a package, and the digest that the server calls it by."""

    def __init__(self, package: str, name: str) -> None:
        self.name = name
        self.text = files(package).joinpath("scripts", f"{name}.lua").read_bytes()
        self.sha = sha1(self.text, usedforsecurity=False).hexdigest()
