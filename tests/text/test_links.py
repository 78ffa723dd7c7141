import pytest

from core.text.links import first_link


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
