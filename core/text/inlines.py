"""Inline parser of comments: markdown-it's rules, each tried only at its own character, with step counting."""

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, Protocol

from markdown_it.helpers import parseLinkDestination, parseLinkTitle
from markdown_it.parser_inline import ParserInline
from markdown_it.ruler import Ruler
from markdown_it.rules_inline import StateInline, autolink, backtick, emphasis, escape, link, newline
from markdown_it.token import Token

from core.text.addresses import misleads
from core.text.cost import Meter
from core.text.lines import visible_words

if TYPE_CHECKING:
    from markdown_it.helpers.parse_link_destination import _Result
    from markdown_it.helpers.parse_link_title import _State

Rule = Callable[[StateInline, bool], bool]

TOKEN_STEPS: Final = 7
"""Steps per token created."""
SKIP_STEPS: Final = 3
"""Steps per token skipped."""
LABEL_STEPS: Final = 1
"""Steps per token passed in search of a closing bracket."""
BRACKET_STEPS: Final = 12
"""Steps per opening bracket."""
CODE_STEPS: Final = 8
"""Steps per run of backticks."""
DELIMITER_STEPS: Final = 12
"""Steps per asterisk or underscore."""

_STOP: Final = re.compile(r"[\n:<\[\]\\`*_]")
_DESTINATION: Final = re.compile(r"[^\x00-\x20\x7f<()\\][^\x00-\x20\x7f()\\]*(?=[)\x00-\x20\x7f])")
# The text scanned for the end of an address, of an address in angle brackets, and of a title. A backslash includes the
# next character, even a newline or the end mark.
_LOOKED_THROUGH: Final = re.compile(r"(?>(?:[^\x00-\x20\x7f\\]|\\(?! ).)*)", re.DOTALL)
_BRACKETED_THROUGH: Final = re.compile(r"(?>(?:[^\n<>\\]|\\.)*)", re.DOTALL)
_TITLE_THROUGH: Final = {marker: re.compile(rf"(?>(?:[^\\{marker}]|\\.)*)", re.DOTALL) for marker in ('"', "'", ")")}
_BRACKETED_END: Final = re.compile(r"[\n<>]")
_SCHEME: Final = re.compile(r"(?:^|[^a-z0-9.+-])(https?)$", re.IGNORECASE)
_RUN: Final = re.compile(r"\*+|_+")
_BEGINS: Final = "begins"
"""Meta key of the index where a link begins."""
_SCHEME_MOST: Final = 7
"""Characters: longer than a scheme and the character before it."""


class _Counted(Protocol):
    meter: Meter


class Inlines(ParserInline):
    """Inline parser of comments. A link whose words name another host is shown as text."""

    def __init__(self, afterwards: Ruler[Callable[[StateInline], None]]) -> None:
        super().__init__()
        self.ruler2 = afterwards
        self.terminator_re = _STOP
        self.refused: set[int] = set()
        """Indexes where a link begins that must be shown as text."""

    def parse(self, src: str, md: Any, env: Any, tokens: list[Token]) -> list[Token]:
        """As `ParserInline.parse`.

        The words of a link are known only after its emphasis is parsed. If a link is refused, the text is parsed again.
        """
        self.refused = set()
        while True:
            parsed = super().parse(src, md, env, [])
            refused = set(_misleading(parsed, md.meter))
            if not refused:
                tokens += parsed
                return tokens
            self.refused |= refused

    def skipToken(self, state: StateInline) -> None:  # noqa: N802 # the name is markdown-it's
        """As `ParserInline.skipToken`, with the rules of comments."""
        at = state.pos
        if (known := state.cache.get(at)) is not None:
            state.pos = known
            return
        _spend(state, SKIP_STEPS)
        taken = False
        if state.level < state.md.options["maxNesting"]:
            state.level += 1
            taken = _take(state, silent=True)
            state.level -= 1
        else:
            state.pos = state.posMax
        if not taken:
            state.pos += 1
        state.cache[at] = state.pos

    def tokenize(self, state: StateInline) -> None:
        """As `ParserInline.tokenize`, with the rules of comments."""
        end, most = state.posMax, state.md.options["maxNesting"]
        while state.pos < end:
            _spend(state, TOKEN_STEPS)
            if state.level >= most or not _take(state, silent=False):
                state.append_pending(state.src[state.pos])
                state.pos += 1
        if state.pending:
            state.pushPending()


def _take(state: StateInline, *, silent: bool) -> bool:
    """Consume the text or the markup at the current index, if there is any."""
    at = state.pos
    stop = _STOP.search(state.src, at, state.posMax)
    begins = state.posMax if stop is None else stop.start()
    if begins > at:
        if not silent:
            state.append_pending(state.src[at:begins])
        state.pos = begins
        return True
    rule = _RULES.get(state.src[at])
    return rule is not None and rule(state, silent)


def _misleading(tokens: list[Token], meter: Meter) -> Iterator[int]:
    """Return the indexes of links whose words name a host that they do not lead to."""
    opened: Token | None = None
    words: list[str] = []
    for token in tokens:
        if token.type == "link_open" and _BEGINS in token.meta:
            opened, words = token, []
        elif token.type == "link_close" and opened is not None:
            if misleads(visible_words("".join(words), meter), str(opened.attrs["href"]), meter.spend):
                yield opened.meta[_BEGINS]
            opened = None
        elif opened is not None:
            words.append(" " if token.type in ("softbreak", "hardbreak") else token.content)


