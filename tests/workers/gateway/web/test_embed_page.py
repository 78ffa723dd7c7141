"""docs/embed.md says what the section takes."""

import re
from pathlib import Path
from typing import Final

TOP: Final = Path(__file__).parents[4]
PAGE: Final = (TOP / "docs" / "embed.md").read_text()
STATIC: Final = TOP / "workers" / "gateway" / "web" / "static"


def test_every_property_that_styles_take_is_listed_and_no_other() -> None:
    taken = set(re.findall(r"var\((--hansard-[\w-]+)", (STATIC / "css" / "tokens.css").read_text()))
    assert set(re.findall(r"`(--hansard-[\w-]+)`", PAGE)) == taken


def test_every_attribute_that_the_section_reads_is_listed() -> None:
    scripts = "\n".join(path.read_text() for path in (STATIC / "section").glob("*.js"))
    read = set(re.findall(r'(?:this|element)\.getAttribute\("(\w+)"\)', scripts))
    (table,) = re.findall(r"\| attribute \|.*?\n\n", PAGE, re.DOTALL)
    rows = [row.split("|")[1] for row in table.splitlines()[2:] if row]
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == read


def test_every_key_that_a_browser_keeps_is_listed() -> None:
    scripts = "\n".join(path.read_text() for path in STATIC.rglob("*.js"))
    kept = set(re.findall(r"`(hansard:\w+):", scripts))
    assert kept == set(re.findall(r"\| `(hansard:\w+):", PAGE))
