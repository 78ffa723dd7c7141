"""Addresses in comments: link validation, normalisation, and detection in plain text."""

import re
from collections.abc import Callable, Iterator
from html import escape
from typing import Any, Final

import nh3
from linkify_it import LinkifyIt  # type: ignore[import-untyped] # the package has no annotations
from linkify_it.main import Match  # type: ignore[import-untyped] # as above
from linkify_it.tlds import TLDS  # type: ignore[import-untyped] # as above
from markdown_it.common.normalize_url import normalizeLink

from core.text.cost import Meter
from core.text.plain import perhaps_link

REL: Final = "nofollow ugc noopener"
CLEANER: Final = nh3.Cleaner(
    tags={"p", "br", "em", "strong", "a", "blockquote", "ul", "ol", "li", "code", "pre"},
    attributes={"*": set(), "a": {"href"}, "ol": {"start"}},
    link_rel=REL,
    url_schemes={"http", "https", "mailto"},
    url_relative="deny",
)

# An address must have a host and no user: `https:host` is relative to the page, `https://bank@host` is made to deceive.
# A mail address must be alone: no subject or text prepared by a stranger.
_ADDRESS: Final = re.compile(r"https?://[^/?#@\s]+(?:[/?#]\S*)?|mailto:[^?\s]+@[^?\s]+", re.IGNORECASE)
_SCHEME: Final = re.compile(r"\s*(?:https?|mailto):", re.IGNORECASE)
# Matches most addresses: they are valid, and normalising them changes nothing.
_USUAL: Final = re.compile(
    r"(?:https?://(?![^/?#]*xn--)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,3}[a-z][a-z0-9]{0,23}(?::\d{1,4})?"
    r"(?:/(?:[\w/.~=+&,:@!$()-]|%[0-9A-Fa-f]{2})*)?(?:\?[\w/.~=+&,:-]*)?(?:#[\w/.~=+&,:-]*)?"
    r"|mailto:[a-z0-9][a-z0-9._+-]{0,50}@(?!.*xn--)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,3}[a-z][a-z0-9]{0,23})",
    re.ASCII,
)

# No host has this many labels. linkify-it takes seconds for a chain of hundreds that ends in no domain.
_LABEL: Final = r"[^\s!\"#%&'()*,./:;?@\[\\\]{}]"
_CHAIN: Final = re.compile(rf"(?<!{_LABEL})(?:{_LABEL}{{1,63}}+\.){{9}}")
_MISSING_BLANK: Final = re.compile(r"[^/]*\.[A-Z][a-z]+")
_LAST_LABELS: Final = re.compile(r"\.([a-z0-9-]+)", re.IGNORECASE)
_FINDER: Final = LinkifyIt().add("ftp:", None).add("//", None).tlds(list(TLDS), True)  # noqa: FBT003 # positional there
_DOMAINS: Final = frozenset(map(str.lower, (*TLDS, *_FINDER.tlds_default)))

# An address without brackets ends at white space and at non-ASCII punctuation, which closes a sentence or a quotation.
# Characters that also occur within words, or are invisible there, end an address only if no word continues.
_WITHIN: Final = r"\xb7\u05be\u05f3\u05f4\u061c\u0f0b\u200b-\u200f\u2010\u2011\u2013\u2019\u203f\u2060\u30a0\u30fb"
_ENDS: Final = rf"{_FINDER.re['src_P']}|[\uff1c\uff1e\uff5e]"
_OTHER: Final = rf"(?!{_ENDS})[^\s!-~{_WITHIN}]"
# Atomic, because a possessive repetition of a group matches wrongly before Python 3.11.5.
_WORD: Final = re.compile(rf"(?:[!-~]|{_OTHER})(?>(?:[!-~]++|[{_WITHIN}]++(?=[\w/]|{_OTHER})|{_OTHER})*)")
# A run without white space that has one of the characters that every address has.
_PERHAPS: Final = re.compile(r"(?<!\S)[^\s.:@]*+[.:@]\S*")
# Top-level domains that are also file extensions: such a name is a host only if more than the name indicates one.
_FILES: Final = frozenset(("cab", "gd", "java", "md", "ml", "mm", "mov", "pm", "py", "rs", "sh", "so", "tf", "zip"))
_FILE: Final = re.compile(
    r"(?!www\.)(?:[^./:?#]+\.)*(?!(?:ac|co|com|edu|gob|gov|mil|net|org)\.)[^./:?#]+\.([a-z]+)(?::\d+|#[^/]*)?",
    re.IGNORECASE,
)
_MAIL: Final = re.compile(r"[-;:&=+$,.\"a-z0-9_]@", re.IGNORECASE)
_SCHEMES: Final = re.compile(r"https?://|mailto:", re.IGNORECASE)
# Matches most hosts without a scheme, with punctuation around them. The second group is the top-level domain.
_USUAL_HOST: Final = re.compile(
    r"\(?((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,3}([a-z]{2,24})(?:/(?:[A-Za-z0-9_/=+-]|\.(?=[A-Za-z0-9_]))*)?)"
    r"(?:[.,]|\)[.,]?)?"
)

