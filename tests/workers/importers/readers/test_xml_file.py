"""Hostile XML: refused with place and reason, or read without what no parser takes."""

import gzip
import re
import socket
import threading
import tracemalloc
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.exports import HEAD
from workers.importers.readers.input_file import PIECE, opened
from workers.importers.readers.xml_file import elements, text
from workers.importers.source_records import UnfitFile


def read(folder: Path, content: str | bytes) -> list[str]:
    path = folder / "a.xml"
    path.write_bytes(content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content)
    with opened(path) as file:
        return [text(element) for element in elements(file, ("item",), root="rss", within=("rss",))]


def rss(inner: str, before: str = HEAD) -> str:
    return f"{before}<rss>{inner}</rss>"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", r"at its first character: it does not begin with an element"),
        ("`" + rss("<item>a</item>"), r"at its first character: it does not begin with an element"),
        (rss("<item>a</item>").encode("utf-16"), r"it is not in UTF-8"),
        (rss("<item>a</item>").encode("utf-16-le"), r"it is not in UTF-8"),
        (rss("<item>a</item>", '<?xml version="1.0" encoding="UTF-7"?>'), r"it is in UTF-7"),
        (rss("<item>a</item>", '<?xml version="1.0" encoding="cp037"?>'), r"it is in cp037"),
        (rss("<item>&b;</item>", f'{HEAD}<!DOCTYPE r [<!ENTITY a "{"x" * 99}"><!ENTITY b "&a;&a;">]>'), r"DOCTYPE"),
        (rss("<item>&a;</item>", f'{HEAD}<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]>'), r"DOCTYPE"),
        (rss("<item>a</item>", f'{HEAD}<!DOCTYPE r [<!ENTITY % a SYSTEM "file:///etc/passwd">%a;]>'), r"DOCTYPE"),
        (rss("<item>a</item>", f"{HEAD}<!DOCTYPE html>"), r"DOCTYPE"),
        (rss("<item>a&nbsp;b &amp; c</item>"), r"line 2: Entity"),
        (f"{HEAD}<rss><item>a</item><item>b", r"line 2: Premature end"),
        (f"{HEAD}<rss><item>a</item>", r"line 2"),
        (rss(f"<item>{'x' * 12_000_000}</item>"), r"line 2: .*too long"),
        (rss("<a>" * 300 + "<item>x</item>" + "</a>" * 300), r"depth"),
        (HEAD.encode() + b"<rss><item>\xff\xe9</item></rss>", r"line 2: Invalid bytes"),
        (f"{HEAD}<feed><item>a</item></feed>", r"its outermost element is not rss"),
        (f"{HEAD}<a><rss><item>a</item></rss></a>", r"its outermost element is not rss"),
        (f"{HEAD}<rss/><rss/>", r"Extra content"),
        (rss("<item a=1>a</item>"), r"line 2: AttValue"),
        (f"{HEAD}", r"line 2: Start tag expected"),
    ],
)
def test_an_unfit_file_is_refused_with_place_and_reason(content: str | bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(UnfitFile, match=rf"^a\.xml is unfit.*{said}") as refused:
        read(tmp_path, content)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 250


@pytest.mark.parametrize(
    ("content", "items"),
    [
        ("\ufeff\n\n " + rss("<item>a</item>"), ["a"]),
        (rss("<item>a</item>", '<?xml version="1.0" encoding="ISO-8859-1"?>'), ["a"]),
        ('<?xml version="1.0" encoding="windows-1252"?><rss><item>caf\xe9</item></rss>'.encode("cp1252"), ["café"]),
        (rss("<x:link/><item>a</item>"), ["a"]),
        (rss("<item>a&#x8;b &amp; c\x08d&#0;&#xFFFE;\ufffe &amp; e</item>"), ["ab & cd & e"]),
        (rss("<item>a&#10;b&#x1F600;</item>"), ["a\nb\U0001f600"]),
        (rss("<item><![CDATA[a & b]]></item><other><item>no</item></other><item>c</item>"), ["a & b", "c"]),
        (rss(""), []),
        (gzip.compress(rss("<item>a</item>").encode(), mtime=0), ["a"]),
    ],
)
def test_what_careless_programs_write_is_read(content: str | bytes, items: list[str], tmp_path: Path) -> None:
    assert read(tmp_path, content) == items


@given(
    at=st.integers(PIECE - 40, PIECE + 8),
    what=st.sampled_from(["&#x8;", "&#8;", "&amp;", "&#169;", "\ufffe", "é", "\x08"]),
)
def test_it_does_not_matter_where_pieces_are_cut(at: int, what: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp()
    before = "x" * (at - len(HEAD) - len("<rss><item>"))
    shown = {"&amp;": "&", "&#169;": "©", "é": "é"}.get(what, "")
    assert read(folder, rss(f"<item>{before}{what} &amp; after</item>")) == [f"{before}{shown} & after"]


@given(words=st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40))
def test_every_character_that_xml_may_have_survives(words: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    kept = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", words).replace("\r\n", "\n").replace("\r", "\n")
    escaped = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert read(tmp_path_factory.getbasetemp(), rss(f"<item>{escaped}</item>")) == [kept]


def test_nothing_is_fetched(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        port = listener.getsockname()[1]
        asked: list[bool] = []

        def wait() -> None:
            try:
                listener.accept()[0].close()
                asked.append(True)
            except TimeoutError:
                pass

        waiting = threading.Thread(target=wait)
        waiting.start()
        for doctype in (
            f'SYSTEM "http://127.0.0.1:{port}/x.dtd"',
            f'r [<!ENTITY a SYSTEM "http://127.0.0.1:{port}/a">]',
        ):
            with pytest.raises(UnfitFile):
                read(tmp_path, rss("<item>&a;</item>", f"{HEAD}<!DOCTYPE r {doctype}>"))
        waiting.join()
    assert asked == []


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    peaks = []
    for times in (200, 2_000):
        path = tmp_path / f"{times}.xml"
        path.write_text(rss(f"<item>{'x' * 1_000}</item>" * times))
        tracemalloc.start()
        with opened(path) as file:
            assert sum(1 for _ in elements(file, ("item",), root="rss", within=("rss",))) == times
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]


def test_a_bomb_of_gzip_is_refused_and_never_held(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    with gzip.open(path, "wb") as bomb:
        bomb.write(HEAD.encode() + b"<rss><item>")
        for _ in range(64):
            bomb.write(b" " * 1024 * 1024)
    with opened(path) as file, pytest.raises(UnfitFile, match="times its size"):
        all(file.read(PIECE) for _ in count())


@pytest.mark.parametrize("cut", [5, 30, -4])
def test_a_cut_off_gzip_is_refused(cut: int, tmp_path: Path) -> None:
    content = gzip.compress(rss("<item>a</item>" * 1_000).encode())[:cut]
    with pytest.raises(UnfitFile, match=r"cut off|damaged"):
        read(tmp_path, content)
