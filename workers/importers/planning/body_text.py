r"""Bodies of comments as Markdown, in which every character that readers saw is still visible.

Each candidate is rendered, and its visible words are compared with those of the source. Tried in this order:

1. the text as it is, for prose and Markdown,
2. its HTML converted by `html-to-markdown`,
3. the same with markup characters of its text escaped, but for those in addresses,
4. the words alone, with all markup characters escaped. The formatting is lost, and the source is kept.

Markdown of other systems may have HTML in it; WordPress writes HTML in which newlines are breaks.
"""

import re
from collections.abc import Callable
from functools import cache
from html import escape, unescape
from itertools import count
from typing import Any, Final, Literal

import nh3
from markdown_it import MarkdownIt
from msgspec import Struct

from core.text import plain
from core.text.addresses import misleads
from core.text.cost import Meter, TooCostly
from core.text.render import render
from core.text.unicode import normalise
from workers.importers.planning.visible_words import TAG, formatting, typed_words, words
from workers.importers.planning.wrapped_links import unwrapped
from workers.importers.source_records import Markup

LONGEST: Final = 65_536
"""Most characters of a body that is brought."""
LONGEST_SOURCE: Final = 262_144
"""Most characters of a source that is converted."""
DEEPEST: Final = 500
"""Most elements that may be open at once: sanitising takes time quadratic in the depth."""

_MOST_STEPS: Final = 100_000
"""Most steps of a look at the words of a link."""

How = Literal["typed", "converted", "escaped", "plain", "empty", "too-long"]


class Body(Struct, frozen=True, kw_only=True, array_like=True, omit_defaults=True):
    """A text of a comment as it is brought; `text` is empty if there is none, or if it is too long."""

    text: str = ""
    original: str | None = None
    """The source, where formatting of it was lost."""
    how: How = "typed"
    garbled: bool = False
    """True if the source was decoded wrongly before it was exported (`Ã©` for `é`). It is brought as it is."""


def converted(source: str, markup: Markup) -> Body:
    """The body that a text of another system becomes."""
    if len(source) > LONGEST_SOURCE:
        return Body(how="too-long")
    made = _converted(source, markup)
    if not made.text:
        return Body(how="empty")
    if len(made.text) > LONGEST:
        return Body(how="too-long")
    original = made.original if made.original is not None and len(made.original) <= LONGEST else None
    return Body(text=made.text, original=original, how=made.how, garbled=_GARBLED.search(made.text) is not None)


def _converted(source: str, markup: Markup) -> Body:
    text = normalise(source)
    if markup == "text" or ("<" not in source and "&" not in source):
        if plain.html_or_none(text) is not None:
            return Body(text=text)
        if markup == "text":
            return _of_html(_as_html(text), source, text)
    if markup == "markdown":
        return _of_markdown(source, text)
    typed = None
    if "<" not in source:
        typed = normalise(unescape(source))
        if plain.html_or_none(typed) is not None:
            return Body(text=typed)
    return _of_html(_with_breaks(source) if markup == "wordpress" else source, source, typed)


def _of_markdown(source: str, text: str) -> Body:
    """The body of a text in Markdown with HTML: as it is if Hansard shows it as the other system did."""
    shown = _sanitised(_reference().render(source))
    if _holds(text, words(shown)):
        return Body(text=text)
    return _of_html(shown, source, None)


def _of_html(html: str, source: str, typed: str | None) -> Body:
    """The body of a text in HTML; `typed` is the same as typed, if it has no tag."""
    clean = _sanitised(html)
    wanted = words(clean)
    if typed is not None and _holds(typed, wanted):
        return Body(text=typed)
    if not wanted:
        return Body(how="empty")
    had = formatting(clean)
    clean = _linked(_plain_tables(clean))
    wanted = words(clean)
    bare = _UNKNOWN.sub("", clean)
    ways: tuple[tuple[How, Callable[[str], str]], ...] = (("converted", _markdown), ("escaped", _escaped_markdown))
    for how, convert in ways:
        text = convert(bare)
        shown = render(text) if text else ""
        if text and words(shown) == wanted:
            lost = had and had - formatting(shown)
            return Body(text=text, original=source if lost else None, how=how)
    return _plain(clean, wanted, source)


