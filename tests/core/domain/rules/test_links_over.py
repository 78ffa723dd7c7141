"""The rule `links_over`, as posts and edits meet it."""

from typing import Any

import pytest

from core.caller import Caller
from core.events.comment_events import CommentPosted
from core.refusals import NotEntitled
from tests.support.people import ADA, ADMIN, BEN, BOTH, MOD, edit, edited, overridden, policy, post, posted
from tests.support.story import given

TWO: dict[str, Any] = {"kind": "links_over", "links": 2}
RULES = policy(rules=(TWO,))
LINKS = ("see a.org", "and b.org", "and https://c.org/x?y=1&z=2", "and d.org")
THREE = " ".join(LINKS[:3])
HELD = {"rule": "links_over", "match": "https://c.org/x?y=1&z=2"}


def written(**fields: Any) -> CommentPosted:
    """What Ben posted with `post()`."""
    return posted(**{"comment": "new", "body": "new words", "name": "Ben", **fields})


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_text_with_as_many_links_as_allowed_is_published(number: int) -> None:
    body = " ".join(("words", *LINKS[:number]))
    given(RULES).when(post(body=body), by=BEN).then(written(body=body)).leaves("new", published=True)


@pytest.mark.parametrize("number", [3, 4])
def test_a_text_with_more_links_waits_and_names_the_first_one_too_many(number: int) -> None:
    body = " ".join(LINKS[:number])
    given(RULES).when(post(body=body), by=BEN).then(written(body=body, **HELD)).leaves("new", status="pending")


def test_where_no_link_is_allowed_the_first_one_is_too_many() -> None:
    none = policy(rules=({"kind": "links_over", "links": 0},))
    given(none).when(post(body="see a.org"), by=BEN).then(
        written(body="see a.org", rule="links_over", match="http://a.org")
    )


def test_an_edit_with_more_links_waits_and_readers_keep_the_text_that_stands() -> None:
    story = given(RULES, posted()).when(edit(1, THREE))
    story.then(edited(2, THREE, **HELD)).leaves(standing=1, latest=2, published=True)
    story.when(edit(2, "one: a.org")).then(edited(3, "one: a.org")).leaves(standing=3)


@pytest.mark.parametrize("caller", [MOD, ADMIN, BOTH], ids=lambda caller: caller.name)
def test_staff_pass(caller: Caller) -> None:
    given(RULES).when(post(body=THREE), by=caller).then(written(name=caller.name, body=THREE))
    own = posted("c1", name=caller.name)
    story = given(RULES)
    story.record(own, caller)
    story.when(edit(1, THREE), by=caller).then(edited(2, THREE))


def test_premoderation_is_named_before_a_rule() -> None:
    given(RULES, policy(premoderation="all")).when(post(body=THREE), by=BEN).then(
        written(body=THREE, rule="premoderation")
    )
    first = written(body=THREE, rule="links", match="http://a.org")
    given(RULES, policy(premoderation="links")).when(post(body=THREE), by=BEN).then(first)


def test_an_entitlement_is_asked_for_before_any_rule() -> None:
    entitled = RULES, policy(comment="entitled")
    given(*entitled).when(post(body=THREE), by=BEN).refused(NotEntitled, needs="subscriber")
    held = posted("new", THREE, badges=("subscriber",), entitlement="subscriber", **HELD)
    given(*entitled).when(post(body=THREE), by=ADA).then(held)


def test_a_thread_may_have_other_rules_than_its_site_or_none() -> None:
    one = overridden(rules=({"kind": "links_over", "links": 1},))
    earlier = written(body=THREE, rule="links_over", match="http://b.org")
    given(RULES, one).when(post(body=THREE), by=BEN).then(earlier)
    given(one).when(post(body=THREE), by=BEN).then(earlier)
    given(RULES, overridden(rules=())).when(post(body=THREE), by=BEN).then(written(body=THREE))
    given(RULES, overridden(votes=False)).when(post(body=THREE), by=BEN).then(written(body=THREE, **HELD))


def test_a_text_whose_links_cannot_be_counted_waits() -> None:
    costly = "*a **b " * 640 + "a.org"
    held = written(body=costly, rule="links_over", match="a.org")
    given(RULES).when(post(body=costly), by=BEN).then(held)
