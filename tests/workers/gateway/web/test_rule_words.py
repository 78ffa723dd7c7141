"""Everything that can hold a text has words of ours, for its author and for moderators, in every language."""

import json

import pytest

from core.domain.judging import HELD_MEMBER
from core.domain.rules.premoderation import LINKS, PREMODERATION, UNDER_REVIEW
from core.domain.rules.registry import RULES, UNKNOWN_RULE
from core.events.import_events import IMPORT
from workers.gateway.html.words import languages
from workers.gateway.web.assets import release

HOLDS = {*(str(rule.__struct_config__.tag) for rule in RULES), PREMODERATION, LINKS, UNDER_REVIEW, HELD_MEMBER, IMPORT}
"""Names of holds, as the queue and the author's overlay have them."""


def words(folder: str, language: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(release().files[f"{folder}/{language}.json"].body)
    return found


@pytest.mark.parametrize("language", sorted(languages()))
def test_authors_and_moderators_read_what_holds_a_text(language: str) -> None:
    author, staff = words("words/write", language), words("console/words", language)
    assert {name for name in HOLDS if f"waits.{name}" not in author} == set()
    assert {name for name in {*HOLDS, UNKNOWN_RULE} if f"rule.{name}" not in staff} == set()
