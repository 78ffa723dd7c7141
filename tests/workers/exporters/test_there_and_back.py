"""An export that is brought into an empty site gives the same pages, histories, queue and trail, but for positions."""

from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import fromstring

import anyio
import pytest
from hypothesis import given, settings

from core.application.transact import transact
from core.domain.site import OpenSite
from core.log.memory import MemoryLog
from core.log.port import Log
from core.policy import Policy
from core.times import DAY_MS
from tests.support.discussions import BEGIN, OPERATOR, SITE, Move, moves, played
from tests.support.eventful import eventful
from tests.support.exporting import exported
from tests.support.exports import planned, wp_comment, wp_item, wxr
from tests.support.same_pages import differences, told
from workers.importers.applying import Applied, Applier

WP: Final = "{http://wordpress.org/export/1.2/}"
FIELDS: Final = (
    *("post_id", "comment_status", "comment_id", "comment_author", "comment_date_gmt", "comment_approved"),
    *("comment_parent", "comment_user_id"),
)
LATER = BEGIN + 365 * DAY_MS


async def _brought(facts: Path, policy: Policy) -> tuple[Applied, dict[str, Any]]:
    """Bring a plan into a site that has nothing but its policy."""
    log = MemoryLog(3, clock=lambda: LATER)
    opening = OpenSite(name="Kew", policy=policy, keys_kind="hs256", keys_number=1)
    await transact(log, opening, site=SITE, caller=OPERATOR)
    applied = await Applier(log, facts).run()
    after = await told(log, SITE)
    again = await Applier(log, facts).run()
    assert (again.brought, again.left_out, again.differing) == (0, {}, 0)
    assert await told(log, SITE) == after
    return applied, after


async def _exported(log: Log) -> tuple[bytes, dict[str, Any]]:
    export = await exported(log)
    assert export.said.faults == []
    return export.content, await told(log, SITE)


def _assert_same(folder: Path, content: bytes, before: dict[str, Any], policy: Policy) -> None:
    plan = planned(folder, "native", content, pending=None, site=SITE)
    assert plan.report.left_out == {}
    applied, after = anyio.run(_brought, plan.folder / "facts.jsonl", policy)
    assert applied.left_out == {}
    assert "\n".join(differences(before, after)) == ""


async def _played(some: list[Move], policy: Policy) -> tuple[bytes, dict[str, Any]]:
    return await _exported(await played(some, threads=2, partitions=2, policy=policy))


@settings(max_examples=60)
@given(moves(most=80, threads=2, imports=True))
def test_any_discussion_is_the_same_after_leaving_and_moving_in(
    tmp_path_factory: pytest.TempPathFactory, some: list[Move]
) -> None:
    content, before = anyio.run(_played, some, Policy(max_depth=3))
    _assert_same(tmp_path_factory.mktemp("plan"), content, before, Policy(votes=False, comment="nobody"))


def test_several_acts_of_one_moment_all_come(tmp_path: Path) -> None:
    deeds = ("post", "edit", "edit", "vote", "report", *("decide",) * 4, "edit", *("anchor",) * 4, *("retitle",) * 3)
    some = [Move(deed, who=number % 4, choice=number, later=0) for number, deed in enumerate(deeds)]
    content, before = anyio.run(_played, some, Policy())
    assert content.count(b'"do":"edit"') == 3
    assert content.count(b'"do":"decide"') > 2
    _assert_same(tmp_path, content, before, Policy())


def test_a_site_to_which_everything_happened_is_the_same(tmp_path: Path) -> None:
    async def all_of_it() -> tuple[bytes, dict[str, Any]]:
        return await _exported((await eventful()).log)

    content, before = anyio.run(all_of_it)
    _assert_same(tmp_path, content, before, Policy())


def test_what_came_from_wordpress_goes_back_under_the_same_numbers_times_and_names(tmp_path: Path) -> None:
    comments = (
        wp_comment(712400, "A &amp; B\n\ntwo <b>bold</b>", author="Ada &amp; Bo", user_id="20"),
        wp_comment(712401, "An answer", parent="712400", date_gmt="2020-01-03 03:04:05"),
        wp_comment(712402, "Waits", approved="0"),
        wp_comment(712403, "Gone", approved="trash", parent="712401"),
        wp_comment(712404, "Voted", meta={"wpdiscuz_votes_seperate": 'a:2:{s:4:"like";i:14;s:7:"dislike";i:2;}'}),
    )
    source = wxr(wp_item(*comments, number=77, title="Tea &amp; more", comment_status="closed"))
    plan = planned(tmp_path, "wxr", source, pending=None, site=SITE, thread="p{post_id}")

    async def back() -> bytes:
        log = MemoryLog(3, clock=lambda: LATER)
        opening = OpenSite(name="Kew", policy=Policy(), keys_kind="hs256", keys_number=1)
        await transact(log, opening, site=SITE, caller=OPERATOR)
        applied = await Applier(log, plan.folder / "facts.jsonl").run()
        assert applied.left_out == {}
        return (await exported(log, "wxr")).content

    before, after = (_of_wordpress(content) for content in (source.encode(), anyio.run(back)))
    assert after == before


def _of_wordpress(content: bytes) -> list[dict[str, str | None]]:
    """The articles and the comments of an export, by what WordPress and wpDiscuz know of them."""
    found = []
    for item in fromstring(content).iter("item"):  # noqa: S314 - written here
        for element in (item, *item.iter(f"{WP}comment")):
            kept = {name: element.findtext(f"{WP}{name}") for name in FIELDS}
            metas = {one.findtext(f"{WP}meta_key"): one.findtext(f"{WP}meta_value") for one in element}
            found.append(kept | {"title": element.findtext("title"), "votes": metas.get("wpdiscuz_votes_seperate")})
    return sorted(found, key=lambda one: one["comment_id"] or "")
