import re
import subprocess
import sys
from collections import Counter
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.lru import Lru
from core.text import markdown, plain
from core.text import render as markup
from core.text.blocks import DEEPEST
from core.text.cost import Meter
from core.text.plain import SECTION
from core.text.render import Rendered, render, rendered
from core.text.unicode import is_blank, normalise
from tests.support.rendered_page import REL, read


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
    [
        "\n```",
        "\n```\n",
        "\n~~~",
        "\n~~~\n",
        "\\",
        "&",
        "&lt;",
        "  \n",
        "\n---\n",
        "\n===\n",
        "!",
        "|",
        "~~",
        "\n    ",
        "[a]: ",
        "https://a.org/",
    ]
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
    assert plain.html_or_none(body) in (None, parsed(body) if body else "")


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
        assert plain.html_or_none(body) in (None, parsed(body))


@pytest.mark.parametrize(
    ("body", "is_plain"),
    [
        ("Quite right.", True),
        ("Who said: 'no'?\n\"I did\" & left.\n\n\n1990 was better (or not)... wasn't it?", True),
        ("Ünd ǆ – so", True),
        ("See example.org", False),
        ("- first", False),
    ],
)
def test_only_what_is_more_than_prose_is_parsed(body: str, is_plain: bool) -> None:
    assert (plain.html_or_none(body) is not None) == is_plain


def test_a_warm_renderer_has_imported_and_compiled_all_that_it_needs() -> None:
    script = (
        "import re, sys\n"
        "from core.text.render import render, warm\n"
        "warm()\n"
        "loaded = set(sys.modules)\n"
        "def compiled(*_): raise AssertionError('compiled late')\n"
        "re._compiler.compile = compiled\n"
        "render('a.org/x *b* me@a.org http://c.org/ä\\n\\n> - [d](http://e.org)\\n\\n[f]: http://g.org')\n"
        "assert set(sys.modules) == loaded, set(sys.modules) - loaded\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize(
    ("about", "shown"),
    [
        ("python", ""),
        ("C++", ""),
        ("", ""),
        (" js ", ""),
        ("これは文です", "これは文です\n"),
        ("Das-ist-ein-Satz.", "Das-ist-ein-Satz.\n"),
        ("nonsense", "nonsense\n"),
        ("python and more", "python and more\n"),
    ],
)
@pytest.mark.parametrize("fence", ["```", "~~~~"])
@pytest.mark.parametrize("around", ["{}", "So:\n\n{}\n\n> so", "> {}", "[a]: http://a.org\n\n{}\n\n[a]"])
def test_what_stands_behind_a_fence_is_seen_unless_it_names_a_language(
    about: str, shown: str, fence: str, around: str
) -> None:
    code = f"{fence}{about}\nx < 1\n{fence}"
    if around.startswith(">"):
        code = code.replace("\n", "\n> ")
    assert f"<pre><code>{shown}x &lt; 1\n</code></pre>" in render(around.format(code))


@pytest.mark.parametrize("around", ["{}", "So:\n\n{}\n\n> so", "[a]: http://a.org\n\n{}\n\n[a]"])
def test_a_language_without_code_is_seen(around: str) -> None:
    assert "<pre><code>go\n</code></pre>" in render(around.format("```go\n\n```"))
    assert "<pre>" not in render(around.format("a\n\n```\n\n```"))


def test_one_definition_too_many_leaves_the_other_links() -> None:
    a, b = link("https://a.org", "a"), link("https://b.org", "b")
    ends = f"<p>{a} and {b}</p>\n"
    twice = "[a]: https://a.org\n[a]: https://c.org\n[b]: https://b.org\n\n[a] and [b]"
    assert render(twice) == f"<p>[a]: {link('https://c.org')}</p>\n{ends}"
    unused = "[a]: https://a.org\n[c]: https://c.org (so)\n[d]: https://d.org\n[b]: https://b.org\n\n[a] and [b]"
    assert render(unused) == f"<p>[c]: {link('https://c.org')} (so)<br>\n[d]: {link('https://d.org')}</p>\n{ends}"
    quoted = "[a]: https://a.org\n\n[a] and [b]\n\n> [b]: https://b.org\n> [b]: https://c.org"
    assert render(quoted) == f"{ends}<blockquote>\n<p>[b]: {link('https://c.org')}</p>\n</blockquote>\n"
    label = "[a]: https://a.org\n\n[a][a]\n\n[a]: https://b.org"
    assert render(label) == f"<p>{a}</p>\n<p>[a]: {link('https://b.org')}</p>\n"
    inner = "- [a]: https://c.org\n[b]: https://b.org\n- [c]: https://c.org\n\n[b]"
    assert {"https://b.org", "https://c.org"} == set(read(render(inner)).links)


