"""Rendering a text takes a bounded number of steps, and makes a bounded number of characters."""

import sys
from collections.abc import Callable
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text import cost, fast_path, markdown, plain
from core.text import render as markup
from core.text.cost import BUDGET, Meter, TooCostly
from core.text.render import BESIDES, LONGER, render
from core.text.unicode import normalise
from tests.core.text import hostile_costs
from tests.core.text.test_hostile import ALL, hostile
from tests.support.rendered_page import read


def steps(text: str) -> int:
    """The steps that are taken for one section of text, up to where it is given up."""
    meter = Counting()
    body = normalise(text)
    if plain.html_or_none(body) is None:
        try:
            if fast_path.html(body, meter) is None:
                markdown.html(body, meter)
        except TooCostly:
            pass
    return meter.taken


class Counting(Meter):
    """Counts what was taken before the text was given up."""

    __slots__ = ("taken",)

    def __init__(self) -> None:
        super().__init__()
        self.taken = 0

    def spend(self, steps: int) -> None:
        super().spend(steps)
        self.taken += steps


def test_a_meter_gives_up_beyond_its_steps() -> None:
    meter = Meter(3)
    meter.spend(2)
    meter.spend(1)
    with pytest.raises(TooCostly):
        meter.spend(1)


def test_hostile_texts_are_given_up_within_the_budget() -> None:
    given_up = 0
    for text in list(hostile_costs.texts())[::7]:
        taken = steps(text)
        assert taken <= BUDGET
        given_up += taken > BUDGET * 0.9
    assert given_up > 10, "these are to be hostile"


@pytest.mark.parametrize(
    "text",
    [
        "![http://" * 555,
        "[a]([a." * 714,
        "[" * 5000,
        "a " + "[" * 2000 + "]" * 2000,
        "*a" * 2500,
        "*a **b " * 700,
        "_a" * 2500,
        "`a" * 2500,
        "a " + "*" * 4998,
        "<a<" * 1600,
        "http://a/" * 555,
        "1http://" * 625,
        "a.io," * 1000,
        "a@b.io " * 700,
        "http://漢.org/漢 " * 300,
        "a [a](/ 'b" * 500,
        "[a]: b '\n" * 555,
        "".join(f"[{number}]: http://a.b\n" for number in range(265)),
        "1. > a\n" * 700,
        "- \n" * 1666,
        ("> " * 17 + "a\n\n") * 130,
        "\\\n" * 2500,
        "# *a*\n" * 830,
        "```\n" + "x\n```\n" * 800,
        "\n     a\n>" + (">" + " " * 260) * 19,
        "a " + "#.bcd " * 700,
        "[a]: http://a.b/" + "c" * 2500 + "\n\n" + "[a]" * 800,
        "a\\\n[a](h;" * 60 + "b",
        "[a](<a\\> " * 60 + "b",
        "a." + "👨\u200d" * 2400 + " a",
        "a.。" * 1600,
        ("a=" * 300 + "a.com ") * 8,
        ("a|" * 300 + "a@b.c ") * 8,
        "[👨\u200da👨\u200d](http://a.b/c)\n" * 200,
        "[a.org](http://b.org) " * 220,
    ],
)
def test_a_text_that_costs_too_much_is_shown_as_plain(text: str) -> None:
    body = normalise(text)
    assert render(text) == plain.paragraphs(body)
    assert read(render(text)).links == []


def test_plain_is_escaped_paragraphs_and_line_breaks() -> None:
    assert plain.paragraphs("a < b & 'c'\nd\n\n \n*e*") == "<p>a &lt; b &amp; 'c'<br>\nd</p>\n<p>*e*</p>\n"


@pytest.mark.parametrize(
    "line",
    [
        lambda n: f"- [link {n}](https://a.org/{n})",
        lambda n: f"{n + 1}. https://example.com/{n}",
        lambda n: f"* <https://a.org/{n}>",
        lambda n: f"- www.example{n}.org",
        lambda n: f"example{n}.com/x",
        lambda n: f"[a](http://a.b/{n}), and more",
        lambda n: f"> http://a.org/{n}",
        lambda n: f"[The title of page {n}](https://www.example.com/section/page-{n}?utm=x&y=2)\n",
    ],
)
def test_a_list_of_two_hundred_links_is_still_links(line: Callable[[int], str]) -> None:
    assert len(read(render("\n".join(map(line, range(200))))).links) == 200


def test_one_line_of_more_markup_leaves_the_others_links() -> None:
    lines = [f"- [link {n}](https://a.org/{n})" for n in range(199)]
    for odd in (
        "- *so* said [he](https://a.org/a*b)",
        "# All of them",
        "> [it](https://b.org) was\n",
        "- [ä](https://a.org/ä)",
    ):
        assert len(read(render("\n".join([odd, *lines[:150]]))).links) >= 150


