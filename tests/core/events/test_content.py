"""Salted content: what stays proves what it was, and a part that is gone leaves no trace but its hash."""

import json
import os
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.events import content
from core.events.content import SaltPool, gone, joined, mismatch, parse, salted, without_profile, without_words

E = b'{"type":"comment.posted","comment":"c","tp":""}'
FACTS = json.loads(E)
TEXT = st.text(max_size=30)
PROFILES = st.none() | st.dictionaries(st.sampled_from(["name", "avatar"]), TEXT, min_size=1)
WORDS = st.dictionaries(st.sampled_from(["body", "reason", "match"]), TEXT)


def encoded(value: dict[str, str]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def made(profile: dict[str, str] | None, words: dict[str, str]) -> bytes:
    salts = count(1)
    return salted(None if profile is None else encoded(profile), encoded(words), lambda: next(salts).to_bytes(16))


def read(c: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(joined(E, c))
    return found


@given(PROFILES, WORDS)
def test_whatever_is_salted_is_read_as_it_was(profile: dict[str, str] | None, words: dict[str, str]) -> None:
    c = made(profile, words)
    assert read(c) == FACTS | (profile or {}) | words
    assert read(content.plain(encoded((profile or {}) | words))) == read(c)
    assert (mismatch(c), gone(c)) == (None, frozenset())
    assert len(c) == 1 + 32 + 2 + (0 if profile is None else 16 + len(encoded(profile))) + 16 + len(encoded(words))


@given(PROFILES, WORDS)
def test_what_is_left_is_read_and_proven_without_what_is_gone(
    profile: dict[str, str] | None, words: dict[str, str]
) -> None:
    c = made(profile, words)
    person, text = without_words(c), without_profile(c)
    assert read(person) == FACTS | (profile or {})
    assert read(text) == FACTS | words
    for left in (person, text):
        assert mismatch(left) is None
        assert parse(left).commitment == parse(c).commitment
    assert without_words(person) == person
    assert without_profile(text) == text
    both = without_profile(person)
    assert both == without_words(text) == b"\x01" + c[1:33]
    assert read(both) == FACTS
    assert mismatch(both) is None


@given(PROFILES, WORDS)
def test_of_what_is_gone_not_a_byte_is_left(profile: dict[str, str] | None, words: dict[str, str]) -> None:
    c = made(profile, words)
    known = parse(c)
    assert known.words is not None
    assert known.words_salt is not None
    assert known.words_salt not in without_words(c)
    if len(words) > 0:
        assert known.words not in without_words(c)
    if profile is not None:
        assert known.profile is not None
        assert known.profile_salt is not None
        for part in (known.profile, known.profile_salt):
            assert part not in without_profile(c)


@given(PROFILES, WORDS, st.sampled_from(["whole", "without words", "without profile"]), st.integers(0, 10_000))
def test_one_bit_that_is_altered_anywhere_is_found(
    profile: dict[str, str] | None, words: dict[str, str], which: str, anywhere: int
) -> None:
    whole = made(profile, words)
    c = {"whole": whole, "without words": without_words(whole), "without profile": without_profile(whole)}[which]
    if len(c) == 33:
        return  # of a commitment alone nothing can be opened
    at, bit = anywhere // 8 % len(c), anywhere % 8
    altered = c[:at] + bytes([c[at] ^ 1 << bit]) + c[at + 1 :]
    if altered[0] == content.PLAIN:
        with pytest.raises(ValueError, match=r"cut short|Expecting|Extra|utf-8|Invalid|property"):
            read(altered)
    elif altered[0] not in content.SCHEMES:
        with pytest.raises(ValueError, match="is unknown"):
            parse(altered)
    else:
        assert mismatch(altered) is not None


@pytest.mark.parametrize("length", range(1, 52))
def test_content_that_is_cut_short_is_refused(length: int) -> None:
    c = made(None, {"body": "w"})[:length]
    if length == 33:
        return  # what is left of content of which both parts are gone
    for function in (parse, lambda c: joined(E, c)):
        with pytest.raises(ValueError, match="cut short"):
            function(c)
    assert mismatch(c) == "its content is cut short"


@pytest.mark.parametrize("scheme", [2, 3])
@pytest.mark.parametrize("length", [1, 33, 65, 81, 82])
def test_a_part_that_is_left_and_cut_short_is_refused(scheme: int, length: int) -> None:
    c = bytes([scheme]) + without_words(made({"name": "Ada"}, {"body": "w"}))[1:length]
    with pytest.raises(ValueError, match="cut short"):
        parse(c)
    with pytest.raises(ValueError, match=r"cut short|Expecting"):
        read(c)


def test_content_of_an_unknown_scheme_is_not_parsed_and_not_judged() -> None:
    with pytest.raises(ValueError, match="content scheme 7 is unknown"):
        parse(b"\x07not for us")
    assert mismatch(b"\x07not for us") is None


@pytest.mark.parametrize("c", [b"", content.plain(b'{"body":"words"}')])
def test_of_plain_content_nothing_can_be_taken_out_and_nothing_is_opened(c: bytes) -> None:
    for without in (without_words, without_profile):
        with pytest.raises(ValueError, match="plain content has no commitment"):
            without(c)
    assert mismatch(c) is None


def test_the_same_words_are_salted_otherwise_each_time() -> None:
    salts = SaltPool()
    entries = {salted(b'{"name":"Ada"}', b'{"body":"w"}', salts) for _ in range(1000)}
    assert len(entries) == 1000
    drawn = {salt for c in entries for salt in (parse(c).words_salt, parse(c).profile_salt)}
    assert len(drawn) == 2000
    assert {len(salt or b"") for salt in drawn} == {16}


def test_a_fork_draws_salts_of_its_own() -> None:
    salts = SaltPool()
    salts()
    receiving, sending = os.pipe()
    child = os.fork()
    if not child:
        os.write(sending, b"".join(salts() for _ in range(300)))
        os._exit(0)
    os.waitpid(child, 0)
    theirs = os.read(receiving, 300 * 16)
    os.close(receiving)
    os.close(sending)
    own = {salts() for _ in range(300)}
    assert own.isdisjoint(theirs[at : at + 16] for at in range(0, len(theirs), 16))
