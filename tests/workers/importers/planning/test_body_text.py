"""Every character that readers saw is visible in the Markdown that a body becomes."""

import re
from html import escape

import nh3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.render import render
from core.text.unicode import normalise
from workers.importers.planning.body_text import LONGEST, converted
from workers.importers.planning.visible_words import words
from workers.importers.planning.wrapped_links import unwrapped
from workers.importers.source_records import Markup

VIDEO = "https://video.example/v"


@pytest.mark.parametrize(
    ("markup", "source", "text"),
    [
        ("wordpress", "Line one\nline two\n\nParagraph.", "Line one\nline two\n\nParagraph."),
        (
            "wordpress",
            "2*3*4 and _x_ and # and > and - and 1. that",
            r"2\*3\*4 and \_x\_ and \# and \> and \- and 1\. that",
        ),
        ("wordpress", "1. one\n- two\n# three\n> four", "1\\. one\n\\- two\n\\# three\n\\> four"),
        ("wordpress", "2*3*4, https://a.org/x_y_z and *", r"2\*3\*4, https://a.org/x_y_z and \*"),
        (
            "wordpress",
            "A <b>bold</b> word\nand <a href='https://a.org/'>a link</a>.",
            "A **bold** word\nand [a link](https://a.org/).",
        ),
        (
            "wordpress",
            "Before\n\n<blockquote>Quoted\nlines</blockquote>\n\nAfter",
            "Before\n\n> Quoted\n> lines\n\nAfter",
        ),
        ("wordpress", "<ul>\n<li>one</li>\n<li>two</li>\n</ul>", "- one\n- two"),
        ("wordpress", "<pre>a\n  b</pre>", "```\na\n  b\n```"),
        ("wordpress", "Tom &amp; Jerry &lt;3 &amp;amp;", "Tom & Jerry <3 &amp;"),
        ("wordpress", "[gallery ids=1] [caption]x[/caption]", "[gallery ids=1] [caption]x[/caption]"),
        ("html", "<p>One</p><p>Two<br>three</p>", "One\n\nTwo\nthree"),
        ("html", "<div>First <b>draft</b>.</div><div>Second.</div>", "First **draft**.\n\nSecond."),
        ("html", "<ol start='3'><li>a</li><li>b</li></ol>", "3. a\n4. b"),
        ("html", f"<iframe src='{VIDEO}'></iframe>", f"<{VIDEO}>"),
        ("html", "<img src='https://a.org/i.png' alt='A cat'>", "[A cat](https://a.org/i.png)"),
        ("html", "<h2>Head</h2>text", "## Head\n\ntext"),
        ("html", "<a href='https://evil.org/'>bank.com</a>", "bank.com (https://evil.org/)"),
        ("html", "a<script>alert(1)</script>b<style>x</style><!-- c -->", "ab"),
        ("html", "x<br><br><br><br>y", "x\n\ny"),
        ("markdown", "Plain *Markdown* `code`\n\n- a\n- b", "Plain *Markdown* `code`\n\n- a\n- b"),
        ("markdown", "Html <b>in</b> *it* &amp; more", "Html **in** *it* & more"),
        ("markdown", "<p>Html <script>x</script> in markdown</p>", "Html in markdown"),
        ("text", "*typed* <b>as</b> it is", r"\*typed\* \<b\>as\</b\> it is"),
    ],
)
def test_a_body_becomes_markdown(markup: Markup, source: str, text: str) -> None:
    body = converted(source, markup)
    assert body.text == text
    assert body.original is None
    assert normalise(body.text) == body.text


@pytest.mark.parametrize(
    "source",
    [
        "a <del>gone</del> word",
        "x<sup>2</sup> H<sub>2</sub>O",
        "<a href='/rel'>rel</a> <a href='javascript:x()'>js</a>",
        "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>",
        "<ul><li><table><tr><td>a</td></tr></table></li></ul>",
    ],
)
def test_the_source_is_kept_where_formatting_was_lost(source: str) -> None:
    body = converted(source, "html")
    assert body.original == source
    assert words(render(body.text)) == re.sub(r"<[^>]*>", lambda tag: " " if "t" in tag[0] else "", source).split()


@pytest.mark.parametrize(
    ("source", "how"),
    [
        ("", "empty"),
        ("<!-- nothing -->", "empty"),
        ("<p>&nbsp;</p>", "empty"),
        ("<script>x</script>", "empty"),
        ("\u200b\n \u3164", "empty"),
        ("x" * (LONGEST + 1), "too-long"),
        ("<b>x</b>" * 40_000, "too-long"),
    ],
)
def test_what_shows_nothing_or_is_too_long_has_no_text(source: str, how: str) -> None:
    body = converted(source, "wordpress")
    assert (body.text, body.how) == ("", how)


