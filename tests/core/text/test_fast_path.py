"""What is rendered without the parser of blocks is what the parser would make of it."""

import sys
from html import escape

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it.common.normalize_url import normalizeLink

from core.text import addresses, fast_path, markdown
from core.text.cost import Meter
from core.text.unicode import normalise

words = st.sampled_from(
    [
        *[
            "word",
            "Ünd",
            "中文",
            "1990",
            "it's",
            "(so)",
            "a",
            "e.g.",
            "3.14",
            "10:30",
            "&",
            "&amp;",
            "\xa0",
            "\u200b",
            "ㅤ",
        ],
        *[
            '"q"',
            "“so”",
            "...",
            "?",
            "!",
            "-",
            "--",
            "+1",
            "#tag",
            "#",
            "=",
            "~~~",
            "|",
            "<b>",
            "\\",
            "\\*",
            "`c`",
            "```",
        ],
        *["*em*", "**st**", "snake_case", "2*3*4", "*", "_", "[x]", "[", "]", "[]()", "[a]: b"],
    ]
)
links = st.sampled_from(
    [
        *[
            "https://a.org",
            "https://a.org/",
            "http://www.a-b.co.uk/p/q_r?x=1&y=2#z",
            "https://a.org/x.",
            "(https://a.org/x)",
        ],
        *["<https://a.org/y>", "[lab](https://a.org/z)", "[a b.org](https://c.org/q?r=s&t=u)", "[*e*](https://a.org)"],
        *[
            "www.a.org",
            "a.org/x",
            "me@a.org",
            "mailto:me@a.org",
            "ftp://a.org",
            "https://xn--a.org",
            "https://a.org/(x)",
        ],
        *[
            "https://A.org",
            "https://a.org/-",
            "https://a.org/x/,",
            "https://a.org?x",
            "https://a.org/%41%zz",
            "http://",
        ],
        *[
            "https://münchen.de/ä",
            "xhttps://a.org",
            "https://a.org/x_y_",
            "[u](https://a.org/_x_)",
            "https://a.org/*x*",
        ],
        *["I like it.It works", "![i](https://a.org/i.png)", "[x](https://a.org 'title')", "[ㅤ](https://a.org)"],
        *[
            "https://a.org/a&amp;b",
            "https://a.org!",
            "https://a.org/x'",
            "https://a.org//",
            "https://a.org/?",
            "http://a.b/c",
        ],
        *["[b.org](https://a.org)", "[a.org](https://a.org/b)", "https://a.org/x”", "a.org。", "“setup.py”", "a.rs:1"],
        *["[a.org․b.org](https://a.org)", "[*b*.org](https://a.org)", "` `", "\\\n\\\n\\\n"],
    ]
)
breaks = st.sampled_from(
    [
        *[
            " ",
            " ",
            " ",
            "\n",
            "\n\n",
            "\n- ",
            "\n\n- ",
            "\n1. ",
            "\n2. ",
            "\n\n3) ",
            "\n* ",
            "\n> ",
            "\n>> ",
            "\n\n> ",
            "\n>",
        ],
        *["\n```\n", "\n```py\n", "\n```word\n", "\n~~~ two words\n", "\n\n\n\n\n\n", "\n\u200b\n"],
        *["\n# ", "\n## ", "", "\n-", "\n---\n", "\n  ", "\n===\n", "\n1.", "\n \n", " \n", "  \n", ".", ","],
    ]
)
ordinary = st.lists(st.tuples(words | links, breaks).map("".join), min_size=1, max_size=8).map("".join)


@settings(max_examples=400)
@given(st.sampled_from(["", "- ", "1. ", "7) ", "# ", "> "]), ordinary)
@example("- ", "[a](http://a.b)\n- [b](http://a.b)\n\n- c")
@example("> ", "quoted\n\nanswer, see https://a.org/x.")
def test_what_is_taken_is_what_the_parser_would_make_of_it(begins: str, text: str) -> None:
    body = normalise(begins + text)
    if not body:
        return
    taken = fast_path.html(body, Meter(sys.maxsize))
    assert taken in (None, markdown.html(body, Meter(sys.maxsize)))


@pytest.mark.parametrize(
    "body",
    [
        "See https://a.org/x, or [this](https://b.org/y?z=1).",
        "- [a](https://a.org)\n- <https://b.org>\n\nwww.c.org is *better*",
        "> Quoted\n\n1. One\n2. Two **bold**\n\n# Title\ntext",
    ],
)
def test_ordinary_texts_are_taken(body: str) -> None:
    assert fast_path.html(body, Meter()) is not None


@pytest.mark.parametrize("body", ["[a]: http://a.b\n\n[a]", "a\tb", "-", "- a\n\n>"])
def test_texts_of_more_structure_are_left_to_the_parser(body: str) -> None:
    assert fast_path.html(body, Meter()) in (None, markdown.html(body, Meter()))


@pytest.mark.parametrize(
    "odd",
    ["- a\n  - *b*\n\n- c", "> a\nb", "- a\n* b", "---", "```\n\na\n```", "~~~ x y\na\n~~~"],
)
def test_only_the_part_of_more_structure_is_parsed(odd: str) -> None:
    body = f"Before *it*.\n\n{odd}\n\nBehind it.\n\n{odd}"
    assert fast_path.html(body, Meter()) == markdown.html(body, Meter())


labels = st.sampled_from(
    [
        *[
            "a",
            "b1",
            "www",
            "x-y",
            "io",
            "com",
            "org",
            "zip",
            "uk",
            "museum",
            "foo",
            "js",
            "1",
            "-",
            ".",
            ".",
            ".",
            "/",
            "_",
        ],
        *["=", "+", "(", ")", ",", "A", "xn--a", "http", "10"],
    ]
)


@settings(max_examples=400)
@given(st.lists(labels, min_size=2, max_size=8).map("".join))
@example("a.io")
@example("(www.a.org/x).")
def test_a_host_that_is_recognised_at_sight_is_what_the_library_finds(word: str) -> None:
    usual = addresses._USUAL_HOST.fullmatch(word)
    if usual is None or usual[2] not in addresses._DOMAINS:
        return
    found = [(link.index, link.last_index, link.url) for link in addresses._FINDER.match(word) or ()]
    assert found == [(*usual.span(1), f"http://{usual[1]}")]


addressed = st.lists(
    st.sampled_from(
        [
            *[
                "http://",
                "https://",
                "a",
                "b-c",
                ".",
                "org",
                "1",
                "xn--a",
                "/",
                "_",
                "~",
                "=",
                "&",
                ",",
                ":",
                "@",
                "!",
                "$",
                "(",
            ],
            *[")", "%41", "%", "?", "#", "-", "80", "é", "A"],
        ]
    ),
    max_size=9,
).map("".join)


@settings(max_examples=400)
@given(st.sampled_from(["http://a.org", "https://a.b", "http://b-c.a.org:80", ""]), addressed)
def test_an_address_that_is_recognised_at_sight_is_one_that_would_be_left_as_it_is(host: str, rest: str) -> None:
    address = host + rest
    if addresses._USUAL.fullmatch(address) is None:
        return
    assert normalizeLink(address) == address
    assert "href" in addresses.CLEANER.clean(f'<a href="{escape(address)}">')
