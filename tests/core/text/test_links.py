import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.rules.premoderation import LINKS, Hold, hold
from core.policy import Policy
from core.text.links import LONGEST, first_link, link_beyond
from core.text.render import remembered, render
from core.text.unicode import normalise


@pytest.mark.parametrize(
    ("body", "address"),
    [
        ("see https://a.org/x", "https://a.org/x"),
        ("see www.example.com", "http://www.example.com"),
        ("see example.xyz today", "http://example.xyz"),
        ("[here](https://a.org/?b=c&d=e)", "https://a.org/?b=c&d=e"),
        ("<https://a.org>", "https://a.org"),
        ("[here][1]\n\n[1]: https://a.org", "https://a.org"),
        ("![pixel](https://a.org/p.gif)", "https://a.org/p.gif"),
        ("write to me@a.org", "mailto:me@a.org"),
        ("> - **HTTP://A.ORG**", "HTTP://A.ORG"),
        ("# a.org\n\nb.org", "http://a.org"),
        ("[x](&#104;ttps&colon;//a.org)", "https://a.org"),
        ("[x](https&colon;//a)", "https://a"),
        ("https://exa\u00admple.org", "https://example.org"),
        ("x" * 6000 + " https://a.org", "https://a.org"),
    ],
)
def test_a_link_is_found(body: str, address: str) -> None:
    assert first_link(body) == address


@pytest.mark.parametrize(
    "body",
    [
        "",
        "no link here. None at all",
        "e.g. this, i.e. that, 3.14, 10:30, a:b",
        "`https://a.org`",
        "[x](javascript:alert(1))",
        "[x](/relative)",
        "[see below] (really)",
        "I like it.It works",
    ],
)
def test_no_link_is_found_where_readers_get_none(body: str) -> None:
    assert first_link(body) is None


COSTLY = "*a **b " * 640
"""What is shown as plain, and has no link of its own."""


@pytest.mark.parametrize(
    ("words", "address"),
    [
        ("https://a.org/x", "https://a.org/x"),
        ("www.example.com", "www.example.com"),
        ("see example.xyz today", "example.xyz"),
        ("write to me@a.org", "me@a.org"),
        ("[here](https://a.org)", "[here](https://a.org)"),
        ("http://漢.org/", "http://漢.org/"),
        ("http://a.org/" + "x" * 400, "http://a.org/" + "x" * (LONGEST - 13)),
    ],
)
@pytest.mark.parametrize("costly", [f"{COSTLY} {{}}", f"{{}} {COSTLY}", f"{{}}\n\n{COSTLY}"])
def test_an_address_in_a_text_that_is_too_costly_to_render_is_held_for_a_link(
    costly: str, words: str, address: str
) -> None:
    body = costly.format(words)
    assert "<a" not in remembered(body).html
    assert hold(Policy(premoderation="links"), body) == Hold(LINKS, address)


def test_a_link_that_readers_get_is_found_before_what_is_too_costly_to_render() -> None:
    rendered_part = "word " * 1100
    body = f"{COSTLY} b.org\n\n{rendered_part} https://a.org"
    assert first_link(body) == "https://a.org"


def test_a_text_that_is_too_costly_to_render_and_has_no_address_is_not_held() -> None:
    assert remembered(COSTLY).given_up
    assert first_link(f"{COSTLY} e. g. so... no: none") is None


THREE = "a.org, [here](https://b.org/?c=d&e) and\n\n> <https://f.org>"


@pytest.mark.parametrize(
    ("allowed", "address"),
    [(0, "http://a.org"), (1, "https://b.org/?c=d&e"), (2, "https://f.org"), (3, None), (9, None)],
)
def test_the_link_beyond_those_allowed_is_found_in_the_order_of_the_page(allowed: int, address: str | None) -> None:
    assert link_beyond(THREE, allowed) == address


def test_links_that_cannot_be_counted_are_more_than_are_allowed() -> None:
    packed = f"{COSTLY} a.org,b.org,c.org,d.org"
    assert "<a" not in remembered(packed).html
    assert link_beyond(packed, 3) == "a.org,b.org,c.org,d.org"
    assert link_beyond(COSTLY, 3) is None


PIECES = (
    "a",
    "b.org",
    "www.",
    ".",
    "@",
    ":",
    "//",
    "https://",
    "mailto:",
    "[",
    "]",
    "(",
    ")",
    "<",
    ">",
    "&",
    "#46;",
    "\\",
)
"""What links are made of."""


@given(st.lists(st.sampled_from((*PIECES, " ", "\n", "*", "`", "'", "-", "é", "x")), max_size=12).map("".join))
def test_the_first_link_is_that_of_the_page(body: str) -> None:
    body = normalise(body)
    href = re.search('<a href="([^"]*)"', render(body))
    assert first_link(body) == (None if href is None else unescape(href[1]))
