"""docs/policy.md is made from the structs of the policy, and its examples are taken."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.domain.policy_fields import NOT_IMPLEMENTED, checked
from core.domain.rules.registry import RULES, check_rules
from core.policy import Policy, PolicyChanges
from workers.gateway.docs.policy_page import page
from workers.gateway.docs.policy_texts import FIELDS, RULE_EXAMPLES

PAGE = Path(__file__).parents[4] / "docs/policy.md"


def test_the_page_is_what_the_structs_say() -> None:
    said = "write it anew: python -m workers.gateway.docs.policy_page > docs/policy.md"
    assert PAGE.read_text() == page(), said


def test_every_field_and_every_rule_is_described() -> None:
    assert list(FIELDS) == list(Policy.__struct_fields__)
    assert set(RULE_EXAMPLES) == {rule.__struct_config__.tag for rule in RULES}


@pytest.mark.parametrize("name", [name for name in FIELDS if name not in NOT_IMPLEMENTED])
def test_the_example_of_a_field_is_taken_and_is_not_its_default(name: str) -> None:
    given = msgspec.convert({name: FIELDS[name].example}, PolicyChanges).given()
    taken = checked(given, "")
    if name != "appeal_window":
        assert taken[name] != getattr(Policy(), name)


@pytest.mark.parametrize("example", RULE_EXAMPLES.values(), ids=list(RULE_EXAMPLES))
def test_the_example_of_a_rule_is_taken(example: Any) -> None:
    check_rules([dict(example)], "/rules")
