import json
from typing import Any

import pytest

from core.application.transact import transact
from core.caller import Caller
from core.domain.site import OpenSite
from core.domain.vote import CastVote
from core.events.envelope import Recorded, decode
from core.log.memory import MemoryLog
from core.position import START
from core.refusals import Unavailable
from core.times import rfc3339
from workers.importers import importer, sample
from workers.importers.importer import ImportStopped, Source, UnfitSource

OPERATOR = Caller(id="operator", name="operator", roles=frozenset({"operator"}))


@pytest.fixture
async def log() -> MemoryLog:
    log = MemoryLog(4)
    site = sample.discussion().site
    opened = OpenSite(name=site.name, policy=site.policy, keys_kind="hs256", keys_number=1)
    await transact(log, opened, site=site.id, caller=OPERATOR)
    return log


async def events(log: MemoryLog, thread: str = sample.THREAD) -> list[Recorded]:
    found = []
    for partition in range(log.partitions):
        found += [decode(*entry) for entry in await log.read(partition, START, limit=1000)]
    return [one for one in found if one.envelope.thread == thread]


def document(**changes: Any) -> dict[str, Any]:
    """A source of three items, with changes to the second."""
    post = {"command": "post-comment", "comment": "c-2", "parent": "c-1", "body": "A reply."}
    second = {"id": "2", "at": "2026-10-01T09:00:00.000Z", "thread": "t", "by": "ada", "do": post}
    opened = {"command": "open-thread", "url": "https://lamplighter.example/a", "title": "A"}
    first = {"command": "post-comment", "comment": "c-1", "body": "First."}
    return {
        "source": "test",
        "site": {"id": "sample", "name": "The Lamplighter"},
        "people": {
            "mod": {"name": "Mod", "roles": ["moderator"]},
            "ada": {"name": "Ada", "entitlements": ["subscriber"]},
        },
        "items": [
            {"id": "0", "at": "2026-10-01T08:00:00.000Z", "thread": "t", "by": "mod", "do": opened},
            {"id": "1", "at": "2026-10-01T08:30:00.000Z", "thread": "t", "by": "ada", "do": first},
            second | changes,
        ],
    }


def source(**changes: Any) -> Source:
    return importer.read(json.dumps(document(**changes)).encode())


async def test_every_item_becomes_what_it_was_when_it_was(log: MemoryLog) -> None:
    discussion = sample.discussion()
    imported = await importer.import_source(log, discussion)
    recorded = await events(log)
    assert imported.appended == len(discussion.items) == len(recorded)
    assert [one.occurred_at for one in recorded] == [item.occurred_at for item in discussion.items]
    assert [one.envelope.actor.id for one in recorded] == [item.by for item in discussion.items]
    assert {one.envelope.cause for one in recorded} == {"import"}
    assert imported.last == {sample.THREAD: recorded[-1].position}


async def test_what_happened_before_1970_did_so(log: MemoryLog) -> None:
    old = document(at="1968-05-03T12:00:00Z")
    for item, at in zip(old["items"], ("1812-06-24T00:00:00Z", "1968-05-03T11:00:00Z"), strict=False):
        item["at"] = at
    discussion = importer.read(json.dumps(old).encode())
    assert (await importer.import_source(log, discussion)).appended == 3
    recorded = await events(log, "t")
    assert [rfc3339(one.occurred_at)[:10] for one in recorded] == ["1812-06-24", "1968-05-03", "1968-05-03"]
    with pytest.raises(UnfitSource, match="1 to 9999"):
        source(at="0001-01-01T00:00:00+01:00")


async def test_importing_twice_adds_nothing_even_when_the_command_keys_are_forgotten(log: MemoryLog) -> None:
    discussion = sample.discussion()
    first = await importer.import_source(log, discussion)
    for partition in log._partitions:
        partition.keys.clear()
    again = await importer.import_source(log, discussion)
    assert (again.appended, again.known) == (0, len(discussion.items))
    assert again.last == first.last
    assert len(await events(log)) == len(discussion.items)


async def test_an_import_that_was_cut_goes_on_where_it_ended(log: MemoryLog) -> None:
    discussion = sample.discussion()

    class Cut(Exception):
        pass

    def cut(done: int) -> None:
        if done == 40:
            raise Cut

    with pytest.raises(Cut):
        await importer.import_source(log, discussion, progress=cut)
    imported = await importer.import_source(log, discussion)
    assert (imported.known, imported.appended) == (40, len(discussion.items) - 40)
    whole = await events(log)
    assert [one.occurred_at for one in whole] == [item.occurred_at for item in discussion.items]


