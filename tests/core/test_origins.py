import pytest

from core.origins import LONGEST, lies_in, origin_of


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://unherd.com", "https://unherd.com:443"),
        ("https://unherd.com/", "https://unherd.com:443"),
        ("HTTPS://UnHerd.com/2023/10/The-Power?x=1#y", "https://unherd.com:443"),
        ("http://unherd.com:8080/a", "http://unherd.com:8080"),
        ("https://unherd.com:443/a", "https://unherd.com:443"),
        ("http://localhost", "http://localhost:80"),
        ("http://[::1]:8000/a", "http://[::1]:8000"),
        ("https://zürich.example/ä", "https://zürich.example:443"),
    ],
)
def test_the_origin_of_an_address_is_scheme_host_and_port(url: str, origin: str) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    "url",
    [
        "",
        "unherd.com/a",
        "//unherd.com/a",
        "javascript:alert(1)",
        "ftp://unherd.com/",
        "https:///a",
        "https://",
        "https://unherd.com:port/",
        "https://user@unherd.com/",
        "https://user:word@unherd.com/",
        "https://evil.example\\@unherd.com/",
        "https://unherd.com\\.evil.example/",
        "https://unherd.com/a b",
        "https://unherd.com/a\n",
        " https://unherd.com/",
        "https://unherd.com/\u202etxt",
        "https://unherd.com/\x00",
        "https://unherd.com/" + "a" * LONGEST,
    ],
)
def test_what_browsers_might_read_otherwise_has_no_origin(url: str) -> None:
    assert origin_of(url) is None


def test_an_address_lies_in_an_origin_only_as_a_whole() -> None:
    origins = ("https://unherd.com", "http://localhost:8000")
    assert lies_in("https://unherd.com:443/a", origins)
    assert lies_in("http://localhost:8000/a", origins)
    assert not lies_in("http://unherd.com/a", origins)
    assert not lies_in("https://unherd.com.evil.example/a", origins)
    assert not lies_in("https://www.unherd.com/a", origins)
    assert not lies_in("http://localhost/a", origins)
    assert not lies_in("https://unherd.com/a", ())