# What is typed is seen: letters, digits and signs that are no ASCII, wherever they stand. Those of the address of a
# link are seen in it, percent-encoded; the title of a link and the label of a reference are not.
_TYPED = st.sampled_from(
    [
        *[
            "a",
            "é",
            "中",
            "Я",
            "“",
            "”",
            "…",
            "—",
            "。",
            "（",
            "・",
            "😀",
            "א",
            "1",
            "x.y",
            "setup.py",
            "a.org",
            "b@c.org",
        ],
        *[
            " ",
            " ",
            "\n",
            "\n\n",
            "\n> ",
            "\n- ",
            "\n  - ",
            "\n# ",
            "\n1. ",
            "\n    ",
            "\\\n",
            "  \n",
            "\u200b",
            "\xa0",
        ],
        *["\n```", "\n```\n", "\n~~~", "\n~~~\n", "```", "`", "``", "*", "**", "_", "\n---\n", "\n***", "#", ">", "|"],
        *[
            "[",
            "]",
            "](",
            ")",
            "[](",
            "<",
            ">",
            "http://a.org/",
            "http://",
            "\n[中]: ",
            "[中]",
            "[a.org](",
            "&amp;",
            "\\",
        ],
    ]
)


@given(st.lists(_TYPED, max_size=30).map("".join))
@example("```これは文です\nx\n```")
@example("[中]: http://a.org/中\n[中]: http://b.org/é\n\n[中]")
@example("[a.org](http://中.org/é)")
@example("a\n\n```é\n```")
def test_no_sign_that_was_typed_is_lost(text: str) -> None:
    body = normalise(text)
    page = read(render(body))
    shown = Counter(page.text)
    for address in page.links:
        shown.update(unquote(address))
        shown.update(_decoded_host(address))
    typed = Counter(c for c in body if (c.isalpha() or not c.isascii()) and not is_blank(c))
    # A label is the name of a definition: it is seen where the definition is used.
    typed["中"] -= len(re.findall(r"\[中\]", body))
    assert not typed - shown


def _decoded_host(address: str) -> str:
    host = urlsplit(address).hostname or ""
    return "".join(label[4:].encode().decode("punycode") for label in host.split(".") if label.startswith("xn--"))


@pytest.mark.parametrize(
    "line",
    ["\u200b", "\u2060\u200d", "\u3164", "\u2800", "\xa0", "\u2003", " \u200b ", "\u034f", "\U000e0100", "\ufe0f"],
)
@pytest.mark.parametrize("around", ["{}", "> {}", "- {}", "```\n{}\n```", "[a]: http://a.org\n\n[a] {}"])
def test_lines_of_what_cannot_be_seen_make_no_text_tall(line: str, around: str) -> None:
    html = render(around.format("a" + f"\n{line}" * 1000 + "\nb"))
    assert html.count("\n") < 12
    assert html.count("<") < 16


@pytest.mark.parametrize(
    "body",
    [
        "a" + "\\\n" * 100 + "b",
        "*a*" + "\n` `" * 40 + "\nb",
        "a\n" + "*\u200b*\\\n" * 60 + "b",
        "```\na" + "\n" * 2000 + "b\n```",
        "~~~\n" + "\n \n" * 1000 + "b\n~~~",
        "> ```\n> a" + "\n>" * 100 + "\n> b\n> ```",
        "```\n```\n\n" * 40 + "b",
        "```\na" + "\n" * 12000 + "b\n```",
    ],
)
def test_nothing_that_shows_nothing_makes_a_text_tall(body: str) -> None:
    html = render(body)
    assert html.count("\n") < 12


@pytest.mark.parametrize("lines", [120, 400, 1600])
@pytest.mark.parametrize(
    "before", ["", "So:\n\n", "x " * 2600 + "\n\n", "- a\n\n  ```\n  b\n\n  ```\n\n", "> ```\n> b\n\nc\n\n"]
)
@pytest.mark.parametrize("fence", ["```", "~~~", "`````"])
def test_code_longer_than_a_section_stays_one_piece(lines: int, before: str, fence: str) -> None:
    code = "".join(f"*line* {n} [a](http://a.org)\n" + "\n" * (n % 5) for n in range(lines))
    html = render(f"{before}{fence}\n{code}{fence}\n\nThat *is* it.")
    assert html.endswith("That <em>is</em> it.</p>\n")
    expected = re.sub("\n{5,}", "\n\n\n\n", code)
    assert f"<pre><code>{expected}</code></pre>\n" in html


@pytest.mark.parametrize("long", ["x" * 12_000, "x y " * 3000, "\n" * 6000 + "x", "x" + "\n" * 12_000 + "y"])
def test_code_of_lines_longer_than_a_section_stays_one_piece(long: str) -> None:
    html = render(f"```\n{long}\n```\nb")
    assert html.count("<pre>") == 1
    assert html.endswith("</code></pre>\n<p>b</p>\n")
    assert html.replace("\n", "") == f"<pre><code>{long}</code></pre><p>b</p>".replace("\n", "")


def test_what_follows_code_that_a_list_or_a_quotation_ends_is_no_code() -> None:
    filler = f"{'word ' * 40}*more*\n\n" * 80
    for begins in ("- ```\n  code\n\n", "> ```\n> code\n\n", "- ```\n  code\n  ```\n\n", "1. a\n   ~~~\n   b\n\n"):
        assert render(begins + filler).count("<em>") == 80
