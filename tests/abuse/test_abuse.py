"""Honest clients go on beside hostile ones: `make abuse` with small bounds. It fails on counts, never on times."""

from collections import Counter
from collections.abc import Mapping

import msgspec
import pytest

from tests.abuse import catalogue, plans, run
from tests.abuse.__main__ import main
from tests.abuse.attack import Outcome
from tests.abuse.catalogue import ATTACKS
from tests.abuse.honest import Served
from tests.abuse.run import Held, Plan, Played, played
from tests.abuse.table import HEADS, table


def broken(name: str, settings: Mapping[str, str]) -> Plan:
    """The short run of one attack against a gateway with a bound that is none."""
    plan = plans.with_attacks(plans.SHORT, (catalogue.named(name),))
    return msgspec.structs.replace(plan, settings={**plan.settings, **settings}, patience=3.0)


async def findings(plan: Plan) -> dict[str, list[str]]:
    return {one.attack: one.findings async for one in played(plan)}


async def test_honest_clients_go_on_beside_every_attack() -> None:
    found = await findings(plans.SHORT)
    assert {attack: some for attack, some in found.items() if some} == {}
    assert len(found) == 1 + len(ATTACKS)


@pytest.mark.parametrize(
    ("attack", "setting", "value", "finding"),
    [
        ("slow heads", "HEAD_TIMEOUT", "60", "were not closed"),
        ("bodies announced", "BODY_TIMEOUT", "60", "were not closed"),
        ("silent connections", "IDLE_TIMEOUT", "60", "were not closed"),
    ],
)
async def test_a_bound_that_is_broken_makes_the_run_fail(attack: str, setting: str, value: str, finding: str) -> None:
    found = await findings(broken(attack, {setting: value}))
    assert found["none"] == []
    assert any(finding in one for one in found[attack])


def test_more_writes_than_the_rates_allow_make_the_run_fail() -> None:
    flood = catalogue.named("flood by one member")
    assert run.beyond(flood, Outcome(answers=Counter({201: 14, 429: 900})), 9.0) == []
    assert run.beyond(flood, Outcome(answers=Counter({201: 15, 429: 900})), 9.0) == [
        "15 writes were taken, and the rates allow 14"
    ]
    assert run.beyond(catalogue.named("expensive texts"), Outcome(answers=Counter({201: 900})), 9.0) == []


def test_an_attack_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--only", "nothing"]) == 2
    assert "There is no attack 'nothing'" in capsys.readouterr().err


def test_the_table_has_a_row_per_attack() -> None:
    outcome = Outcome(opened=3, sent=2_000_000)
    outcome.answers.update({200: 2, 503: 1})
    one = Played(
        attack="a", token=True, does="b", outcome=outcome, served=Served(requests=4), held=Held(files=9), findings=[]
    )
    head, _, row = table([one]).splitlines()
    assert head.count("|") == row.count("|") == len(HEADS) + 1
    assert "| a | yes | b | 3 | 2 × 200, 1 × 503 | 2.0 | 4 | 0 |" in row
