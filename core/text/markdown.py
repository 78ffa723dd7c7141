"""The parser and the sanitiser behind `core.text.render`, which imports this module when the first text is rendered.

CommonMark by markdown-it-py without raw HTML, sanitised by nh3. Where a comment is not a document:

- A newline is a line break. Indented text is text, for comments are prose; code stands between fences.
- A heading is a strong paragraph, a rule is three of its characters. Underlining makes no heading.
- There are no images: `![alt](address)` shows as `!` and a link.
- Entities stay as typed, so that no character that normalisation removed comes back as `&#x202e;`.
- Nothing that was typed vanishes, but the title of a link and the language of a fence: nesting beyond
  `core.text.blocks.DEEPEST` shows as text, so does a definition that no link uses or that is the second of its label,
  and a body that would show nothing shows as it is.
- A link whose words name another host is text, and the addresses in it are links as they are anywhere.
- No more than `MOST_BREAKS` line breaks follow each other, and no more than `core.text.code.MOST_EMPTY` empty lines in
  code.
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
"""Line breaks with nothing between them that can be seen."""


class _Markdown(MarkdownIt):
    """The parser. It counts on `meter` what the text costs that it has before it: one text at a time."""

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
        """The tokens of a text, with the definitions as text that begin at some lines. Raises TooCostly."""
        self.meter = meter
        self.finder.spend = meter.spend
        self.blocks.shown = shown
        return self.parse(text, env)

    def normalizeLink(self, url: str) -> str:  # noqa: N802 # the name is markdown-it's
        return normal(url, self.meter.spend)

    def validateLink(self, url: str) -> bool:  # noqa: N802 # as above
        return is_link(url, self.meter.spend)

    def normalizeLinkText(self, link: str) -> str:  # noqa: N802 # as above
        # As typed: decoding would bring back removed characters and show look-alike hosts as what they imitate.
        return link


def html(text: str, meter: Meter) -> str:
    """The html of a section of a normalised body; see `core.text.render.render`. Raises TooCostly."""
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
        return plain.plain(text)
    return sanitised(_rendered(parser, tokens, meter, env), meter)


def blocks(text: str, meter: Meter) -> str | None:
    """The html of a part of a text that defines no links. Raises TooCostly. None where nothing of it can be seen."""
    meter.spend(2 * text.count("\n"))
    env: dict[str, Any] = {}
    tokens = _parser_without_definitions.tokens(text, meter, env)
    return sanitised(_rendered(_parser_without_definitions, tokens, meter, env), meter) if _shows(tokens) else None


def inline(text: str, meter: Meter) -> str | None:
    """The html of a text that is one paragraph, without its tags and before it is sanitised. Raises TooCostly.

    None where nothing of it can be seen.
    """
    env: dict[str, Any] = {}
    tokens = _parser_of_lines.tokens(text, meter, env)
    if not _shows(tokens):
        return None
    return _rendered(_parser_of_lines, tokens, meter, env)


def sanitised(html: str, meter: Meter) -> str:
    """The html with nothing in it that a comment may not have. Raises TooCostly."""
    meter.spend(len(html) // 20 + html.count("&"))
    # A reader that composes characters in html would join this mark to the tag and take the rest for attributes.
    return CLEANER.clean(html).replace(">\u0338", ">&#x338;")


def _rendered(parser: _Markdown, tokens: list[Token], meter: Meter, env: dict[str, Any]) -> str:
    steps = length = 0
    for token in tokens:
        steps += TOKEN_STEPS
        for child in token.children or ():
            steps += TOKEN_STEPS
            if child.type == "link_open":
                # A definition may be used often, and its address is written each time.
                length += len(str(child.attrs["href"]))
    meter.spend(steps + length // 10)
    rendered: str = parser.renderer.render(tokens, parser.options, env)
    return rendered


def _inlines(state: StateCore) -> None:
    """Parses what paragraphs hold, but for lines that are ordinary; instead of the rule that parses all of it."""
    meter = state.md.meter  # type: ignore[attr-defined] # our parser has it
    for token in state.tokens:
        if token.type != "inline":
            continue
        # With definitions any words in brackets may be a link.
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
    """Takes the whole text for the content of one paragraph, instead of the rule that finds blocks."""
    state.tokens.append(Token("inline", "", 0, content=state.src, children=[]))


def _hidden_definitions(tokens: Sequence[Token], env: dict[str, Any]) -> dict[int, int]:
    """The definitions (`[label]: address`) that no link uses: the first line of each, and the one behind it."""
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
    """Turns what a comment does not have into what it has; the last core rule."""
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
    """Gives a link without a text its address for one, and shows one without an address as typed.

    Nobody follows or reports what cannot be seen.
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
    """Leaves of many line breaks in a row as many as may be."""
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
