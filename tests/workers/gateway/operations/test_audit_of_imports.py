"""What an import brought, in the audit of the site, in trails and in the record of the thread."""

from typing import Any

from core.caller import Actor
from core.events.comment_events import CommentPosted, CommentRejected
from core.events.import_events import AuthorReassigned, ImportBegun, ImportEnded, SourceFile, VotesBrought
from tests.support.bringing import IMPORTED, bring
from tests.support.house import AUDITOR, BEN, MOD, THREAD, House, Who, at

OPERATOR = Actor(kind="staff", id="op")
NEW = Who("wanda")


async def read(house: House, path: str, who: Who | None) -> list[dict[str, Any]]:
    answer = await house.get(path, who)
    assert answer.status_code == 200, answer.text
    events: list[dict[str, Any]] = answer.json()["events"]
    return events


async def brought(house: House) -> None:
    by = Actor(id="wp:7")
    await bring(house, CommentPosted(comment="wp-1", body="Old.", name="Wanda", origin="1"), by=by)
    await bring(house, VotesBrought(comment="wp-1", up=3, down=1))
    await bring(house, CommentRejected(comment="wp-1", revision=1))
    await bring(house, AuthorReassigned(comment="wp-1", author=NEW.id))


async def test_auditors_read_what_an_import_was_made_of_and_how_it_added_up(house: House) -> None:
    files = (SourceFile(name="blog.xml", sha256="0" * 64),)
    begun = ImportBegun(imported=IMPORTED, system="wordpress", source="wp", files=files, options={"pending": "30d"})
    ended = ImportEnded(imported=IMPORTED, brought=12, known=1, left_out={"spam": 2}, differs=1)
    await bring(house, begun, ended, by=OPERATOR, thread="")
    found = [one for one in await read(house, "audit", AUDITOR) if one["type"].startswith("import.")]
    assert [one["type"] for one in found] == ["import.begun", "import.ended"]
    first, last = found
    assert first["actor"] == {"kind": "staff", "id": "op"}
    assert first["data"]["files"] == [{"name": "blog.xml", "sha256": "0" * 64}]
    assert (first["data"]["system"], first["data"]["options"]) == ("wordpress", {"pending": "30d"})
    assert (last["data"]["brought"], last["data"]["left_out"], last["data"]["differs"]) == (12, {"spam": 2}, 1)


async def test_a_trail_tells_staff_where_a_comment_came_from_and_its_author_what_concerns_them(house: House) -> None:
    await brought(house)
    for who in (MOD, AUDITOR):
        events = await read(house, f"{at('wp-1')}/trail", who)
        assert [one["type"] for one in events] == [
            "comment.posted",
            "votes.brought",
            "comment.rejected",
            "author.reassigned",
        ]
        assert all((one["data"]["cause"], one["data"]["batch"]) == ("import", IMPORTED) for one in events)
        assert events[0]["data"]["origin"] == "1"
        assert (events[1]["data"]["up"], events[1]["data"]["down"]) == (3, 1)
        assert events[3]["data"]["author"] == NEW.id
    own = await read(house, f"{at('wp-1')}/trail", NEW)
    assert own[0]["actor"]["id"] == NEW.id
    assert not any({"cause", "batch"} & one["data"].keys() for one in own)


async def test_the_record_names_the_import_to_everyone_and_counts_votes_under_votes(house: House) -> None:
    await bring(house, CommentPosted(comment="wp-1", body="Old.", name="Wanda"), by=Actor(id="wp:7"))
    await bring(house, VotesBrought(comment="wp-1", up=3, down=1))
    await house.ask("PUT", f"{at('wp-1')}/vote", BEN, {"value": 1})
    for who in (None, MOD, AUDITOR):
        document = (await house.get(f"threads/{THREAD}/record", who)).json()
        told = [one for one in document["events"] if one["type"].startswith("vote")]
        assert told[0]["actor"]["id"] == "import"
        assert (told[0]["data"]["up"], told[0]["data"]["down"]) == (3, 1)
        if who is not AUDITOR:
            assert (told[1]["data"]["up"], told[1]["data"]["down"]) == (4, 1)
    votes = await read(house, f"threads/{THREAD}/record?kind=votes", MOD)
    assert [one["type"] for one in votes] == ["votes.brought", "vote.cast"]
