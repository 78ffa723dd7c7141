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
IMPORTED: Final = re.compile(r"""^import \{([^}]*)\} from "([^"]+)";""", re.MULTILINE)
EXPORTED: Final = re.compile(
    r"^export (?:(?:async )?(?:class|const|function) |\* as )(\w+)|^export \{([^}]*)\}", re.MULTILINE
)
NAME: Final = re.compile(r"(\w+)(?: as (\w+))?")
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


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.relative_to(STATIC).as_posix())
def test_a_module_exports_what_others_import_from_it(path: Path) -> None:
    """A name that is not there fails a module at its first use, with all that is loaded beside it."""
    text = path.read_text()
    imports = IMPORTED.findall(text)
    assert len(imports) == len(re.findall(r"^import \{", text, re.MULTILINE)), "each is read"
    imported = [(source, name) for names, source in imports for name, _ in NAME.findall(names)]
    assert [(source, name) for source, name in imported if name not in exported(path.parent / source)] == []


def exported(path: Path) -> set[str]:
    """The names that a module exports."""
    found = EXPORTED.findall(path.read_text())
    listed = {renamed or name for _, names in found for name, renamed in NAME.findall(names)}
    return {name for name, _ in found} | listed


def test_the_section_makes_its_formatters_in_two_modules_once_for_a_language() -> None:
    """One `Intl` formatter per row once cost more than all other work."""
    found = {path.relative_to(STATIC).as_posix() for path in SCRIPTS if "new Intl." in path.read_text()}
    assert {name for name in found if name.startswith(("section/", "shared/"))} == {"shared/time.js", "shared/words.js"}
