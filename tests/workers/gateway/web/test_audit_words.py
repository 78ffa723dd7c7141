"""The words of the audit room: a sentence for every event of a thread, and no word that is missing or not used."""

import re
from collections.abc import Iterable
from importlib.resources import files
from typing import Final

import msgspec
import pytest

from core.events.types import COMMENT_EVENTS, REPORT_EVENTS, SKIP_EVENTS, THREAD_EVENTS, VOTE_EVENTS
from tests.workers.gateway.web.test_budgets import AUDIT, closure

FOLDER: Final = files("workers.gateway.web") / "static" / "audit"

Sentences = dict[str, str | dict[str, str]]


def _words(folder: str) -> Sentences:
    found: Sentences = msgspec.json.decode((FOLDER / folder / "en.json").read_bytes())
    return found


FIRST: Final = _words("words")
"""Words of the first picture."""
LATER: Final = _words("later")
"""Words of what is loaded after it."""
WORDS: Final = {**FIRST, **LATER}
EXHIBIT: Final[dict[str, str]] = msgspec.json.decode((FOLDER / "exhibit" / "en.json").read_bytes())
"""Words of an exhibit, which are loaded when one is made."""
MODULES: Final = {
    f"audit/{entry.name}": entry.read_text("utf-8") for entry in FOLDER.iterdir() if entry.name.endswith(".js")
}
SOURCE: Final = "\n".join(MODULES.values())
NAMED: Final = re.compile(r'\b(?:words|this\.words)\.(?:say|parts)\((?:\w+ [?] )?"([^"]+)"(?: : "([^"]+)")?')
TYPES: Final = [
    str(event.__struct_config__.tag)
    for event in (*THREAD_EVENTS, *COMMENT_EVENTS, *VOTE_EVENTS, *REPORT_EVENTS, *SKIP_EVENTS)
]
OTHERWISE: Final = {
    "vote.cast": ("say.vote.for", "say.vote.against"),
    "votes.brought": ("say.votes.brought", "say.votes.brought.score"),
    "comment.screened": tuple(f"say.comment.screened.{said}" for said in ("approve", "hold", "reject", "failed")),
    "appeal.decided": tuple(f"say.appeal.{said}" for said in ("reversed", "upheld", "reversed.sole", "upheld.sole")),
}
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


def _named(paths: Iterable[str]) -> set[str]:
    return {key for path in paths for pair in NAMED.findall(MODULES.get(path, "")) for key in pair if key}


def test_every_word_that_a_module_names_is_there() -> None:
    named = _named(MODULES)
    assert len(named) > 20
    assert named <= WORDS.keys(), named - WORDS.keys()


def test_the_modules_of_the_first_picture_name_none_of_the_words_that_are_loaded_later() -> None:
    # Names of people are asked for only by the sentences of the record.
    first = closure(AUDIT) - {"audit/names.js"}
    assert len(first) > 10
    assert not _named(first) & (LATER.keys() - FIRST.keys())


def test_no_word_of_the_first_picture_is_loaded_once_more() -> None:
    assert FIRST.keys() & LATER.keys() == {"locale", "direction"}


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
