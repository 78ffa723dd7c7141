"""The words of the audit room: a sentence for every event of a thread, and no word that is missing or not used."""

import re
from importlib.resources import files
from typing import Final

import msgspec
import pytest

from core.events.types import (
    COMMENT_EVENTS,
    REPORT_EVENTS,
    SKIP_EVENTS,
    THREAD_EVENTS,
    VOTE_EVENTS,
)

FOLDER: Final = files("workers.gateway.web") / "static" / "audit"
WORDS: Final[dict[str, str | dict[str, str]]] = msgspec.json.decode((FOLDER / "words" / "en.json").read_bytes())
EXHIBIT: Final[dict[str, str]] = msgspec.json.decode((FOLDER / "exhibit" / "en.json").read_bytes())
"""Words of an exhibit, which are loaded when one is made."""
SOURCE: Final = "\n".join(
    entry.read_text("utf-8") for entry in FOLDER.iterdir() if entry.is_file() and entry.name.endswith(".js")
)
TYPES: Final = [
    str(event.__struct_config__.tag)
    for event in (*THREAD_EVENTS, *COMMENT_EVENTS, *VOTE_EVENTS, *REPORT_EVENTS, *SKIP_EVENTS)
]
OTHERWISE: Final = {"vote.cast": ("say.vote.for", "say.vote.against")}
"""Types whose sentence depends on more than the type."""
MADE: Final = (
    "facts.",
    "filter_",
    "gone.",
    "hit.",
    "key.",
    "role_",
    "say.",
    "scale_",
    "since.",
    "sorts.",
    "state.",
    "table_head.",
)
"""Beginnings of keys that modules put together."""


@pytest.mark.parametrize("kind", TYPES)
def test_every_event_of_a_thread_has_a_sentence(kind: str) -> None:
    for key in OTHERWISE.get(kind, (f"say.{kind}",)):
        assert key in WORDS, key
    assert f'"{kind}"' in (FOLDER / "sentences.js").read_text("utf-8")


def test_every_word_that_a_module_names_is_there() -> None:
    named = set(re.findall(r'\b(?:words|this\.words)\.(?:say|parts)\("([^"]+)"', SOURCE))
    assert len(named) > 20
    assert named <= WORDS.keys(), named - WORDS.keys()


def test_every_word_is_used() -> None:
    unused = [
        key
        for key in WORDS
        if not key.startswith(MADE) and f'"{key}"' not in SOURCE and f"all.{key}" not in SOURCE and key != "locale"
    ]
    assert unused == []


def test_the_words_of_an_exhibit_are_those_that_its_module_names() -> None:
    source = (FOLDER / "take.js").read_text("utf-8")
    named = set(re.findall(r'\bword\(([^()]*?"[^()]*?)[,)]', source))
    keys = {key for call in named for key in re.findall(r'"(\w+)"', call)}
    assert keys == EXHIBIT.keys() - {"locale", "direction"}


def test_what_is_counted_has_a_form_for_one_and_for_many() -> None:
    for key, text in WORDS.items():
        if isinstance(text, dict):
            assert set(text) == {"one", "other"}, key
            assert all("{n}" in form for form in text.values()), key
