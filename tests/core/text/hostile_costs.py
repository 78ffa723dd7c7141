"""Texts written to be costly to render, and what the costliest of them takes.

`texts()` yields texts of at most `LENGTH` characters, each a few pieces of markup repeated. `climb()` searches for more
of the kind: it changes pieces at random and keeps what takes longer. `worst()` measures in processor time of this
process, the best of several runs.

    python -m tests.core.text.hostile_costs [--seconds 60] [--seed 1]

measures all of `texts()`, searches for the given time, and prints the costliest texts in milliseconds.
"""

import argparse
import random
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import product
from typing import Final, NamedTuple

from core.text.render import render

LENGTH: Final = 5000
"""Characters: what a comment may have unless its publication says otherwise."""

PIECES: Final = (
    *"a *_`[]()<>!&\\\"':;.,-+#=~|@/?%1\n",
    "\n\n",
    "  \n",
    "**",
    "***a",
    "*a",
    "*a ",
    " *a",
    "a* ",
    "_a",
    "__a__ ",
    "*a*",
    "**a** ",
    "*a_b",
    "``",
    "`a",
    "```\n",
    "~~~\n",
    "![",
    "](",
    "]: ",
    "[a](",
    "[a]([a.",
    "[a][a]",
    "[a]: b\n",
    "[a]: http://a.b\n",
    "\n[a]: b '",
    "[]()",
    "[a](http://a.b) ",
    "- [a](http://a.b/c)\n",
    "[a](<http://a.b>)",
    "[a](/ 'b",
    "<a",
    "<http:",
    "<http://a.b>",
    "<a@b.c>",
    "http://",
    "![http://",
    "https:",
    "http://a.b ",
    "http://a.b/c ",
    "http://a@b/",
    "http://a.org/http://",
    "mailto:a@b.c ",
    "www.a.org ",
    "a.io ",
    "a.b ",
    "a.io,",
    "a@b.io ",
    "a@",
    "-a.b",
    "&amp;",
    "&#x41;",
    "> ",
    ">",
    "> a\n",
    "\n> ",
    "\n>> a\n",
    "- ",
    "- a\n",
    "\n- ",
    "\n  - a",
    "1. ",
    "1. a\n",
    "1) a\n\n",
    "# a\n",
    "# ",
    "---\n",
    "* * *\n",
    "===\n",
    "    a\n",
    "\\\n",
    "\\*",
    "|a|b|\n",
    "a\n",
    "a\n\n",
    "é",
    "漢",
    "\u0301",
    "\u0338",
    "\U0001f468\u200d",
    "\u200b",
    "\xa0",
    "http://漢.org/漢 ",
    "[漢](http://漢.org/漢)",
    "xn--a.com ",
)

FOUND: Final[tuple[tuple[str, str, str], ...]] = (
    ("", "\n\n\n\n\n,x41; a.b ", "http://漢.org/漢 "),
    ("\n", "*| a.b) a\n\n[a](<http://a.b>)👨\u200d*a", ""),
    ("<http://a.b>", "[\\\n>[\\\n>[\\\n> *```\n`\n`\n][a:\na👨\u200da]*a]*: b é", ""),
    ("", "<http:é", ""),
    ("", "> a\nhttps:", ""),
    ("", "---\né", ""),
    ("", "1http://", ""),
    ("", "http://a@b/'", ""),
    ("", "http://a@b/\\", ""),
    ("<http:漢", "p:", ""),
    ("><http:*漢*http:/h", "p:", ""),
    ("", "\u200b1) a\n\n", ""),
    ("", "漢[a]: b\n", ""),
    ("", "&h- # a\nt-a.b/|", ""),
    ("www.a.org \u200b\n", "a.b > > >> a\n\n", "#1)\n"),
    ("*a@b.io http://漢.org/漢 ", "/漢 ", "\n> "),
    ("", " >\n     é     a\n>" + " " * 140, " "),
    ("\u0338[a]: http://a.b\n", "a\n>>>>>>>>>>>>>>>a>>>", "\n\u0338"),
    ("\u0338>", "\n>", "xn--a.com h<http:ttp [a]: http://a.b\n"),
    ("", "\\\n~[a](\u0301" + "http;" * 12, ""),
    ("", "[a](a '\\'", ""),
    ("~~~\n", "    a\\\u0144***a\n\n>> a" + "\n" * 9, ""),
    ("", "#_aa\n\na\n\na\n\n", "\xa0"),
    ("\xa0mailto:to:to:a@b.c ", "> ", ""),
    ("           a\n", "a.b.b.b.b.b.b.b.b.b.b.b ;", "b ;a.\n[a][漢](http://漢.org/漢): b '"),
    ("", "[a.org](http://b.org) ", ""),
    ("", "[a.org](http://b.org)", ""),
    ("", "[a.org]", "\n\n[a.org]: http://b.org"),
    ("", "[a]: http://b.org\n", "\n\n[a]"),
    ("", "[漢](http://a.org) ", ""),
    ("", "a.org” ", ""),
    ("a.", "”", ""),
    ("a.", "“b.c", ""),
    ("", "```a\n", ""),
    ("", "\u200b\n", "a"),
    ("", "http://a.org/·", ""),
    ("", "a=" * 300 + "a.com ", ""),
    ("", "|ba" * 60 + "a@ ", ""),
    ("é", "+a" * 300 + "a.com ", ""),
    ("", "=xn--an" * 40 + "a.com ", ""),
    ("", "[👨\u200da👨\u200d](http://a.b/c)\n```\n- ", ""),
    ("a.", "👨\u200d", ""),
    ("a.", "a。", ""),
    ("a.", "。", ""),
    ("a.", "·", ""),
)
"""What a text begins with, repeats and ends with: costly texts that a search found."""