# As people write them: each is repeated until it has the length that a comment may have.
REALISTIC = [
    "I have **never** understood why [the report](https://example.com/2023/report_final.pdf) says *otherwise*.\n\n",
    "> The Senate never voted on it.\n\nThat is simply wrong, see https://www.senate.gov/votes/2023/17?x=1&y=2.\n\n",
    "1. First, the *numbers* do not add up.\n2. Second, nobody asked `us`.\n3. Third: see example.org.\n\nSo.\n\n",
    (
        "Three things:\n\n- one that is **bold** and that everybody who was there at the time will remember it\n"
        "  - and *another one* nested below it, for whoever likes to go into the details of such a question\n\n"
        "That is all that is to be said about it, and it was said before, by whoever had to say something: "
        "not that it was of any use, as far as anybody could tell, but it was said, and *written down*, see [the minutes](https://a.org/b_(c)).\n\n"
    ),
    "```python\ndef answer():\n    return 42  # <b>\n```\n\nThat is what *I* mean, @someone (me@example.com).\n\n",
    "# A heading\n\nSome *text* with\nline breaks and _emphasis_, a path like snake_case/file_name and 2 * 3 * 4.\n\n",
    "Как всегда, *ничего* не понятно; см. сам текст, и [здесь](https://example.org/text) тоже.\n\n",
    "Quote: “It’s over”, he said — and left. 10:30, e.g. 3.14; i.e. and/or (so) [sic] … &c. <3 ;-) *sigh*\n\n",
    "See [1] and [2] for more, it is in the notes, and *there* it stays where it has been all the time.\n\n",
]


@pytest.mark.parametrize("piece", REALISTIC)
def test_an_ordinary_long_comment_keeps_its_markup(piece: str) -> None:
    short, long = render(piece), render((piece * 100)[:5000].rsplit("\n\n", 1)[0])
    assert short != plain.paragraphs(normalise(piece))
    marked = short.count("<em>") + short.count("<a ")
    assert long.count("<em>") + long.count("<a ") >= marked * (5000 // len(piece) - 1)


def test_a_mixture_of_all_that_people_write_keeps_its_markup() -> None:
    long = render("".join(REALISTIC * 9)[:5000].rsplit("\n\n", 1)[0])
    assert min(long.count(f"<{tag}>") for tag in ("em", "strong", "ul", "ol", "code", "pre", "blockquote")) >= 1
    assert long.count("<a ") > 20


@given(hostile)
def test_html_is_a_small_multiple_of_its_text(text: str) -> None:
    body = normalise(text)
    assert len(render(text)) <= LONGER * len(body) + BESIDES


@pytest.mark.parametrize("body", ALL)
def test_html_of_hostile_text_is_a_small_multiple_of_it(body: str) -> None:
    assert len(render(body)) <= LONGER * max(1, -(-len(normalise(body)) // plain.SECTION)) * plain.SECTION + BESIDES
    assert len(render(body)) <= LONGER * len(normalise(body)) + BESIDES


@given(st.text(alphabet="&<>\"' \n", max_size=300))
def test_plain_is_a_small_multiple_of_its_text(text: str) -> None:
    assert len(plain.paragraphs(text)) <= 8 * len(text) + 10
    assert escape(text.strip().split("\n")[0].strip(), quote=False) in plain.paragraphs(text)


def test_a_definition_that_is_used_often_does_not_write_its_address_each_time() -> None:
    text = "[a]: http://a.b/" + "c" * 2500 + "\n\n" + "[a] " * 10
    assert len(render(text)) > 25_000
    text += "[a] " * 90
    assert len(render(text)) < 10_000


def test_html_depends_on_the_text_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for text in (hostile_costs.filled("", "*a* ![http://"), "- *a* [b](https://a.org)\n" * 20):
        first = render(text)
        render("[" * 5000)
        assert render(text) == first
    monkeypatch.setattr(cost, "BUDGET", 1)
    assert render("*a*") == "<p><em>a</em></p>\n", "bounds are read once, where a meter is made"


def test_a_long_text_is_bounded_section_by_section() -> None:
    ordinary = "So *it* is, and there is [more](https://a.org) to it.\n\n" * 90
    hostile = "[a](b 'c" * 620 + "\n\n"
    html = render(ordinary + hostile + ordinary)
    assert html.count("<em>") > 150
    assert "[a](b 'c[a](b 'c" in html


def test_an_unknown_scheme_leaves_nothing_behind_in_the_parser_of_addresses() -> None:
    from mdurl import _parse  # noqa: PLC0415 # of the test alone

    render("[a](http://a.b/é) [a](x:y)")
    before = len(_parse.HOSTLESS_PROTOCOL), len(_parse.SLASHED_PROTOCOL)
    for number in range(50):
        render(f"[a](scheme{number}://a.org) <other{number}:b>")
    assert (len(_parse.HOSTLESS_PROTOCOL), len(_parse.SLASHED_PROTOCOL)) == before


def test_the_costs_module_measures_and_searches() -> None:
    measured = hostile_costs.worst(["a", "*a*" * 50], most=1)
    assert len(measured) == 1
    assert measured[0].ms > 0
    assert hostile_costs.climb(0, 1) == []
    assert all(len(text) <= hostile_costs.LENGTH for text in hostile_costs.texts())
    assert markup.RENDERER > 1
    assert sys.maxsize > BUDGET
