"""Rules of a policy over HTTP: set, refused, seen by staff alone, and met by texts."""

from typing import Annotated, Any, Final

import pytest
from msgspec import Meta

from core.domain.context import Context
from core.domain.rules import registry
from core.domain.rules.premoderation import Hold
from core.domain.rules.rule import Rule
from core.formats import FORMATS, Formats
from core.keys import DEPLOYMENT, PROCESSES
from core.log.port import Entry
from core.position import START
from core.redis import live_processes
from core.redis.live_processes import LiveProcess, Upgraded
from tests.support.house import ADA, ADMIN, BEN, MOD, SECRET, SITE, THREAD, House, at, problem
from tests.support.logs import facts
from workers.coordination.membership import Membership

ONE: Final = {"kind": "links_over", "links": 1}
LINKS: Final = "see a.org and https://b.org/?x=1&y=2"


async def changed(house: House, **changes: Any) -> dict[str, Any]:
    answer = await house.ask("PATCH", "policy", ADMIN, changes)
    assert answer.status_code == 200, answer.text
    policy: dict[str, Any] = answer.json()["policy"]
    return policy


HELD = {"kind": "rule", "name": "links_over", "match": "https://b.org/?x=1&y=2", "spans": [[14, 36]]}


async def waiting(house: House) -> list[dict[str, Any]]:
    answer = await house.get("moderation/queue", MOD)
    return [item["held_by"] for item in answer.json()["items"]]


async def test_a_text_with_more_links_waits_and_moderators_see_the_rule_and_the_link(house: House) -> None:
    assert (await changed(house, rules=[ONE]))["rules"] == [ONE]
    assert (await house.get("", ADMIN)).json()["policy"]["rules"] == [ONE]
    await house.post(ADA, "one: a.org")
    held = await house.post(BEN, LINKS)
    assert [row["body"] for row in await house.rows()] == ["one: a.org"]
    assert await waiting(house) == [
        {"kind": "rule", "name": "links_over", "match": "https://b.org/?x=1&y=2", "spans": [[14, 36]]}
    ]
    assert (await house.get(at(held), BEN)).json()["comment"]["status"] == "pending"
    await house.post(MOD, LINKS)
    assert len(await house.rows()) == 2


async def test_an_edit_with_more_links_waits_beside_the_text_that_stands(house: House) -> None:
    await changed(house, rules=[ONE])
    comment = await house.post(ADA, "words")
    answer = await house.ask("PATCH", at(comment), ADA, {"body": LINKS}, If_Match='"1"')
    assert answer.json()["comment"]["body"] == "words"
    assert answer.json()["waiting"] == {"revision": 2, "held_by": {"kind": "rule", "name": "links_over"}}


async def test_a_thread_has_rules_of_its_own_and_only_moderators_read_them(house: House) -> None:
    await changed(house, rules=[ONE])
    assert (await house.ask("PUT", f"threads/{THREAD}/policy", MOD, {"rules": []})).status_code == 200
    await house.post(BEN, LINKS)
    assert len(await house.rows()) == 1
    for who in (None, BEN):
        policy = (await house.get(f"threads/{THREAD}/policy", who)).json()
        assert "rules" not in policy
        assert policy["overrides"] == {}
        assert policy["premoderation"] == "none"
    policy = (await house.get(f"threads/{THREAD}/policy", MOD)).json()
    assert policy["rules"] == policy["overrides"]["rules"] == []
    await changed(house, origins=["https://kew.example"])
    assert "rules" not in (await house.get("threads/fern/policy")).json()
    assert (await house.ask("GET", "/v1/sites", operator=True)).json()["sites"][0]["policy"]["rules"] == [ONE]


@pytest.mark.parametrize(
    ("bad", "pointer"),
    [
        ({"kind": "of_a_later_version"}, "/kind"),
        ({"links": 1}, "/kind"),
        ({"kind": "links_over"}, ""),
        ({**ONE, "colour": "red"}, ""),
        ({"kind": "links_over", "links": -1}, "/links"),
        ({"kind": "links_over", "links": "1"}, "/links"),
    ],
)
async def test_a_rule_that_cannot_be_taken_is_refused_where_it_stands_and_changes_nothing(
    house: House, bad: dict[str, Any], pointer: str
) -> None:
    length = await house.length()
    for method, path, who in (("PATCH", "policy", ADMIN), ("PUT", f"threads/{THREAD}/policy", MOD)):
        refused = problem(await house.ask(method, path, who, {"rules": [ONE, bad]}), 422, "bad-rule")
        assert [error["pointer"] for error in refused["errors"]] == [f"/rules/1{pointer}"]
        assert refused["detail"] == refused["errors"][0]["detail"]
    body = {"name": "Soho", "policy": {"rules": [bad]}, "keys": {"hs256": [SECRET]}}
    refused = problem(await house.ask("PUT", "/v1/sites/soho", body=body, operator=True), 422, "bad-rule")
    assert refused["errors"][0]["pointer"] == f"/policy/rules/0{pointer}"
    assert await house.services.keyring.read("soho") is None
    assert await house.length() == length


