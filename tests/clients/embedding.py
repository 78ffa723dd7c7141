"""What docs/embed.md tells publishers to write, taken out of it."""

import re
from pathlib import Path
from typing import Final

TOP: Final = Path(__file__).parents[2]
GUIDE: Final = TOP / "docs" / "embed.md"
GATEWAY: Final = "http://127.0.0.1:8400"
MARK: Final = '<!-- section("sample", "night-train") -->'
"""Where the guide's page has what the recipe returns."""


def pages(gateway: str) -> dict[str, str]:
    """The HTML of the guide by name, with the address of this gateway."""
    return _blocks("html page=", gateway)


def files(gateway: str) -> dict[str, str]:
    """The code of the guide by the name of its file, with the address of this gateway."""
    return _blocks(r"\w+ file=", gateway)


def policy(gateway: str) -> str:
    """The content security policy of the guide."""
    (found,) = _blocks(r"(?=csp)", gateway).values()
    return found.strip()


def rows(heading: str) -> list[list[str]]:
    """The rows of the table whose first column has this heading, as cells."""
    (table,) = re.findall(rf"^\| {re.escape(heading)} \|.*\n\| ---.*\n((?:\|.*\n)+)", GUIDE.read_text(), re.MULTILINE)
    return [[cell.strip() for cell in line[1:-1].split("|")] for line in table.splitlines()]


def _blocks(kind: str, gateway: str) -> dict[str, str]:
    found = re.findall(rf"```{kind}(\S+)\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    return {name: body.replace(GATEWAY, gateway) for name, body in found}