def test_the_longest_text_is_brought_whole() -> None:
    text = ("word " * (LONGEST // 5 + 1))[: LONGEST - 1] + "."
    assert converted(text, "html").text == text


def test_a_text_of_many_lines_keeps_its_formatting() -> None:
    body = converted("a line<br>" * 700 + "<b>the end</b>", "html")
    assert body.text.endswith("**the end**")
    assert body.text.count("\n") == 700


def test_a_text_that_is_shown_as_it_was_typed_comes_as_it_was_typed() -> None:
    typed = "<!-- --> ]]>\n" + "line\n" * 300
    shown = render(typed)
    assert words(render(converted(shown, "html").text)) == words(shown)


@pytest.mark.parametrize(("text", "garbled"), [("CafÃ© â€™tis", True), ("Café ’tis", False), ("Ã la carte", False)])
def test_garbled_letters_are_told_and_kept(text: str, garbled: bool) -> None:
    body = converted(text, "html")
    assert (body.text, body.garbled) == (text, garbled)


@pytest.mark.parametrize(
    ("address", "leads"),
    [
        ("http://disq.us/url?url=https%3A%2F%2Fa.org%2Fx%3Ay%3AmRcgTHJLd6xxAbCdEfGhIjKlMn&cuid=1", "https://a.org/x:y"),
        ("https://www.google.com/url?q=https://a.org/&sa=D", "https://a.org/"),
        ("https://disq.us/url?url=javascript%3Aalert(1)", "https://disq.us/url?url=javascript%3Aalert(1)"),
        ("https://a.org/url?url=https://b.org", "https://a.org/url?url=https://b.org"),
    ],
)
def test_addresses_are_unwrapped(address: str, leads: str) -> None:
    assert unwrapped(address) == leads


def test_hostile_nesting_costs_little() -> None:
    for element in ("blockquote", "ul><li", "b", "div", "a href='https://a.org'"):
        assert converted(f"<{element}>" * 4_000 + "deep", "html").text.endswith("deep")


PIECES = st.sampled_from(
    [
        *("<b>", "</b>", "<i>", "</i>", "<p>", "</p>", "<br>", "<blockquote>", "</blockquote>", "<ul>", "<li>"),
        *("</ul>", "<ol>", "</ol>", "<pre>", "</pre>", "<code>", "</code>", "<del>", "<table>", "<td>", "<h1>"),
        *("</h1>", "<hr>", "<a href='https://a.org/b_c'>", "</a>", "<img src=https://a.org/i.png alt='x>y'>"),
        *("<!-- -->", "<", ">", "&amp;", "*", "_", "`", "#", "- ", "1. ", "~~~", "[", "]", "(", ")", "!", "\\"),
        *("\n", "\n\n", "  ", "|", "=", "+", "&", ";"),
        *(
            "word",
            "two words",
            "https://a.org/x_y",
            "www.b.org",
            "me@a.org",
            "é",
            "e\u0301",
            "\u200b",
            "שלום",
            "👍🏽",
            "1",
        ),
    ]
)


@given(pieces=st.lists(PIECES, max_size=24))
def test_every_visible_character_survives(pieces: list[str]) -> None:
    source = "".join(pieces)
    body = converted(source, "html")
    assert normalise(body.text) == body.text
    if body.how == "empty":
        assert words(nh3.clean(source, tags={"br", "p"})) in ([], ["---"]) or not body.text
        return
    seen = "".join(words(nh3.clean(source, tags=set()))).replace("\u200b", "")
    kept = "".join(words(render(body.text)))
    # Beyond the words of the source there are rules, words of pictures, and addresses of links that mislead.
    letters = iter(kept)
    assert all(letter in letters for letter in seen), (seen, kept)


@given(text=st.text(alphabet=st.sampled_from("ab 1.*_`#->[]()!\\<>&~=+|\n\t'\"é:/@"), max_size=60))
def test_text_that_was_typed_is_shown_as_it_was_typed(text: str) -> None:
    body = converted(text, "text")
    assert words(render(body.text)) == normalise(text).split()
    of_html = converted(escape(text).replace("\n", "<br>"), "html")
    assert words(render(of_html.text)) == normalise(text).split()