_COUNTRY: Final = 2
"""Length of a country's top-level domain, in characters."""
# Matches most mail addresses, in the same way.
_USUAL_MAIL: Final = re.compile(
    r"\(?([a-z0-9][a-z0-9._+-]{0,50}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,3}([a-z]{2,24}))(?:[.,]|\)[.,]?)?"
)
# The host of a normalised address.
_HOST: Final = re.compile(r"(?:https?://|mailto:[^@]*@)([^/?#@:]+)(?::\d*)?(?![^/?#])")

UNUSUAL_STEPS: Final = 5
"""Steps per word that may be an address of an unusual kind."""
PAIR_STEPS: Final = 40
"""Steps per character of an address whose matching pair is searched for."""
BEGIN_STEPS: Final = 50
"""Steps per character that a host may begin after and may also contain: a whole label is scanned after each."""
_BEGINS: Final = re.compile(r"[$+=^`|]")
_PAIRS: Final = re.compile(r"[\"'(\[{]")

Spend = Callable[[int], None]
"""Step counter; see `core.text.cost.Meter.spend`."""


def is_usual(address: str) -> bool:
    """True if one match shows that the address is a valid link in normalised form."""
    return _USUAL.fullmatch(address) is not None


def normal(address: str, spend: Spend) -> str:
    """Return the normalised form of a link's address: percent-encoded, with the host in ASCII."""
    if is_usual(address) or _SCHEME.match(address) is None:
        # Other addresses are not links and stay as they are. Besides, the parser caches every scheme it ever sees.
        return address
    spend(60 + 4 * len(address))
    return normalizeLink(address)


