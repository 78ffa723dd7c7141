import pytest

from workers.importers.planning.article_keys import key_of, moved, slug_of

SAME = [
    "https://gazette.example/2020/a",
    "http://www.gazette.example/2020/a/",
    "https://m.gazette.example/2020/a/amp",
    "https://amp.gazette.example/2020/a/amp/",
    "https://GAZETTE.example:443/2020/a#comments",
    "https://gazette.example/2020/a?utm_source=x&utm_medium=y&fbclid=z",
    "https://gazette.example/2020/a/?amp=1",
    "https://translate.google.com/translate?hl=de&u=https://gazette.example/2020/a",
    "https://gazette-example.translate.goog/2020/a?_x_tr_sl=en&_x_tr_tl=de",
]
DIFFERENT = [
    *("https://gazette.example/2020/b", "https://gazette.example/2020/a?page=2", "https://gazette.example/2020/A"),
    *(
        "https://shop.gazette.example/2020/a",
        "https://gazette.example:8080/2020/a",
        "https://gazette.example/2020/a.html",
    ),
    *("https://m.example/2020/a", "https://www.example/2020/a", "https://gazette.example/"),
]


@pytest.mark.parametrize("url", SAME)
def test_addresses_that_tell_no_articles_apart_have_one_key(url: str) -> None:
    assert str(key_of(url)) == "https://gazette.example/2020/a"


@pytest.mark.parametrize("url", DIFFERENT)
def test_all_others_have_their_own(url: str) -> None:
    keys = {str(key_of(other)) for other in (*SAME, *DIFFERENT) if other != url}
    assert str(key_of(url)) not in keys


@pytest.mark.parametrize(
    "url", ["", "nonsense", "/2020/a", "ftp://gazette.example/a", "https://", "https://a@b/", "x" * 3000]
)
def test_what_is_no_address_has_none(url: str) -> None:
    assert key_of(url) is None


@pytest.mark.parametrize(
    ("url", "slug"),
    [
        ("https://gazette.example/2020/night-train/", "night-train"),
        ("https://gazette.example/2020/night-train.html", "night-train"),
        ("https://gazette.example/?p=4", ""),
        ("https://gazette.example/caf%C3%A9", "café"),
    ],
)
def test_a_slug_is_the_last_part_of_the_path(url: str, slug: str) -> None:
    assert slug_of(url) == slug


def test_an_address_moves_to_the_origin_of_today() -> None:
    assert moved("http://www.a.example/b?c=1", "https://a.example") == "https://a.example/b?c=1"
    assert moved("http://www.a.example/b", None) == "http://www.a.example/b"
