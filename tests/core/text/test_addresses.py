"""Which words of a text are addresses, where they end, and which links are refused for what they say."""

import pytest
from markdown_it.common.normalize_url import normalizeLink

from core.text.links import first_link
from core.text.render import render
from tests.support.rendered_page import read


def linked(text: str) -> list[tuple[str, str]]:
    """Where the links of a text go, and their words."""
    html = render(text)
    words = [part.split(">", 1)[1] for part in html.split("</a>")[:-1] for part in [part.rpartition("<a ")[2]]]
    return list(zip(read(html).links, words, strict=True))


CLOSING = [
    *"”’»›“„‘«‹",  # typographic quotation marks
    *"）］｝〉》」』】〕〗。、，．：；！？…—―～＞",  # full-width and ideographic
    *"؟،؛۔।॥։׃།།።၊។",  # of Arabic, Devanagari, Armenian, Hebrew, Tibetan, Ethiopic, Burmese, Khmer
    *"–‐·・",  # what stands within words, too
    *"\u200b\u200c\u200d\u200e\u200f\u061c\u2060",
    "”。",
    "。”",
    "”)",
    ".”",
    "…”.",
]


@pytest.mark.parametrize("sign", CLOSING)
@pytest.mark.parametrize("address", ["http://a.example/x", "http://a.org", "www.a.org/x", "a.org", "a.org/x?y=1#z"])
def test_an_address_ends_before_the_punctuation_that_closes_a_sentence(address: str, sign: str) -> None:
    (found,) = linked(f"see {address}{sign}")
    assert found[1] == address
    assert found[0].endswith(address)
    (found,) = linked(f"see {address}{sign} and more\nof it")
    assert found[1] == address


@pytest.mark.parametrize("sign", ["”", "。", "\u200f", "»"])
def test_a_mail_address_ends_before_it_too(sign: str) -> None:
    assert linked(f"„me@a.org{sign}") == [("mailto:me@a.org", "me@a.org")]


@pytest.mark.parametrize("sign", ["，", "。", "（", "”", "—", "…", "」", "、"])
def test_words_that_follow_without_a_blank_are_no_part_of_an_address(sign: str) -> None:
    assert linked(f"见http://a.org/x{sign}然后") == [("http://a.org/x", "http://a.org/x")]
    assert [words for _, words in linked(f"http://a.org/x{sign}http://b.org/y")] == ["http://a.org/x", "http://b.org/y"]


@pytest.mark.parametrize(
    "address",
    [
        "https://ja.wikipedia.org/wiki/ジョン・レノン",
        "https://en.wikipedia.org/wiki/Lotka–Volterra",
        "https://fa.wikipedia.org/wiki/می\u200cخواهم",
        "https://he.wikipedia.org/wiki/צה״ל",
        "https://a.org/O’Brien",
        "https://ca.wikipedia.org/wiki/Paral·lel",
        "https://a.org/(x)/é",
    ],
)
def test_what_stands_within_words_stands_within_addresses(address: str) -> None:
    assert [words for _, words in linked(f"“{address}”")] == [address]


def test_an_address_between_brackets_is_what_is_between_them() -> None:
    assert linked("<http://a.org/x”>") == [("http://a.org/x%E2%80%9D", "http://a.org/x”")]
    assert linked("[x](http://a.org/x”)") == [("http://a.org/x%E2%80%9D", "x")]


@pytest.mark.parametrize("name", ["setup.py", "main.rs", "README.md", "a.sh", "photos.zip", "clip.mov", "libc.so"])
@pytest.mark.parametrize("words", ["see {}", "({})", "{}.", "“{}”", "{}:42", "{}#L4", "a.b.{}", "{}, {}", "> - **{}**"])
def test_the_name_of_a_file_is_no_link_and_held_by_no_rule(name: str, words: str) -> None:
    body = words.replace("{}", name)
    assert linked(body) == []
    assert first_link(body) is None


@pytest.mark.parametrize(
    "host",
    ["https://setup.py", "www.setup.py", "setup.py/x", "abc.com.py", "me@setup.py", "onet.pl", "a.co.rs", "a.org"],
)
def test_what_is_more_than_the_name_of_a_file_is_a_link(host: str) -> None:
    assert [words for _, words in linked(f"see {host}.")] == [host]