def _plain(clean: str, wanted: list[str], source: str) -> Body:
    """The words alone, their markup characters escaped, those of addresses only if nothing else helps."""
    text = _typed(clean)
    # The last one is for texts that are shown as they were typed, because rendering them would cost too much.
    candidates = ("".join(map(_escaped_word, _RUNS.findall(text))), _MARKUP.sub(r"\\\g<0>", text), text)
    for candidate in map(normalise, candidates):
        if _holds(candidate, wanted):
            return Body(text=candidate, original=source, how="plain")
    return Body(text=normalise(candidates[1]), original=source, how="plain")


def _holds(text: str, wanted: list[str]) -> bool:
    """True if readers of the rendered text see the wanted words and nothing else."""
    html = plain.html_or_none(text)
    return (typed_words(text) if html is not None else words(render(text))) == wanted


def _sanitised(html: str) -> str:
    """HTML of the elements that are converted; pictures and frames become links, a rule three hyphens."""
    if _most_open(html) > DEEPEST:
        html = _ANY_TAG.sub(" ", html)
    clean = _cleaner().clean(html)
    if "<" not in clean:
        return clean
    clean = _MEDIA.sub(_as_link, clean)
    return _RULE.sub("<p>---</p>", clean)


def _most_open(html: str) -> int:
    """A bound of the elements that are open at once."""
    unclosed = html.count("<") - 2 * html.count("</")
    return unclosed if unclosed <= DEEPEST else unclosed - len(_VOID.findall(html))


def _plain_tables(clean: str) -> str:
    """Sanitised HTML with the rows of its tables as lines."""
    return _CELL.sub(" ", _ROW.sub("<br>", clean)) if "<table" in clean else clean


def _as_link(media: re.Match[str]) -> str:
    """A link to a picture, or to what a frame shows."""
    named = dict(_ATTRIBUTE.findall(media[0]))
    address = named.get("src")
    label = named.get("alt") or named.get("title") or address or ""
    return f' <a href="{address}">{label}</a> ' if address else label


def _linked(clean: str) -> str:
    """Sanitised HTML whose links lead where they say: a misleading one becomes its words and its address."""
    return _LINK.sub(_honest, clean) if "<a " in clean else clean


def _honest(link: re.Match[str]) -> str:
    address, label = unwrapped(unescape(link["address"])), link["label"]
    seen = unescape(_ANY_TAG.sub("", label)).strip()
    if not seen:
        return f'<a href="{escape(address)}">{escape(address, quote=False)}</a>'
    if _misleads(seen, address):
        return label if seen == address else f"{label} ({escape(address, quote=False)})"
    return f'<a href="{escape(address)}">{label}</a>'


def _misleads(seen: str, address: str) -> bool:
    try:
        return misleads(seen, address, Meter(_MOST_STEPS).spend)
    except TooCostly:
        return True


def _markdown(html: str, *, escapes: bool = False) -> str:
    """The Markdown of sanitised HTML; "" if the library fails."""
    library = _library()
    try:
        made: str | None = library.convert(html, _options(escapes=escapes)).content
    except (library.ConversionError, RuntimeError, ValueError):
        return ""
    return normalise(_BREAK.sub("\n", made or ""))


def _escaped_markdown(html: str) -> str:
    """The Markdown of sanitised HTML, with the markup characters of its texts escaped, but for those in addresses."""
    mark = next(mark for number in count() if (mark := f"q{number}zx") not in html)
    kept: list[str] = []

    def keep(run: re.Match[str]) -> str:
        if _ADDRESS.search(run[0]) is None:
            return run[0]
        kept.append(unescape(run[0]))
        return f"{mark}{len(kept) - 1}{mark}"

    parts = (part if part.startswith("<") else _WORDS.sub(keep, part) for part in _TAG_OR_TEXT.findall(html))
    made = _markdown("".join(parts), escapes=True)
    return normalise(re.sub(rf"{mark}(\d+){mark}", lambda found: kept[int(found[1])], made))


def _escaped_word(run: str) -> str:
    return run if _ADDRESS.search(run) is not None else _MARKUP.sub(r"\\\g<0>", run)


def _typed(clean: str) -> str:
    """The text of sanitised HTML, with its paragraphs and line breaks."""
    text = _PARAGRAPH.sub("\n\n", re.sub(r"\s+", " ", clean))
    return unescape(_ANY_TAG.sub("", _LINE.sub("\n", text)))


def _as_html(text: str) -> str:
    return escape(text, quote=False).replace("\n", "<br>")