def is_link(address: str, spend: Spend) -> bool:
    """True if a link may lead to the address. An address that the sanitiser would remove stays text as typed."""
    if is_usual(address):
        return True
    spend(len(address) // 100)
    if _ADDRESS.fullmatch(address) is None:
        return False
    spend(30 + len(address) // 10)
    return "href" in CLEANER.clean(f'<a href="{escape(address)}">')


class Finder:
    """Address detection in plain text: the part of linkify-it's interface that markdown-it calls.

    It finds http, https and mailto, and without a scheme mail addresses and hosts in known top-level domains.
    """

    def __init__(self) -> None:
        self.spend: Spend = Meter().spend
        """Counts the steps of a search."""

    def pretest(self, text: str) -> bool:
        """True if the text may contain a link."""
        return perhaps_link(text)

    def test(self, text: str) -> bool:
        """True if the text may contain a link."""
        # Called before every `match`, which takes no longer to find out.
        return perhaps_link(text)

    def match(self, text: str) -> list[Any]:
        """Return the links of a text, word by word: no link extends beyond the end of an address."""
        links: list[Any] = []
        self.spend(3 + len(text) // 5)
        for begin, word in _words(text, self.spend):
            for found in self._links(word):
                found.index += begin
                found.last_index += begin
                links.append(found)
        return links

    def _links(self, word: str) -> list[Any]:
        self.spend(4)
        usual = _USUAL_HOST.fullmatch(word)
        if usual is not None and usual[2] in _DOMAINS:
            self.spend(12)
            if _names_file(usual[1]):
                return []
            found = Match(word, "", *usual.span(1))
            found.url = f"http://{found.raw}"
            return [found]
        mail = _USUAL_MAIL.fullmatch(word)
        if mail is not None and mail[2] in _DOMAINS:
            self.spend(12)
            found = Match(word, "mailto:", *mail.span(1))
            found.url = f"mailto:{found.raw}"
            return [found]
        self.spend(UNUSUAL_STEPS)
        if not perhaps_link(word) or not _perhaps_address(word):
            return []
        self.spend(4)
        schemes = len(_SCHEMES.findall(word))
        length = (len(word) if word.isascii() else 3 * len(word)) + PAIR_STEPS * len(_PAIRS.findall(word))
        self.spend(BEGIN_STEPS * len(_BEGINS.findall(word)))
        self.spend(60 + length * (schemes + 1) + 35 * (word.count(".") + word.count("@")))
        if _CHAIN.search(word) is not None:
            return []
        # "I like it.It works": a capital after the full stop is a missing blank, not a host in Italy.
        return [
            found
            for found in _FINDER.match(word) or ()
            if found.schema or (_MISSING_BLANK.fullmatch(found.raw) is None and not _names_file(found.raw))
        ]

    def match_at_start(self, text: str) -> Any:
        """Return the link with a scheme that the text begins with, or None."""
        word = _WORD.match(text)
        if word is None:
            return None
        self.spend(45 + len(word[0]) + PAIR_STEPS * len(_PAIRS.findall(word[0])))
        return _FINDER.match_at_start(word[0])


def _words(text: str, spend: Spend) -> Iterator[tuple[int, str]]:
    """Return the words of a text that may be addresses, each with its start index."""
    for run in _PERHAPS.finditer(text):
        if run[0].isascii():
            yield run.start(), run[0]
            continue
        spend(len(run[0]) // 2)
        for word in _WORD.finditer(run[0]):
            if "." in word[0] or ":" in word[0] or "@" in word[0]:
                yield run.start() + word.start(), word[0]


def _names_file(host: str) -> bool:
    """True for names such as `setup.py`, which only the list of domains takes for a host."""
    file = _FILE.fullmatch(host)
    return file is not None and file[1].lower() in _FILES


def _perhaps_address(text: str) -> bool:
    """True if the text may contain a link: a scheme, a mail address, or a label that is a top-level domain."""
    return (
        _MAIL.search(text) is not None
        or not text.isascii()
        or _SCHEMES.search(text) is not None
        or any(
            (label := found[1].lower()) in _DOMAINS
            or (len(label) == _COUNTRY and label.isalpha())
            or label.startswith("xn--")
            for found in _LAST_LABELS.finditer(text)
        )
    )


_finder: Final = Finder()


def misleads(words: str, address: str, spend: Spend) -> bool:
    """True if the visible words of a link name a host that the address does not lead to, or one with a user."""
    if not perhaps_link(words):
        return False
    _finder.spend = spend
    host = _host(normal(address.lower(), spend))
    return any(not _within(host, _host(normal(found.url.lower(), spend))) for found in _finder.match(words))


def _host(address: str) -> str | None:
    """Return the host that an address leads to; None if there is none, or if a user part hides it."""
    host = _HOST.match(address)
    return None if host is None else host[1].rstrip(".").removeprefix("www.")


def _within(host: str | None, named: str | None) -> bool:
    """True if `host` is `named` or a subdomain of it."""
    return named is not None and host is not None and (host == named or host.endswith(f".{named}"))


def bare_links(text: str, meter: Meter) -> Iterator[tuple[int, int, str | None]]:
    """Return the spans of links in a text, each with its address; None for a link of an unusual kind."""
    _finder.spend = meter.spend
    for found in _finder.match(text):
        usual = found.schema in ("", "mailto:") and is_usual(found.url)
        yield found.index, found.last_index, found.url if usual else None
