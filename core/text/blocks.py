"""Block parser of comments: markdown-it's rules, each tried only at its first characters, with step counting."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from markdown_it.parser_block import ParserBlock
from markdown_it.ruler import Ruler
from markdown_it.rules_block import StateBlock, blockquote, fence, heading, hr, list_block, paragraph, reference

DEEPEST: Final = 18
"""Maximum block nesting: a quotation is one level, a list two. The parser drops what is two levels deeper."""

TYPED: Final = "typed"
"""Meta key of inline tokens that use no definitions, because they show a definition as typed."""

Rule = Callable[[StateBlock, int, int, bool], bool]

BLOCK_STEPS: Final = 42
ITEM_STEPS: Final = 14
LINE_STEPS: Final = 5
RULE_STEPS: Final = 4
QUOTED_STEPS: Final = 2
"""Steps per line of a quotation, at each level."""


def _by_beginning(*rules: tuple[str, Rule]) -> dict[str, tuple[Rule, ...]]:
    """Return the rules for each character that a line may begin with, in order."""
    characters = {character for beginnings, _ in rules for character in beginnings}
    return {character: tuple(rule for beginnings, rule in rules if character in beginnings) for character in characters}


def _ruled(state: StateBlock, line: int, end: int, silent: bool) -> bool:  # noqa: FBT001 # markdown-it's signature
    marks = _MARKS.match(state.src, state.bMarks[line], state.eMarks[line])
    assert marks is not None
    state.md.meter.spend(len(marks[0]) // 3)  # type: ignore[attr-defined] # our parser has it
    return hr(state, line, end, silent)


def _quoted(state: StateBlock, line: int, end: int, silent: bool) -> bool:  # noqa: FBT001 # as above
    if not silent:
        # Leading spaces of a line are scanned one by one, and again at each level of quotation.
        last = line
        while last + 1 < end and not state.isEmpty(last + 1):
            last += 1
        blanks = state.src.count("  ", state.bMarks[line], state.eMarks[last])
        state.md.meter.spend(blanks // 2 + QUOTED_STEPS * (last - line))  # type: ignore[attr-defined] # as above
    return blockquote(state, line, end, silent)


_MARKS: Final = re.compile(r"[-*_\s]*")
_NESTING: Final = (("`~", fence), (">", _quoted), ("*-_", _ruled))
_LIST: Final = ("*+-0123456789", list_block)
_BLOCKS: Final = _by_beginning(*_NESTING, _LIST, ("#", heading))
_IN_LIST: Final = _by_beginning(*_NESTING)


class Blocks(ParserBlock):
    """Block parser of comments, with or without `[label]: address` definitions."""

    def __init__(self, *, definitions: bool) -> None:
        super().__init__()
        self._definitions = definitions
        self.shown: Mapping[int, int] = {}
        """Definitions to show as typed: first line of each to the line after it."""
        self.ruler = Ruler()
        # The ruler finds the rules that may end a block by the name of that block.
        self.ruler.push("interruption", _interrupts, {"alt": ["paragraph", "reference", "blockquote"]})
        self.ruler.push("list interruption", _interrupts_list, {"alt": ["list"]})

    def tokenize(self, state: StateBlock, startLine: int, endLine: int) -> None:  # noqa: N803 # markdown-it's names
        """As `ParserBlock.tokenize`, with the rules of comments."""
        line = startLine
        empty_lines = False
        spend = state.md.meter.spend  # type: ignore[attr-defined] # our parser has it
        while line < endLine:
            state.line = line = state.skipEmptyLines(line)
            if line >= endLine or state.sCount[line] < state.blkIndent:
                break
            spend(BLOCK_STEPS)
            self._block(state, line, endLine)
            spend(state.line - line)
            state.tight = not empty_lines
            line = state.line
            if line - 1 < endLine and state.isEmpty(line - 1):
                empty_lines = True
            if line < endLine and state.isEmpty(line):
                empty_lines = True
                line += 1
                state.line = line

    def _block(self, state: StateBlock, line: int, end: int) -> None:
        if state.level < DEEPEST:
            beginning = _beginning(state, line)
            if any(rule(state, line, end, False) for rule in _BLOCKS.get(beginning, ())):  # noqa: FBT003 # positional
                return
            if beginning == "[" and line in self.shown:
                self._show(state, line, end)
                return
            if beginning == "[" and self._definitions and reference(state, line, end, False):  # noqa: FBT003 # as above
                return
        paragraph(state, line, end, False)  # noqa: FBT003 # as above

    def _show(self, state: StateBlock, line: int, end: int) -> None:
        """Emit a paragraph that shows a definition and the hidden ones that follow it."""
        behind = self.shown[line]
        while behind < end and behind in self.shown and state.sCount[behind] >= state.blkIndent:
            behind = self.shown[behind]
        state.line = behind
        state.push("paragraph_open", "p", 1).map = [line, behind]
        shown = state.push("inline", "", 0)
        shown.content = state.getLines(line, behind, state.blkIndent, False).strip()  # noqa: FBT003 # positional
        shown.map = [line, behind]
        shown.children = []
        shown.meta[TYPED] = True
        state.push("paragraph_close", "p", -1)


def _beginning(state: StateBlock, line: int) -> str:
    at = state.bMarks[line] + state.tShift[line]
    return state.src[at] if at < state.eMarks[line] else ""


def _interrupts(state: StateBlock, line: int, end: int, silent: bool) -> bool:  # noqa: FBT001 # markdown-it's signature
    return _asked(_BLOCKS, state, line, end, silent=silent)


def _interrupts_list(state: StateBlock, line: int, end: int, silent: bool) -> bool:  # noqa: FBT001 # as above
    state.md.meter.spend(ITEM_STEPS)  # type: ignore[attr-defined] # our parser has it
    return _asked(_IN_LIST, state, line, end, silent=silent)


def _asked(rules: dict[str, tuple[Rule, ...]], state: StateBlock, line: int, end: int, *, silent: bool) -> bool:
    asked = rules.get(_beginning(state, line), ())
    state.md.meter.spend(LINE_STEPS + RULE_STEPS * len(asked))  # type: ignore[attr-defined] # as above
    return any(rule(state, line, end, silent) for rule in asked)