class Measured(NamedTuple):
    """A text and the milliseconds of processor time that it took."""

    ms: float
    text: str


def filled(begins: str, repeats: str, ends: str = "") -> str:
    """A text of `LENGTH` characters."""
    room = LENGTH - len(begins) - len(ends)
    return begins + (repeats * (room // len(repeats) + 1))[:room] + ends


def texts() -> Iterator[str]:
    """Costly texts, the same ones at each call."""
    for piece in PIECES:
        yield filled("", piece)
        yield filled("a ", piece, "\n\n[a]: http://a.b")
    for one, other in product(PIECES[::2], PIECES[1::2]):
        yield filled("", one + other)
    for piece in PIECES:
        yield filled("", piece)[: LENGTH // 2] + filled("", "]" if "[" in piece else ")")[: LENGTH // 2]
    for found in FOUND:
        yield filled(*found)
    address = "http://a.b/" + "c" * (LENGTH // 2)
    yield f"[a]: {address}\n\n" + "[a]" * ((LENGTH - len(address) - 7) // 3)
    yield "".join("`" * length + "a" for length in range(1, 99))
    yield "".join("`" * length + " " for length in range(98, 0, -1))
    yield "[" * (LENGTH // 2) + "]" * (LENGTH // 2)
    yield "[" * (LENGTH // 2) + "](a)" * (LENGTH // 8)
    yield "".join(f"[{number}]: http://a.b\n" for number in range(LENGTH // 18))
    yield "\n".join("  " * (depth % 9) + "- a" for depth in range(LENGTH // 12))
    yield "\n\n".join(">" * 18 + "a" for _ in range(LENGTH // 21))


def cost(text: str, run: Callable[[str], object] = render, runs: int = 3) -> float:
    """The milliseconds of processor time that a text takes, the best of some runs."""
    best = float("inf")
    for _ in range(runs):
        began = time.process_time()
        run(text)
        best = min(best, time.process_time() - began)
    return best * 1000


def worst(candidates: Iterable[str], run: Callable[[str], object] = render, most: int = 10) -> list[Measured]:
    """The costliest of some texts, the costliest first; only those are measured more than once."""
    first = sorted((Measured(cost(text, run, 1), text) for text in candidates), reverse=True)[: 4 * most]
    return sorted((Measured(cost(text, run, 5), text) for _, text in first), reverse=True)[:most]


def climb(seconds: float, seed: int, run: Callable[[str], object] = render) -> list[Measured]:
    """The costliest texts that a search of so many seconds finds: each strain is changed while that costs more."""
    chance = random.Random(seed)
    ends = time.monotonic() + seconds
    found: list[Measured] = []
    while time.monotonic() < ends:
        genes = _born(chance)
        best = Measured(cost(filled(*genes), run, 1), filled(*genes))
        failures = 0
        while failures < 30 and time.monotonic() < ends:
            other = _changed(genes, chance)
            took = cost(filled(*other), run, 1)
            if took > best.ms * 1.03 and (took := cost(filled(*other), run, 3)) > best.ms * 1.03:
                genes, best, failures = other, Measured(took, filled(*other)), 0
            else:
                failures += 1
        found.append(best)
    return worst((text for _, text in sorted(found, reverse=True)[:20]), run)


Genes = tuple[str, str, str]


def _born(chance: random.Random) -> Genes:
    def some(most: int) -> str:
        return "".join(chance.choices(PIECES, k=chance.randint(0, most)))

    return some(2), some(5) or "a", some(2)


def _changed(genes: Genes, chance: random.Random) -> Genes:
    at = chance.choice((0, 1, 1, 1, 1, 2))
    text = genes[at]
    cut = chance.randint(0, len(text))
    match chance.randrange(4):
        case 0:
            text = text[:cut] + chance.choice(PIECES) + text[cut:]
        case 1:
            text = text[:cut] + text[cut + chance.randint(1, 3) :]
        case 2:
            text = text[:cut] + chance.choice(PIECES) + text[cut + chance.randint(1, 3) :]
        case _:
            text = text[:cut] + text[cut : cut + chance.randint(1, 6)] * chance.choice((2, 3, 10, 60)) + text[cut:]
    text = text[:600]
    made = [*genes]
    made[at] = text or ("a" if at == 1 else "")
    return made[0], made[1], made[2]


def main() -> None:
    """Print the costliest texts."""
    parser = argparse.ArgumentParser(description="Measure the costliest texts to render, in ms of processor time.")
    parser.add_argument("--seconds", type=float, default=60, help="how long to search for more")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    render("*a* a.org <http://a.org>")
    for ms, text in worst([*texts(), *(text for _, text in climb(given.seconds, given.seed))], most=20):
        print(f"{ms:7.2f} ms  {text[:70]!r} … {text[-20:]!r}")  # noqa: T201 # what it is for


if __name__ == "__main__":
    main()