async def test_rules_are_a_bounded_list_of_objects(house: House) -> None:
    assert len((await changed(house, rules=[ONE] * 20))["rules"]) == 20
    for rules, pointer in (([ONE] * 21, "/rules"), (["links_over"], "/rules/0"), (ONE, "/rules"), (None, "/rules")):
        refused = problem(await house.ask("PATCH", "policy", ADMIN, {"rules": rules}), 400, "bad-request")
        assert refused["errors"][0]["pointer"] == pointer


class Long(Rule, frozen=True, kw_only=True, tag="long"):
    """Holds a text of more than `most` characters."""

    most: Annotated[int, Meta(ge=1)]

    def match(self, body: str, _: Context, /) -> Hold | None:
        """The hold of a long text."""
        return Hold("long", body[: self.most]) if len(body) > self.most else None


async def test_a_new_rule_is_taken_and_holds_once_it_is_in_the_table(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = {"kind": "long", "most": 9}
    problem(await house.ask("PATCH", "policy", ADMIN, {"rules": [rule]}), 422, "bad-rule")
    monkeypatch.setattr(registry, "RULES", (*registry.RULES, Long))
    refused = problem(await house.ask("PATCH", "policy", ADMIN, {"rules": [{**rule, "most": 0}]}), 422, "bad-rule")
    assert refused["errors"] == [{"pointer": "/rules/0/most", "detail": "Expected int >= 1"}]
    await changed(house, rules=[rule])
    await house.post(BEN, "words that are many")
    monkeypatch.undo()
    # A version that does not know the rule holds everything.
    await house.post(BEN, "few")
    assert await waiting(house) == [
        {"kind": "rule", "name": "long", "match": "words tha", "spans": [[0, 9]]},
        {"kind": "rule", "name": "unknown-rule"},
    ]
    await changed(house, votes=False)
    assert (await house.get("", ADMIN)).json()["policy"]["rules"] == [rule]
    await changed(house, rules=[])
    await house.post(BEN, "many words that wait no more")
    assert len(await house.rows()) == 1


# --- before `hansard upgrade` ---


async def noticed(house: House, format_: int) -> None:
    await house.deployment.record.read()
    assert house.log.format == format_


async def versions(house: House, *types: str) -> list[int]:
    """The versions of the stored events of these types, by partition."""
    entries: list[Entry] = []
    for number in range(house.log.partitions):
        entries += await house.log.read(number, START, limit=100)
    return [one.get("v", 1) for one in map(facts, entries) if one["type"] in types]


POLICY_EVENTS: Final = ("site.opened", "policy.changed", "policy.overridden")


async def test_until_the_upgrade_policies_have_no_rules_and_are_written_as_before(empty: House) -> None:
    calls = empty.deployment.calls
    await calls.call("HSET", DEPLOYMENT, "format", 1)
    await noticed(empty, 1)
    body: dict[str, Any] = {"name": "Kew", "policy": {"rules": [ONE]}, "keys": {"hs256": [SECRET]}}
    refused = problem(await empty.ask("PUT", "", body=body, operator=True), 503, "unavailable")
    assert refused["detail"].startswith(
        "site.opened needs format 2, but the deployment has format 1: run `hansard upgrade`"
    )
    assert await empty.services.keyring.read(SITE) is None
    await empty.open_site(rates="normal")
    await empty.open_thread()
    assert (await changed(empty, votes=False))["rules"] == []
    override = f"threads/{THREAD}/policy"
    assert (await empty.ask("PUT", override, MOD, {"max_depth": 3})).status_code == 200
    assert await versions(empty, *POLICY_EVENTS) == [1, 1, 1]
    length = await empty.length()
    for method, path, who, rules in (
        ("PATCH", "policy", ADMIN, [ONE]),
        ("PUT", override, MOD, [ONE]),
        ("PUT", override, MOD, []),
    ):
        answer = await empty.ask(method, path, who, {"rules": rules})
        assert "needs format 2" in problem(answer, 503, "unavailable")["detail"]
        assert answer.headers["retry-after"]
    assert (await empty.ask("PATCH", "policy", ADMIN, {"rules": []})).status_code == 200  # it has none already
    assert await empty.length() == length

    one = LiveProcess(name="n", role="gateway", version="1", reads=FORMATS.reads, writes=FORMATS.writes)
    await Membership(calls, one.document(), key=PROCESSES).renew()
    name = empty.deployment.record.id
    assert name is not None
    assert await live_processes.upgrade(calls, name, Formats(reads=(1, 2), writes=2)) == Upgraded(before=1)
    await noticed(empty, 2)
    assert (await changed(empty, rules=[ONE]))["votes"] is False
    assert (await empty.ask("PUT", override, MOD, {"max_depth": 4})).status_code == 200
    assert sorted(await versions(empty, *POLICY_EVENTS)) == [1, 1, 1, 2, 2]
    await empty.post(BEN, LINKS)
    assert await waiting(empty) == [
        {"kind": "rule", "name": "links_over", "match": "https://b.org/?x=1&y=2", "spans": [[14, 36]]}
    ]
