"""Reads html as a strict reader would: a tag, attribute or address that no comment may have is an AssertionError."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit

TAGS = {"p", "br", "em", "strong", "a", "blockquote", "ul", "ol", "li", "code", "pre"}
REL = "nofollow ugc noopener"

# Written here by hand, apart from the lists in core: what no html may hold, whoever normalised the text.
UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff\ufdd0-\ufdef"
    r"\ufffe\uffff\U000e0001]"
)
_TAG = re.compile(
    rf'</?(?:p|em|strong|blockquote|ul|ol|li|code|pre)>|<br>|<ol start="\d{{1,9}}">|<a href="[^"<>]*" rel="{REL}">|</a>'
)


@dataclass
class Page:
    """What was read: the text without markup, and the addresses in order."""

    text: str = ""
    links: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self.open: list[str] = []
        self.link_text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, tag
        given = dict(attrs)
        assert len(given) == len(attrs)
        if tag == "a":
            assert "a" not in self.open, "a link inside a link"
            assert given.keys() == {"href", "rel"}
            assert given["rel"] == REL
            href = given["href"] or ""
            address = urlsplit(href)
            assert address.scheme in {"http", "https", "mailto"}, href
            assert bool(address.netloc) != (address.scheme == "mailto"), href
            assert "@" not in address.netloc, href
            self.page.links.append(href)
            self.link_text = ""
        elif tag == "ol":
            assert given.keys() <= {"start"}
        else:
            assert not given, (tag, given)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        assert tag != "a" or self.link_text.strip(), "a link that nobody sees"

    def handle_data(self, data: str) -> None:
        self.page.text += data
        self.link_text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(f"a declaration: {decl}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"an instruction: {data}")

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(f"a declaration: {data}")


def read(html: str) -> Page:
    """Reads the html of a comment, or raises AssertionError where it holds what it may not."""
    # Twice, with a parser and without, because parsers disagree: nothing but whole tags has an angle bracket.
    assert not re.search("[<>]", _TAG.sub("", html)), html
    assert UNSEEN.search(html) is None, ascii(html)
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader.page
