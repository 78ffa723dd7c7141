"""The parser and the sanitiser behind `core.text.markup`, which imports this module when the first text is rendered.

CommonMark by markdown-it-py without raw HTML, sanitised by nh3. Where a comment is not a document:

- A newline is a line break. Indented text is text, for comments are prose; code stands between fences.
- A heading is a strong paragraph, a rule is three of its characters. Underlining makes no heading.
- There are no images: `![alt](address)` shows as `!` and a link.
- Entities stay as typed, so that no character that normalisation removed comes back as `&#x202e;`.
- Nothing that was typed vanishes, but the title of a link and the language of a fence: nesting beyond `DEEPEST` shows
  as text, so does a definition that no link uses, and a body that would show nothing shows as it is.
"""

import re
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any, Final

import nh3
from linkify_it import LinkifyIt  # type: ignore[import-untyped] # the package has no annotations
from linkify_it.tlds import TLDS  # type: ignore[import-untyped] # as above
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, paragraph
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, autolink, linkify
from markdown_it.token import Token

from core.text.prose import SECTION, perhaps_link
from core.text.unicode import is_blank

DEEPEST: Final = 18
"""Levels of blocks; a quotation is one, a list two. The parser drops what is two levels deeper."""

_REL: Final = "nofollow ugc noopener"
_CLEANER: Final = nh3.Cleaner(
    tags={"p", "br", "em", "strong", "a", "blockquote", "ul", "ol", "li", "code", "pre"},
    attributes={"*": set(), "a": {"href"}, "ol": {"start"}},
    link_rel=_REL,
    url_schemes={"http", "https", "mailto"},
    url_relative="deny",
)

# An address with its host, without a user: `https:host` is relative to the page, `https://bank@host` is made to
# deceive. A mail address alone: a subject and a text prepared by a stranger have no place here.
_ADDRESS: Final = re.compile(r"https?://[^/?#@\s]+(?:[/?#]\S*)?|mailto:[^?\s]+@[^?\s]+", re.IGNORECASE)

# No host has this many labels. linkify-it takes seconds over a chain of hundreds that ends in no domain.
_CHAIN: Final = re.compile(r"(?:[^\s!\"#%&'()*,./:;?@\[\\\]{}]{1,63}+\.){9}")
_MISSING_BLANK: Final = re.compile(r"[^/]*\.[A-Z][a-z]+")
_LANGUAGE: Final = re.compile(r"[\w+#.-]{1,20}")


class _Finder:
    """Finds addresses in plain text, the part of linkify-it that markdown-it calls.

    http, https and mailto, and without a scheme mail addresses and hosts in known top-level domains.
    """

    def __init__(self) -> None:
        self._all = LinkifyIt().add("ftp:", None).add("//", None).tlds(list(TLDS), True)  # noqa: FBT003 # positional there

    def pretest(self, text: str) -> bool:
        return perhaps_link(text)

    def test(self, text: str) -> bool:
        # Asked before every `match`, which finds out in the same time.
        return perhaps_link(text) and _CHAIN.search(text) is None

    def match(self, text: str) -> list[Any]:
        # "I like it.It works": a capital behind the full stop is a blank forgotten, not a host in Italy.
        return [
            found
            for found in self._all.match(text) or ()
            if found.schema or _MISSING_BLANK.fullmatch(found.raw) is None
        ]

    def match_at_start(self, text: str) -> Any:
        return self._all.match_at_start(text)


class _Markdown(MarkdownIt):
    def __init__(self) -> None:
        super().__init__(
            "commonmark",
            {"html": False, "linkify": True, "breaks": True, "xhtmlOut": False, "store_labels": True},
        )
        self.linkify = _Finder()
        self.enable("linkify")
        self.disable(["image", "entity", "html_inline", "html_block", "code", "lheading"])
        self.inline.ruler.at("linkify", _schemed)
        self.inline.ruler.at("autolink", _bracketed)
        self.block.ruler.before("table", "too_deep", _too_deep)
        self.core.ruler.push("house", _house)

    def validateLink(self, url: str) -> bool:  # noqa: N802 # the name is markdown-it's
        # The sanitiser is asked here already: what it would take the address from is no link, but text as typed.
        return _ADDRESS.fullmatch(url) is not None and "href" in _CLEANER.clean(f'<a href="{escape(url)}">')

    def normalizeLinkText(self, link: str) -> str:  # noqa: N802 # as above
        # As typed: decoding would bring back removed characters and show look-alike hosts as what they imitate.
        return link


def html(body: str) -> str:
    """Renders a normalised body; see `core.text.markup.render`."""
    clean = _CLEANER.clean("".join(map(_section, _sections(body))))
    # Whoever composes characters in html would weld this mark to the tag and take what follows for attributes.
    return clean.replace(">\u0338", ">&#x338;")


def _sections(body: str) -> Iterator[str]:
    """Cuts at an empty line, else at a newline, else at a blank, else where the section is full."""
    while len(body) > SECTION:
        cut = next((at for mark in ("\n\n", "\n", " ") if (at := body.rfind(mark, 1, SECTION)) > 0), SECTION)
        yield body[:cut]
        body = body[cut:]
    yield body


def _section(text: str) -> str:
    env: dict[str, Any] = {}
    tokens = _parser.parse(text, env)
    if _hides_definitions(tokens, env):
        env = {}
        tokens = _parser_without_definitions.parse(text, env)
    if not _shows(tokens):
        return f"<p>{escape(text)}</p>\n".replace("\n", "<br>\n", text.count("\n"))
    rendered: str = _parser.renderer.render(tokens, _parser.options, env)
    return rendered


def _hides_definitions(tokens: Sequence[Token], env: dict[str, Any]) -> bool:
    """Whether the text defines a link (`[label]: address`) that it does not use, or defines one twice."""
    if "references" not in env:
        return False
    used = {child.meta.get("label") for token in tokens for child in token.children or ()}
    return "duplicate_refs" in env or not used.issuperset(env["references"])


def _shows(tokens: Sequence[Token]) -> bool:
    return any(
        not is_blank(shown.content)
        for token in tokens
        for shown in (token.children or () if token.type == "inline" else (token,))
    )


def _too_deep(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001 # markdown-it's signature
    """Takes lines nested too deep as a paragraph; a block rule that comes before all others."""
    return state.level >= DEEPEST and paragraph(state, start, end, silent)


def _schemed(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 # as above
    """Finds `http://…` and `https://…` before their characters can be taken for markup."""
    # The rule looks through all that is pending for the start of the scheme, so it is asked only where there is one.
    before = state.src[max(0, state.pos - 5) : state.pos].lower()
    return before.endswith(("http", "https")) and linkify(state, silent)


def _bracketed(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 # as above
    """Finds `<https://…>` and `<me@…>`, but not in the text of a link: links do not nest in html."""
    return state.linkLevel == 0 and autolink(state, silent)


def _house(state: StateCore) -> None:
    """Turns what a comment does not have into what it has; the last core rule."""
    tokens: list[Token] = []
    heading = False
    for token in state.tokens:
        if token.type == "inline":
            children = _named(token.children or [])
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
            # A word behind the fence is a language, which nobody needs to see; anything else is a line of text.
            if token.info.strip() and _LANGUAGE.fullmatch(token.info.strip()) is None:
                token.content = f"{token.info.strip()}\n{token.content}"
            token.info = ""
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


_parser: Final = _Markdown()
_parser_without_definitions: Final = _Markdown()
_parser_without_definitions.disable("reference")
