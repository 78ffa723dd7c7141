"""Markdown parser and sanitiser of `core.text.render`, which imports this module when the first text is rendered.

CommonMark by markdown-it-py without raw HTML, sanitised by nh3. Differences, because a comment is not a document:

- A newline is a line break. Indented text is text, for comments are prose; code needs fences.
- A heading becomes a strong paragraph, a rule three of its characters. Underlining makes no heading.
- There are no images: `![alt](address)` shows as `!` and a link.
- Entities stay as typed, so that no character that normalisation removed comes back as `&#x202e;`.
- No typed text vanishes, except the title of a link and the language of a fence. Nesting beyond
  `core.text.blocks.DEEPEST` is shown as text, and so is a definition that no link uses or that repeats a label. A body
  that would show nothing is shown as typed.
- A link whose words name another host is shown as text, in which addresses become links as usual.
- At most `MOST_BREAKS` line breaks in a row are shown, and at most `core.text.code.MOST_EMPTY` empty lines in code.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_core import inline as parse_inlines
from markdown_it.token import Token

from core.text import plain
from core.text.addresses import CLEANER, Finder, is_link, normal
from core.text.blocks import TYPED, Blocks
from core.text.code import shown
from core.text.cost import Meter
from core.text.inlines import Helpers, Inlines
from core.text.lines import NotOrdinary, line
from core.text.unicode import is_blank

TOKEN_STEPS: Final = 4
PARSED_STEPS: Final = 40
"""Steps of parsing a paragraph, independent of its content."""
MOST_BREAKS: Final = 2
"""Maximum line breaks with nothing visible between them."""


class _Markdown(MarkdownIt):
    """The parser. It counts the cost of the current text on `meter`, and so handles one text at a time."""

    def __init__(self, *, definitions: bool) -> None:
        super().__init__(
            "commonmark",
            {"html": False, "linkify": True, "breaks": True, "xhtmlOut": False, "store_labels": True},
        )
        self.enable("linkify")
        self.core.ruler.at("inline", _inlines)
        self.core.ruler.push("house", _house)
        self.meter = Meter()
        self.finder = Finder()
        self.linkify = self.finder
        self.helpers = Helpers(self)  # type: ignore[assignment] # a module there
        self.block = self.blocks = Blocks(definitions=definitions)
        self.inline = Inlines(self.inline.ruler2)

    def tokens(
        self, text: str, meter: Meter, env: dict[str, Any], shown: Mapping[int, int] = MappingProxyType({})
    ) -> list[Token]:
        """Parse a text into tokens. Definitions at the lines in `shown` are shown as text. Raises TooCostly."""
        self.meter = meter
        self.finder.spend = meter.spend
        self.blocks.shown = shown
        return self.parse(text, env)

    def normalizeLink(self, url: str) -> str:  # noqa: N802 # the name is markdown-it's
        return normal(url, self.meter.spend)

    def validateLink(self, url: str) -> bool:  # noqa: N802 # as above
        return is_link(url, self.meter.spend)

    def normalizeLinkText(self, link: str) -> str:  # noqa: N802 # as above
        # As typed: decoding would restore removed characters and show look-alike hosts as the hosts they imitate.
        return link


def html(text: str, meter: Meter) -> str:
    """Return the HTML of a section of a normalised body; see `core.text.render.render`. Raises TooCostly."""
    meter.spend(2 * text.count("\n"))
    env: dict[str, Any] = {}
    parser = _parser
    tokens = parser.tokens(text, meter, env)
    if hidden := _hidden_definitions(tokens, env):
        env = {}
        tokens = parser.tokens(text, meter, env, hidden)
        if _hidden_definitions(tokens, env):
            env = {}
            parser = _parser_without_definitions
            tokens = parser.tokens(text, meter, env)
    if not _shows(tokens):
        return plain.paragraphs(text)
    return sanitised(_rendered(parser, tokens, meter, env), meter)


def blocks(text: str, meter: Meter) -> str | None:
    """Return the HTML of a part of a text without definitions; None if nothing in it is visible. Raises TooCostly."""
    meter.spend(2 * text.count("\n"))
    env: dict[str, Any] = {}
    tokens = _parser_without_definitions.tokens(text, meter, env)
    return sanitised(_rendered(_parser_without_definitions, tokens, meter, env), meter) if _shows(tokens) else None


def inline(text: str, meter: Meter) -> str | None:
    """Return the HTML of a one-paragraph text, without its `p` tags and before sanitising. Raises TooCostly.

    None if nothing in the text is visible.
    """
    env: dict[str, Any] = {}
    tokens = _parser_of_lines.tokens(text, meter, env)
    if not _shows(tokens):
        return None
    return _rendered(_parser_of_lines, tokens, meter, env)


def sanitised(html: str, meter: Meter) -> str:
    """Sanitise HTML to what a comment may have. Raises TooCostly."""
    meter.spend(len(html) // 20 + html.count("&"))
    # A client that composes characters in HTML would join this mark to the tag and take the rest for attributes.
    return CLEANER.clean(html).replace(">\u0338", ">&#x338;")


def _rendered(parser: _Markdown, tokens: list[Token], meter: Meter, env: dict[str, Any]) -> str:
    steps = length = 0
    for token in tokens:
        steps += TOKEN_STEPS
        for child in token.children or ():
            steps += TOKEN_STEPS
            if child.type == "link_open":
                # A definition may be used often, and its address is repeated each time.
                length += len(str(child.attrs["href"]))
    meter.spend(steps + length // 10)
    rendered: str = parser.renderer.render(tokens, parser.options, env)
    return rendered


def _inlines(state: StateCore) -> None:
    """Parses the content of paragraphs, except for ordinary lines. Replaces the rule that parses all of it."""
    meter = state.md.meter  # type: ignore[attr-defined] # our parser has it
    for token in state.tokens:
        if token.type != "inline":
            continue
        # With definitions, any words in brackets may be a link.
        env = {} if token.meta.get(TYPED) else state.env
        if "references" not in env:
            try:
                shown = "<br>\n".join([line(text, meter) for text in token.content.split("\n")])
            except (NotOrdinary, IndexError):
                pass
            else:
                token.children = [Token("html_inline", "", 0, content=shown)]
                continue
        meter.spend(PARSED_STEPS)
        token.children = state.md.inline.parse(token.content, state.md, env, [])


def _one_paragraph(state: StateCore) -> None:
    """Treats the whole text as the content of one paragraph. Replaces the rule that finds blocks."""
    state.tokens.append(Token("inline", "", 0, content=state.src, children=[]))


def _hidden_definitions(tokens: Sequence[Token], env: dict[str, Any]) -> dict[int, int]:
    """Return the definitions (`[label]: address`) that no link uses: first line of each to the line after it."""
    if "references" not in env:
        return {}
    used = {child.meta.get("label") for token in tokens for child in token.children or ()}
    unused = [definition for label, definition in env["references"].items() if label not in used]
    return dict(definition["map"] for definition in (*unused, *env.get("duplicate_refs", ())))


def _shows(tokens: Sequence[Token]) -> bool:
    return any(
        not is_blank(shown.content)
        for token in tokens
        for shown in (token.children or () if token.type == "inline" else (token,))
    )


def _house(state: StateCore) -> None:
    """Converts elements that comments do not have into those they have. The last core rule."""
    tokens: list[Token] = []
    heading = False
    for token in state.tokens:
        if token.type == "inline":
            children = _broken(_named(token.children or []))
            if heading:
                children = [Token("strong_open", "strong", 1), *children, Token("strong_close", "strong", -1)]
            token.children = children
        elif token.tag in _HEADINGS:
            heading = token.nesting == 1
            token.tag = "p"
        elif token.type == "hr":
            tokens += _rule(token.markup[0] * 3)
            continue
        elif token.type == "fence":
            whole, end = (token.content[:-1], "\n") if token.content.endswith("\n") else (token.content, "")
            lines = shown(token.info, whole.split("\n") if token.content else ())
            token.content = "\n".join(lines) + (end or ("" if token.content else "\n"))
            token.info = ""
            if is_blank(token.content):
                continue
        tokens.append(token)
    state.tokens = tokens


_HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})


def _rule(characters: str) -> tuple[Token, Token, Token]:
    shown = Token("text", "", 0, content=characters)
    return (
        Token("paragraph_open", "p", 1, block=True),
        Token("inline", "", 0, content=characters, children=[shown], block=True),
        Token("paragraph_close", "p", -1, block=True),
    )


def _named(children: list[Token]) -> list[Token]:
    """Uses the address as the text of a link without one, and shows a link without an address as typed.

    Readers cannot follow or report an invisible link.
    """
    named: list[Token] = []
    address = ""
    seen = False
    for child in children:
        if child.type == "link_open":
            address, seen = str(child.attrs["href"]), False
            named.append(child if address else Token("text", "", 0, content="["))
        elif child.type == "link_close":
            if not seen and address:
                named.append(Token("text", "", 0, content=address))
            named.append(child if address else Token("text", "", 0, content="]()"))
        else:
            seen = seen or not is_blank(child.content)
            named.append(child)
    return named


def _broken(children: list[Token]) -> list[Token]:
    """Limits runs of line breaks to `MOST_BREAKS`."""
    breaks = 0
    broken: list[Token] = []
    for child in children:
        if child.type in ("softbreak", "hardbreak"):
            breaks += 1
            if breaks > MOST_BREAKS:
                continue
        elif not is_blank(child.content):
            breaks = 0
        broken.append(child)
    return broken


_parser: Final = _Markdown(definitions=True)
_parser_without_definitions: Final = _Markdown(definitions=False)
_parser_of_lines: Final = _Markdown(definitions=False)
_parser_of_lines.core.ruler.at("block", _one_paragraph)
_parser_of_lines.core.ruler.at("inline", parse_inlines)
