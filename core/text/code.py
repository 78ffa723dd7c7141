"""Rendering of fenced code."""

from collections.abc import Sequence
from typing import Final

from core.text.unicode import is_blank

MOST_EMPTY: Final = 3
"""Maximum number of consecutive empty lines shown."""

_LANGUAGES: Final = """
    ada apache asm assembly awk bash basic bat batch c c# c++ clj clojure cmake cobol coffeescript console cpp cs
    csharp css csv cuda d dart diff docker dockerfile elixir elm erlang ex f# fish fortran fsharp go golang gradle
    graphql groovy haskell hcl hs html http ini java javascript jinja js json json5 jsonc jsx julia kotlin kt latex
    less lisp lua make makefile markdown mathematica matlab md mermaid nginx nim nix objc objective-c ocaml pascal
    perl php pl plaintext powershell prolog properties proto protobuf ps1 py py3 python python3 r racket rb regex rs
    ruby rust sass scala scheme scss sed sh shell sql svelte svg swift tcl terraform tex text toml ts tsx txt
    typescript vb verilog vhdl vim vue wasm xml yaml yml zig zsh
"""
LANGUAGES: Final = frozenset(_LANGUAGES.split())
"""Language names after a fence, which are not shown. Any other word was written to be read, and is shown."""


def shown(about: str, lines: Sequence[str]) -> list[str]:
    """Return the lines of code to show; `about` is the text after the opening fence.

    `about` becomes the first line unless it names a language and there is code. Runs of empty lines are shortened.
    """
    about = about.strip()
    code: list[str] = []
    empty = 0
    seen = False
    for line in lines:
        blank = not line or line.isspace()
        empty = empty + 1 if blank else 0
        seen = seen or not (blank or is_blank(line))
        if empty <= MOST_EMPTY:
            code.append(line)
    if not seen:
        return [about] if about else []
    return code if about.lower() in LANGUAGES or not about else [about, *code]