def _with_breaks(html: str) -> str:
    """HTML of WordPress with its newlines as breaks, but for those beside a block element or within `pre`."""
    html = html.replace("\r\n", "\n").replace("\r", "\n")
    if "\n" not in html:
        return html
    kept = _PRE.split(html)
    for at in range(0, len(kept), 2):
        text = _AT_BLOCK.sub(lambda found: found[1] or found[2], kept[at])
        kept[at] = _NEWLINES.sub(lambda found: "<br>" * min(found[0].count("\n"), 2), text)
    return "".join(kept)


_GARBLED: Final = re.compile(
    "\u00c3[\u0080-\u00bf]|\u00e2\u20ac[\u2122\u0153\u017e\u0161\u201c\u201d\u00a6]|\u00c2[\u00a0-\u00bf]"
)
"""UTF-8 that was read as Windows-1252."""
_BREAK: Final = re.compile(r" {2,}\n")
_ANY_TAG: Final = re.compile(TAG)
_TAG_OR_TEXT: Final = re.compile(rf"{TAG}|[^<]+")
_RUNS: Final = re.compile(r"\s+|\S+")
_WORDS: Final = re.compile(r"\S+")
_UNKNOWN: Final = re.compile(r"</?(?:del|s|strike|sub|sup)>")
"""Formatting that Hansard does not have."""
_ADDRESS: Final = re.compile(r"://|^www\.|\S@\S|\w\.\w+/", re.IGNORECASE)
_MARKUP: Final = re.compile(r"[\\`*_\[\]<>#~|!+=-]|(?<=\d)[.)]")
_MEDIA: Final = re.compile(r"<(?:img|iframe|embed|video|audio)\b[^>]*>(?:</(?:iframe|video|audio)>)?")
_ATTRIBUTE: Final = re.compile(r'(src|alt|title)="([^"]*)"')
_VOID: Final = re.compile(r"<(?:br|hr|img)\b", re.IGNORECASE)
_ROW: Final = re.compile(r"</?(?:tr|table)[^>]*>")
_CELL: Final = re.compile(r"</?(?:td|th)>")
_RULE: Final = re.compile(r"<hr[^>]*>")
_LINK: Final = re.compile(r'<a href="(?P<address>[^"]*)"[^>]*>(?P<label>.*?)</a>', re.DOTALL)
_LINE: Final = re.compile(r" ?(?:<br>|</?(?:li|tr|h[1-6])[^>]*>) ?")
_PARAGRAPH: Final = re.compile(r"(?: ?</?(?:p|div|blockquote|ul|ol|pre)[^>]*> ?)+")
_PRE: Final = re.compile(r"(<pre\b.*?</pre>)", re.DOTALL | re.IGNORECASE)
_BLOCK: Final = r"(?:p|div|blockquote|ul|ol|li|pre|table|thead|tbody|tr|td|th|h[1-6]|hr|dl|dt|dd)"
_AT_BLOCK: Final = re.compile(rf"\s*\n\s*(</?{_BLOCK}\b[^>]*>)|(</?{_BLOCK}\b[^>]*>)(?:\s*\n\s*)", re.IGNORECASE)
_NEWLINES: Final = re.compile(r"[^\S\n]*(?:\n[^\S\n]*)+")


@cache
def _cleaner() -> nh3.Cleaner:
    kept = {"p", "br", "em", "i", "strong", "b", "a", "blockquote", "ul", "ol", "li", "code", "pre", "div", "hr"}
    kept |= {"del", "s", "strike", "sub", "sup", "table", "tr", "td", "th", "img", "iframe", "embed", "video", "audio"}
    kept |= {f"h{level}" for level in range(1, 7)}
    media = {"src", "title"}
    return nh3.Cleaner(
        tags=kept,
        attributes={
            "*": set(),
            "a": {"href"},
            "ol": {"start"},
            "img": {"src", "alt", "title"},
            **dict.fromkeys(("iframe", "embed", "video", "audio"), media),
        },
        link_rel=None,
        url_schemes={"http", "https", "mailto"},
        url_relative="deny",
    )


@cache
def _reference() -> MarkdownIt:
    """Markdown as other systems render it: with HTML."""
    return MarkdownIt("commonmark", {"html": True, "breaks": True}).enable("strikethrough")


@cache
def _library() -> Any:
    """The library that converts HTML. It comes with the extra `import`."""
    import html_to_markdown  # noqa: PLC0415 # see above

    return html_to_markdown


@cache
def _options(*, escapes: bool) -> Any:
    library = _library()
    return library.ConversionOptions(
        extract_metadata=False,
        preprocessing=library.PreprocessingOptions(enabled=False),
        escape_asterisks=escapes,
        escape_underscores=escapes,
        escape_misc=escapes,
    )