def _spend(state: StateInline, steps: int) -> None:
    state.md.meter.spend(steps)  # type: ignore[attr-defined] # our parser has it


def _schemed(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 # markdown-it's signature
    """Finds `http://…` and `https://…` before their characters can be taken for markup.

    Replaces `markdown_it.rules_inline.linkify`, which scans all pending text for the start of a scheme.
    """
    if state.linkLevel or not state.src.startswith("://", state.pos):
        return False
    scheme = _SCHEME.search(state.pending[-_SCHEME_MOST:])
    if scheme is None:
        return False
    found = state.md.linkify.match_at_start(state.src[state.pos - len(scheme[1]) :])  # type: ignore[union-attr] # set
    if found is None:
        return False
    # A trailing asterisk belongs to an emphasis.
    address = found.url.rstrip("*")
    full = state.md.normalizeLink(address)
    if not state.md.validateLink(full):
        return False
    if not silent:
        state.pending = state.pending[: -len(scheme[1])]
        token = state.push("link_open", "a", 1)
        token.attrs = {"href": full}
        state.push("text", "", 0).content = state.md.normalizeLinkText(address)
        state.push("link_close", "a", -1)
    state.pos += len(address) - len(scheme[1])
    return True


def _bracketed(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 # as above
    """Finds `<https://…>` and `<me@…>`, but not in the text of a link: links do not nest in HTML."""
    if state.linkLevel:
        return False
    end = _BRACKETED_END.search(state.src, state.pos + 1, state.posMax)
    if end is None or end[0] != ">":
        return False
    _spend(state, BRACKET_STEPS + (end.start() - state.pos))
    return autolink(state, silent)


def _code(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 # as above
    at = state.pos
    found = backtick(state, silent)
    _spend(state, CODE_STEPS + (state.pos - at) // 10)
    return found


def _emphasis(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 # as above
    if silent:
        return False
    run = _RUN.match(state.src, state.pos, state.posMax)
    assert run is not None
    _spend(state, (run.end() - run.start()) * DELIMITER_STEPS)
    return emphasis.tokenize(state, silent)


def _link(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 # as above
    _spend(state, BRACKET_STEPS)
    at, before = state.pos, len(state.tokens)
    if at in state.md.inline.refused or not link(state, silent):  # type: ignore[attr-defined] # ours has it
        return False
    if not silent:
        # The pending text has become a token before the link.
        next(token for token in state.tokens[before:] if token.type == "link_open").meta[_BEGINS] = at
    return True


_RULES: Final[dict[str, Rule]] = {
    ":": _schemed,
    "\n": newline,
    "\\": escape,
    "`": _code,
    "*": _emphasis,
    "_": _emphasis,
    "[": _link,
    "<": _bracketed,
}


class Helpers:
    """Counting versions of `markdown_it.helpers` (hence their names), which find the parts of a link."""

    def __init__(self, parser: _Counted) -> None:
        self._parser = parser

    def parseLinkLabel(self, state: StateInline, start: int, disableNested: bool = False) -> int:  # noqa: N802, N803, FBT001, FBT002 # markdown-it's
        """Return the end of the label that begins at `start`, or -1."""
        began = state.pos
        end = -1
        # Without a closing bracket there is no label: this check alone rules out most opening brackets.
        last = state.src.rfind("]", start, state.posMax)
        if last < 0:
            return -1
        state.pos = start + 1
        level = 1
        while state.pos <= last:
            _spend(state, LABEL_STEPS)
            at = state.pos
            character = state.src[at]
            if character == "]":
                level -= 1
                if not level:
                    end = at
                    break
            state.md.inline.skipToken(state)
            if character == "[":
                if state.pos == at + 1:
                    level += 1
                elif disableNested:
                    break
        state.pos = began
        return end

    def parseLinkDestination(self, string: str, pos: int, maximum: int) -> "_Result | _Destination":  # noqa: N802
        """Return the address that begins at `pos`."""
        usual = _DESTINATION.match(string, pos, maximum)
        if usual is not None and ("&" not in usual[0] or ";" not in usual[0]):
            return _Destination(usual[0], usual.end())
        bracketed = string.startswith("<", pos)
        through = (_BRACKETED_THROUGH if bracketed else _LOOKED_THROUGH).match(string, pos + bracketed, maximum)
        assert through is not None
        self._parser.meter.spend(5 + through.end() - pos)
        return parseLinkDestination(string, pos, maximum)

    def parseLinkTitle(self, string: str, start: int, maximum: int, prev_state: Any = None) -> "_State":  # noqa: N802
        """Return the title that begins, or continues, at `start`."""
        marker = prev_state.marker if prev_state is not None else _TITLE_ENDS.get(string[start : start + 1], 0)
        if marker:
            through = _TITLE_THROUGH[chr(marker)].match(string, start + (prev_state is None), maximum)
            assert through is not None
            self._parser.meter.spend(5 + through.end() - start)
        return parseLinkTitle(string, start, maximum, prev_state)


_TITLE_ENDS: Final = {'"': 0x22, "'": 0x27, "(": 0x29}


class _Destination:
    """A parsed address, with the attributes of markdown-it's result."""

    __slots__ = ("pos", "str")

    ok: Final = True

    def __init__(self, address: str, end: int) -> None:
        self.str = address
        self.pos = end
