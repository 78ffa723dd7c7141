import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.lru import Lru
from core.text import markdown, markup, prose
from core.text.blocks import DEEPEST
from core.text.cost import Meter
from core.text.markup import Rendered, render, rendered
from core.text.prose import SECTION
from core.text.unicode import normalise
from tests.text.page import REL, read


def link(address: str, text: str | None = None) -> str:
    return f'<a href="{address}" rel="{REL}">{text or address}</a>'


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("Quite right.", "<p>Quite right.</p>\n"),
        ("One line\nand another.", "<p>One line<br>\nand another.</p>\n"),
        ("One.\n\n\nTwo.", "<p>One.</p>\n<p>Two.</p>\n"),
        ("*a* **b** `c < d`", "<p><em>a</em> <strong>b</strong> <code>c &lt; d</code></p>\n"),
        ("> quoted\n\nanswer", "<blockquote>\n<p>quoted</p>\n</blockquote>\n<p>answer</p>\n"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"),
        ("1. a\n2. b", "<ol>\n<li>a</li>\n<li>b</li>\n</ol>\n"),
        ("1984. A year", '<ol start="1984">\n<li>A year</li>\n</ol>\n'),
        ("```python\nx < 1\n```", "<pre><code>x &lt; 1\n</code></pre>\n"),
        ("", ""),
        (" \n\u200b\n", ""),
    ],
)
def test_a_comment_is_rendered(body: str, html: str) -> None:
    assert render(body) == html


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("# Title *x*", "<p><strong>Title <em>x</em></strong></p>\n"),
        ("###### Small ######", "<p><strong>Small</strong></p>\n"),
        ("Title\n---\ntext", "<p>Title</p>\n<p>---</p>\n<p>text</p>\n"),
        ("* * *", "<p>***</p>\n"),
        ("    four blanks", "<p>four blanks</p>\n"),
        ("<b>bold</b> &amp; <br>", "<p>&lt;b&gt;bold&lt;/b&gt; &amp;amp; &lt;br&gt;</p>\n"),
        ("![me](https://a.org/i.png)", f"<p>!{link('https://a.org/i.png', 'me')}</p>\n"),
        ("> # x", "<blockquote>\n<p><strong>x</strong></p>\n</blockquote>\n"),
        ("```two words\nx\n```", "<pre><code>two words\nx\n</code></pre>\n"),
    ],
)
def test_what_a_comment_does_not_have_becomes_what_it_has(body: str, html: str) -> None:
    assert render(body) == html


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("https://a.org/b_c_d?e=f&g", link("https://a.org/b_c_d?e=f&amp;g")),
        ("[x](https://a.org 'title')", link("https://a.org", "x")),
        ("<https://a.org>", link("https://a.org")),
        ("www.a.org", link("http://www.a.org", "www.a.org")),
        ("me@a.org", link("mailto:me@a.org", "me@a.org")),
        ("[x](mailto:me@a.org)", link("mailto:me@a.org", "x")),
        ("[x](mailto:me@a.org?subject=y)", f"[x]({link('mailto:me@a.org')}?subject=y)"),
        ("https://münchen.de/ä", link("https://xn--mnchen-3ya.de/%C3%A4", "https://münchen.de/ä")),
        ("https://xn--pple-43d.com", link("https://xn--pple-43d.com")),
        ("I like it.It works", "I like it.It works"),
        ("https://bank.org@evil.org/", "https://bank.org@evil.org/"),
        ("[](https://a.org)", link("https://a.org")),
        ("[x]()", "[x]()"),
    ],
)
def test_a_link_goes_where_it_says(body: str, html: str) -> None:
    assert render(body) == f"<p>{html}</p>\n"


def test_a_definition_is_seen_where_no_link_uses_it() -> None:
    used = "see [a]\n\n[a]: https://a.org"
    assert render(used) == f"<p>see {link('https://a.org', 'a')}</p>\n"
    unused = "see it\n\n[a]: https://a.org (hidden)"
    assert render(unused) == f"<p>see it</p>\n<p>[a]: {link('https://a.org')} (hidden)</p>\n"
    assert "https://b.org" in render("[a]: https://a.org\n[a]: https://b.org\n\n[a]")


@pytest.mark.parametrize("body", [">", "#", "-", "1.", "> >\n> -", "```\n```"])
def test_a_body_of_nothing_but_markup_is_shown_as_it_is(body: str) -> None:
    assert read(render(body)).text == f"{body}\n"


@pytest.mark.parametrize("marker", ["> ", ">", "- ", "1. ", "> - "])
def test_text_nested_too_deep_is_still_seen(marker: str) -> None:
    html = render(marker * 200 + "seen")
    assert "seen" in html
    opened = len(re.findall("<(?:blockquote|[uo]l|li)>", html))
    assert DEEPEST <= opened <= DEEPEST + 1


