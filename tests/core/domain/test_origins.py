import pytest

from core.domain.origins import LONGEST, lies_in, normalised, origin_of


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


@pytest.mark.parametrize(
    ("url", "form"),
    [
        ("https://unherd.com/a?b=c#d", "https://unherd.com/a?b=c#d"),
        ("HTTPS://UnHerd.COM/A", "https://unherd.com/A"),
        ("https://unherd.com:443/a", "https://unherd.com/a"),
        ("http://unherd.com:80", "http://unherd.com"),
        ("http://unherd.com:443/", "http://unherd.com:443/"),
        ("https://unherd.com:0443/a", "https://unherd.com/a"),
        ("https://unherd.com/ä/漢", "https://unherd.com/%C3%A4/%E6%BC%A2"),
        ("https://unherd.com/%c3%a4", "https://unherd.com/%C3%A4"),
        ("https://unherd.com/%7eme/%41", "https://unherd.com/~me/A"),
        ("https://unherd.com/100%", "https://unherd.com/100%25"),
        ("https://unherd.com/a%2Fb", "https://unherd.com/a%2Fb"),
        ("https://unherd.com/<\"'>`{|}^", "https://unherd.com/%3C%22'%3E%60%7B%7C%7D%5E"),
        ("https://zürich.example/", "https://xn--zrich-kva.example/"),
        ("https://ZÜRICH.example/", "https://xn--zrich-kva.example/"),
        ("https://xn--zrich-kva.example/", "https://xn--zrich-kva.example/"),
        ("http://localhost:8000/a", "http://localhost:8000/a"),
        ("http://my_host/a@b", "http://my_host/a@b"),
        ("http://[::1]:8000/a", "http://[::1]:8000/a"),
    ],
)
def test_an_address_has_one_form(url: str, form: str) -> None:
    assert normalised(url) == form
    assert normalised(form) == form


@pytest.mark.parametrize(
    "url",
    [
        "https://me@unherd.com/",
        "https://me:word@unherd.com/",
        "https://unherd.com:65536/",
        "https://unherd%2ecom/",
        "https://un\u200bherd..com/",
        "https://u|h.com/",
        "javascript:alert(1)",
        "//unherd.com/",
        "https://unherd.com/a b",
        "https://unherd.com/a\n",
        "https://unherd.com/\ud800",
        "https://unherd.com/" + "ä" * 400,
    ],
)
def test_what_is_no_address_has_no_form(url: str) -> None:
    assert normalised(url) is None


def test_an_address_lies_in_an_origin_however_either_is_written() -> None:
    assert lies_in("https://xn--zrich-kva.example/a", ("https://Zürich.example",))
    assert lies_in("https://zürich.example/a", ("https://xn--zrich-kva.example:443",))