async def test_what_happened_since_is_left_alone(log: MemoryLog) -> None:
    # Greta's vote went down, then up; since, she took it back. Were it imported again, it would be up once more.
    discussion = sample.discussion()
    await importer.import_source(log, discussion)
    greta = Caller(id="greta", name="Greta")
    taken_back = CastVote(comment="nt-03", value=0)
    await transact(log, taken_back, site="sample", thread=sample.THREAD, caller=greta)
    before = await events(log)
    for partition in log._partitions:
        partition.keys.clear()
    await importer.import_source(log, discussion)
    assert await events(log) == before


async def test_the_first_item_that_is_refused_stops_the_import_and_is_named(log: MemoryLog) -> None:
    post = {"command": "post-comment", "comment": "c-2", "parent": "nobody", "body": "A reply."}
    with pytest.raises(ImportStopped) as caught:
        await importer.import_source(log, source(do=post))
    assert str(caught.value).startswith("item 2 (post-comment by ada in t at 2026-10-01T09:00:00.000Z) was refused: ")
    assert str(caught.value).endswith("(unknown-parent)")
    assert len(await events(log, "t")) == 2


async def test_a_site_that_was_not_opened_takes_no_import() -> None:
    with pytest.raises(ImportStopped) as caught:
        await importer.import_source(MemoryLog(), source())
    assert caught.value.refusal.code == "not-found"


async def test_a_log_that_is_away_is_no_refusal(log: MemoryLog, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(_: object) -> object:
        raise Unavailable

    monkeypatch.setattr(log, "append", away)
    with pytest.raises(Unavailable):
        await importer.import_source(log, source())


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"id": "1"}, "item 1: another item has the same id"),
        ({"by": "eve"}, "item 2: eve is not among the people"),
        ({"at": "yesterday"}, "item 2: a time must be RFC 3339, for example 2023-10-29T11:20:00.000Z"),
        ({"at": "2999-01-01T00:00:00Z"}, "item 2: 2999-01-01T00:00:00Z is in the future"),
        (
            {"at": "2026-10-01T08:29:59.999Z"},
            "item 2: 2026-10-01T08:29:59.999Z is before the previous item of the thread",
        ),
        ({"thread": ".."}, "item 2: '..' is not a valid thread id"),
        (
            {"do": {"command": "post-comment", "comment": "c 2", "body": "x"}},
            "item 2: 'c 2' is not a valid comment id",
        ),
        (
            {"do": {"command": "post-comment", "comment": "c-2", "body": "x", "parnet": "c-1"}},
            "item 2: a post-comment has no parnet",
        ),
    ],
)
def test_what_cannot_have_been_so_is_refused_before_anything_is_written(changes: dict[str, Any], wrong: str) -> None:
    with pytest.raises(UnfitSource) as caught:
        source(**changes)
    assert caught.value.lines == [wrong]


@pytest.mark.parametrize(
    "text",
    [
        b"{",
        b"[]",
        json.dumps(document(do={"command": "open-site"})).encode(),
        json.dumps(document() | {"extra": 1}).encode(),
        json.dumps(document(more=1)).encode(),
    ],
)
def test_a_document_of_another_shape_is_refused(text: bytes) -> None:
    with pytest.raises(UnfitSource) as caught:
        importer.read(text)
    assert len(caught.value.lines) == 1


@pytest.mark.parametrize("avatar", ["javascript:alert(1)", "https://me@a.org/", "a.png", ""])
def test_an_avatar_is_a_web_address(avatar: str) -> None:
    given = document()
    given["people"]["ada"]["avatar"] = avatar
    with pytest.raises(UnfitSource) as caught:
        importer.read(json.dumps(given).encode())
    assert caught.value.lines == ["ada: the avatar is not an http or https address"]


def test_an_avatar_comes_in_in_its_one_form() -> None:
    given = document()
    given["people"]["ada"]["avatar"] = "HTTP://A.org:80/ä"
    read = importer.read(json.dumps(given).encode())
    assert [read.caller(item).avatar for item in read.items] == [None, "http://a.org/%C3%A4", "http://a.org/%C3%A4"]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(UnfitSource) as caught:
        source(by="eve", at="2999-01-01T00:00:00Z")
    assert len(caught.value.lines) == 2