words = [f"w{n}" for n in range(40)]
glue = st.sampled_from(
    [" ", "\n", "\n\n", "*", "**", "_", "> ", "\n> ", "\n- ", "\n1. ", "\n# ", "[", "]", "](", ")", "<", ">"]
)
glue |= st.sampled_from(
    ["\\", "&", "&lt;", "  \n", "\n---\n", "\n===\n", "!", "|", "~~", "\n    ", "[a]: ", "https://a.org/"]
)


@given(st.lists(glue, min_size=40, max_size=40))
def test_no_word_is_lost(between: list[str]) -> None:
    body = "".join(mark + word for mark, word in zip(between, words, strict=True))
    page = read(render(body))
    shown = set(re.findall(r"w\d+", page.text + " ".join(page.links)))
    assert shown >= set(words)


@pytest.mark.parametrize("blank", ["\n\n", "\n", " ", ""])
def test_a_long_body_is_rendered_in_sections_that_lose_nothing(blank: str) -> None:
    piece = "0123456789" * 20 + blank
    body = piece * (3 * SECTION // len(piece)) + "\n\n[end](https://a.org)"
    page = read(render(body))
    assert re.sub(r"\s", "", page.text) == re.sub(r"\s", "", body.replace("[end](https://a.org)", "end"))
    assert page.links == ["https://a.org"]


def test_no_markup_reaches_from_one_section_into_the_next() -> None:
    line = f"{'word ' * 9}word\n"
    assert "<em>" in render("*" + line * (SECTION // len(line) - 1) + "end*")
    assert "<em>" not in render("*" + line * (SECTION // len(line)) + "end*")


def test_what_was_rendered_is_remembered_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    first = rendered("Once *more*.")
    assert rendered("Once *more*.") is first
    monkeypatch.setattr(markup, "_REMEMBERED", Lru[str, Rendered](100_000))
    for number in range(100):
        body = f"*{number}* {'x' * 4000}"
        assert rendered(body) == render(body)
        assert rendered(body) is rendered(body)
    assert 50_000 < markup._REMEMBERED.bytes <= 100_000
    assert len(markup._REMEMBERED) < 20


def test_prose_is_not_remembered_for_it_is_made_faster_than_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markup, "_REMEMBERED", Lru[str, Rendered](100_000))
    assert rendered("Once more.") == "<p>Once more.</p>\n"
    assert rendered("") == ""
    assert len(markup._REMEMBERED) == 0


def test_the_parser_is_imported_when_the_first_text_that_is_no_prose_is_rendered() -> None:
    script = (
        "import sys, core.text.links, core.text.diff\n"
        "assert not {'markdown_it', 'linkify_it', 'nh3'} & sys.modules.keys()\n"
        "core.text.links.first_link('*x* http://a.org')\n"
        "assert 'nh3' not in sys.modules\n"
        "core.text.links.first_link('[x]: http://a.org')\n"
        "assert 'nh3' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def parsed(text: str) -> str:
    """What the parser makes of a text, whatever that costs."""
    return markdown.html(text, Meter(sys.maxsize))


_PIECES = st.sampled_from(
    [*"a Z9é中ㅤ.,:;!?'\"()&-+*#>=~_`[]<\\@|/\xa0\u0338\u200b\u202f\n", "\n\n", "1. ", "a.b", "http://a"]
)


@given(st.lists(_PIECES | st.text("ab ", min_size=1), max_size=12).map("".join))
def test_prose_is_what_the_parser_would_make_of_it(text: str) -> None:
    body = normalise(text)
    assert prose.html(body) in (None, parsed(body) if body else "")


@pytest.mark.parametrize("sign", [chr(point) for point in range(0x20, 0x7F) if not chr(point).isalnum()])
def test_prose_is_what_the_parser_would_make_of_it_whatever_sign_is_in_it(sign: str) -> None:
    for text in (
        "a {}b{} c",
        "a{}\nb",
        "a{}b{}(c)",
        "a\n{} b",
        "{}a{}\nb",
        "a\n\n{}{}{}",
        "1{} a",
        "a\n1{} b",
        "[a]{} b{}",
    ):
        body = normalise(text.replace("{}", sign))
        assert prose.html(body) in (None, parsed(body))


@pytest.mark.parametrize(
    ("body", "plain"),
    [
        ("Quite right.", True),
        ("Who said: 'no'?\n\"I did\" & left.\n\n\n1990 was better (or not)... wasn't it?", True),
        ("Ünd ǆ – so", True),
        ("See example.org", False),
        ("- first", False),
    ],
)
def test_only_what_is_more_than_prose_is_parsed(body: str, plain: bool) -> None:
    assert (prose.html(body) is not None) == plain


def test_a_warm_renderer_has_imported_and_compiled_all_that_it_needs() -> None:
    script = (
        "import re, sys\n"
        "from core.text.markup import render, warm\n"
        "warm()\n"
        "loaded = set(sys.modules)\n"
        "def compiled(*_): raise AssertionError('compiled late')\n"
        "re._compiler.compile = compiled\n"
        "render('a.org/x *b* me@a.org http://c.org/ä\\n\\n> - [d](http://e.org)\\n\\n[f]: http://g.org')\n"
        "assert set(sys.modules) == loaded, set(sys.modules) - loaded\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