DECEIVING = [
    "[paypal.example.com](http://evil.org)",
    "[https://bank.org/login](https://evil.org)",
    "[HTTPS://BANK.ORG](https://evil.org)",
    "[log in at bank.org now](http://evil.org)",
    "[**bank.org**](http://evil.org)",
    "[ba*nk*.org](http://evil.org)",
    "[`bank.org`](http://evil.org)",
    "[bank\\.org](http://evil.org)",
    "[bank.org](<http://evil.org> 'title')",
    "*[bank.org](http://evil.org)*",
    "![bank.org](http://evil.org/x.png)",
    "[bank.org](http://bank.org.evil.org)",
    "[www.bank.org](http://evilbank.org)",
    "[b.bank.org](https://bank.org)",
    "[https://bank.org@evil.org/](https://evil.org)",
    "[me@bank.org](mailto:me@evil.org)",
    "[me@bank.org](https://evil.org)",
    "[bank.org and evil.org](https://evil.org)",
    "[ba\u200bnk.org](http://evil.org)",
    "[ｂａｎｋ.ｏｒｇ](http://evil.org)",
    "[bank․org](http://evil.org)",
    "[bаnk.org](http://evil.org)",
    "[bank.org][1]\n\n[1]: http://evil.org",
    "[bank.org]\n\n[bank.org]: http://evil.org",
    "[bank.org][]\n\n[bank.org]: http://evil.org",
    "[a [bank.org](http://evil.org) b](http://evil.org)",
]


@pytest.mark.parametrize("body", DECEIVING)
@pytest.mark.parametrize("around", ["{}", "- {}", "> {}\n\nb", "# a {}", "- a\n  - b {}\n\nc"])
def test_a_link_whose_words_name_another_host_is_text(body: str, around: str) -> None:
    for address, words in linked(around.replace("{}", body)):
        named = words if ":" in words else f"http://{words}"
        assert normalizeLink(named).removeprefix("http://") in address or words == "1", (address, words)


@pytest.mark.parametrize(
    ("body", "address"),
    [
        ("[a.org](https://a.org/x?y=1)", "https://a.org/x?y=1"),
        ("[A.org](https://www.a.org)", "https://www.a.org"),
        ("[www.a.org](https://a.org)", "https://a.org"),
        ("[a.org](https://news.a.org/1)", "https://news.a.org/1"),
        ("[http://a.org:80/x](https://a.org/x)", "https://a.org/x"),
        ("[me@a.org](mailto:me@a.org)", "mailto:me@a.org"),
        ("[write to a.org](mailto:me@a.org)", "mailto:me@a.org"),
        ("[münchen.de](https://xn--mnchen-3ya.de/x)", "https://xn--mnchen-3ya.de/x"),
        ("[MÜNCHEN.de](https://münchen.de/x)", "https://xn--mnchen-3ya.de/x"),
        ("[setup.py](https://a.org/setup.py)", "https://a.org/setup.py"),
        ("[version 3.14, e.g. this](https://a.org)", "https://a.org"),
        ("[*so* it is](https://a.org)", "https://a.org"),
        ("[a.org][1]\n\n[1]: https://a.org", "https://a.org"),
    ],
)
def test_a_link_whose_words_name_its_own_host_is_a_link(body: str, address: str) -> None:
    assert [where for where, _ in linked(body)] == [address]


def test_what_is_refused_is_seen_as_typed_and_the_rest_stays() -> None:
    assert read(render("[bank.org](http://evil.org) [b](http://b.org)")).text == "[bank.org](http://evil.org) b\n"
    assert linked("[bank.org](http://evil.org) [b](http://b.org)") == [
        ("http://bank.org", "bank.org"),
        ("http://evil.org", "http://evil.org"),
        ("http://b.org", "b"),
    ]


def test_a_text_with_a_refused_link_waits_where_links_wait() -> None:
    assert first_link("[bank.org](http://evil.org)") == "http://bank.org"
