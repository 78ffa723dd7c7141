"""Rules of the scripts that can be read off their text."""

import re
from pathlib import Path
from typing import Final

import pytest

STATIC: Final = Path(__file__).parents[4] / "workers" / "gateway" / "web" / "static"
SCRIPTS: Final = sorted(STATIC.rglob("*.js"))
INSERTS: Final = re.compile(
    r"\.(?:inner|outer)HTML\s*=|insertAdjacentHTML|\bsetHTML\b|setHTMLUnsafe|document\.write|createContextualFragment"
    r"|DOMParser|parseFromString|\beval\(|new Function|javascript:"
)
STYLED: Final = re.compile(r"""setAttribute\(["']style|["']?\bstyle["']?:\s|cssText""")


def test_one_module_alone_inserts_markup() -> None:
    found = [path.relative_to(STATIC).as_posix() for path in SCRIPTS if INSERTS.search(path.read_text())]
    assert found == ["shared/text.js"]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.relative_to(STATIC).as_posix())
def test_no_script_writes_style_attributes_or_names_another_host(path: Path) -> None:
    text = path.read_text()
    assert STYLED.search(text) is None
    hosts = {host for host in re.findall(r"https?://([\w.-]+)", text) if host != "www.w3.org"}
    assert hosts == set()


def test_the_section_makes_its_formatters_in_two_modules_once_for_a_language() -> None:
    """One `Intl` formatter per row once cost more than all other work."""
    found = {path.relative_to(STATIC).as_posix() for path in SCRIPTS if "new Intl." in path.read_text()}
    assert {name for name in found if name.startswith(("section/", "shared/"))} == {"shared/time.js", "shared/words.js"}
