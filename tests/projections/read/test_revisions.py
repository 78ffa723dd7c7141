"""Who sees which texts of a comment, and what is told of them."""

from typing import Any

import msgspec
import pytest

from core.domain.authoring import EditComment, PostComment
from core.domain.moderation import Decide, RedactRevision
from core.domain.thread import OverridePolicy
from core.domain.vote import CastVote
from core.lru import Lru
from core.policy import PolicyChanges
from core.text import diff
from core.text.render import RENDERER, rendered
from projections.read import cursors, html_cache, queries, revisions
from projections.read.html_cache import Rendering
from projections.read.queries import BadCursor, PageAnswer, RevisionsQuery
from projections.read.revisions import DIFFERENCES
from projections.read.served_generation import Served
from projections.views.viewer import PUBLIC, Viewer
from tests.support.discussions import MOD, PEOPLE, SITE, THREADS
from tests.support.viewing import Stage

ADA, BEN, EVE, DAN = PEOPLE
THREAD = THREADS[0]
AUTHOR, OTHER, STAFF = Viewer("ada"), Viewer("ben"), Viewer("mod", staff=True)


def decoded(answer: PageAnswer | bytes | None) -> Any:
    assert answer is not None
    return msgspec.json.decode(answer.body if isinstance(answer, PageAnswer) else answer)


async def history(there: Stage, comment: str, viewer: Viewer, *, policy: Any = "public", diff: bool = False) -> Any:
    found = await revisions.revisions(
        there.served, SITE, THREAD, comment, viewer, policy, RevisionsQuery(diff="words" if diff else None)
    )
    return None if found is None else msgspec.json.decode(found.body)


async def numbers(there: Stage, comment: str, viewer: Viewer, policy: str) -> list[int]:
    found = await history(there, comment, viewer, policy=policy)
    return [one["revision"] for one in found["revisions"]]


def post(comment: str, body: str = "words", *, parent: str | None = None) -> PostComment:
    return PostComment(comment=comment, body=body, parent=parent)


def approve(comment: str, revision: int = 1) -> Decide:
    return Decide(comment=comment, verdict="approve", revision=revision)


def reject(comment: str, revision: int = 1, reason: str = "manners") -> Decide:
    return Decide(comment=comment, verdict="reject", revision=revision, reason=reason, note="third time")


async def test_an_unknown_comment_has_no_history_for_anyone(there: Stage) -> None:
    for viewer in (PUBLIC, AUTHOR, STAFF):
        assert await history(there, "none", viewer) is None


async def test_a_comment_that_was_never_edited_has_a_history_of_one(there: Stage) -> None:
    await there.do(ADA, post("a", "first *words*"))
    await there.do(BEN, CastVote(comment="a", value=1))
    found = await history(there, "a", PUBLIC, diff=True)
    (one,) = found["revisions"]
    assert (one["revision"], one["status"], one["body"]) == (1, "published", "first *words*")
    assert one["html"] == rendered("first *words*")
    assert one["votes_then"] == {"up": 1, "down": 0}
    assert one["by"] == {"name": "Ada"}
    assert "diff" not in one
    assert found["next"] is None


async def test_a_history_tells_the_tally_of_each_text_when_it_was_last_on_the_page(there: Stage) -> None:
    await there.do(ADA, post("a", "the Senat rose"))
    await there.do(BEN, CastVote(comment="a", value=1))
    await there.do(ADA, EditComment(comment="a", revision=1, body="the Senate rose", reason="a slip"))
    await there.do(DAN, CastVote(comment="a", value=-1))
    first, second = (await history(there, "a", PUBLIC, diff=True))["revisions"]
    assert (first["votes_then"], second["votes_then"]) == ({"up": 1, "down": 0}, {"up": 1, "down": 1})
    assert (first.get("reason"), second["reason"]) == (None, "a slip")
    assert second["diff"] == [["=", "the "], ["-", "Senat"], ["+", "Senate"], ["=", " rose"]]


async def edited(there: Stage) -> None:
    """Revisions: 1 and 2 stood, 3 was rejected, 4 stands, 5 waits."""
    await there.do(ADA, post("a", "one"), EditComment(comment="a", revision=1, body="two"))
    await there.do(MOD, OverridePolicy(overrides=PolicyChanges(premoderation="all")))
    await there.do(ADA, EditComment(comment="a", revision=2, body="three"))
    await there.do(MOD, reject("a", 3))
    await there.do(ADA, EditComment(comment="a", revision=3, body="four"))
    await there.do(MOD, approve("a", 4))
    await there.do(ADA, EditComment(comment="a", revision=4, body="five"))


@pytest.mark.parametrize(
    ("viewer", "policy", "expected"),
    [
        (PUBLIC, "public", [1, 2, 4]),
        (OTHER, "public", [1, 2, 4]),
        (PUBLIC, "author", [4]),
        (OTHER, "author", [4]),
        (PUBLIC, "staff", [4]),
        (AUTHOR, "public", [1, 2, 3, 4, 5]),
        (AUTHOR, "author", [1, 2, 3, 4, 5]),
        (AUTHOR, "staff", [3, 4, 5]),
        (STAFF, "public", [1, 2, 3, 4, 5]),
        (STAFF, "staff", [1, 2, 3, 4, 5]),
    ],
)
async def test_each_viewer_sees_the_texts_that_the_policy_gives_them(
    there: Stage, viewer: Viewer, policy: str, expected: list[int]
) -> None:
    await edited(there)
    assert await numbers(there, "a", viewer, policy) == expected


async def test_a_difference_is_remembered_by_both_texts_and_by_what_they_take(
    there: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, words = [], diff.words

    def counted(before: str, after: str) -> Any:
        made.append(after)
        return words(before, after)

    monkeypatch.setattr(diff, "words", counted)
    long = "w" * 2000
    texts = {"a": (f"red {long}", f"blue {long}"), "b": (f"green {long}", f"blue {long}"), "c": (f"red {long}", long)}
    for comment, (first, second) in texts.items():
        await there.do(ADA, post(comment, first), EditComment(comment=comment, revision=1, body=second))
    for again in (False, True):
        for comment, (first, second) in texts.items():
            before = DIFFERENCES.bytes
            (_, last) = (await history(there, comment, PUBLIC, diff=True))["revisions"]
            assert "".join(part for sign, part in last["diff"] if sign != "+") == first
            assert "".join(part for sign, part in last["diff"] if sign != "-") == second
            took = DIFFERENCES.bytes - before
            assert took == 0 if again else took > len(first) + len(second) + 2000
    assert len(made) == len(texts)


async def test_a_difference_never_shows_a_text_that_the_viewer_may_not_read(there: Stage) -> None:
    await edited(there)
    last = (await history(there, "a", PUBLIC, diff=True))["revisions"][-1]
    assert last["diff"] == [["-", "two"], ["+", "four"]]
    own = (await history(there, "a", AUTHOR, diff=True))["revisions"]
    assert [one.get("diff") for one in own][3] == [["-", "three"], ["+", "four"]]


async def test_a_rejected_text_has_its_reason_for_author_and_staff_and_its_note_for_staff(there: Stage) -> None:
    await edited(there)
    own = (await history(there, "a", AUTHOR))["revisions"][2]
    assert (own["status"], own["body"]) == ("rejected", "three")
    assert (own["decision"]["reason"], own["decision"]["by"]) == ("manners", "moderator")
    assert "third time" not in str(own)
    staff = (await history(there, "a", STAFF))["revisions"][2]
    assert staff["moderation"]["note"] == "third time"


async def test_a_text_that_was_rejected_after_readers_saw_it_is_no_longer_theirs_to_look_up(there: Stage) -> None:
    await there.do(ADA, post("a", "one"))
    await there.do(MOD, reject("a"))
    assert await history(there, "a", PUBLIC) is None
    await there.do(ADA, EditComment(comment="a", revision=1, body="two"))
    await there.do(MOD, approve("a", 2))
    assert await numbers(there, "a", PUBLIC, "public") == [2]
    assert await numbers(there, "a", AUTHOR, "public") == [1, 2]


async def test_a_redacted_text_is_nobodys_to_read_but_stays_in_the_list(there: Stage) -> None:
    await there.do(ADA, post("a", "secret one"), EditComment(comment="a", revision=1, body="two", reason="secret why"))
    await there.do(ADA, EditComment(comment="a", revision=2, body="three"))
    await there.do(MOD, RedactRevision(comment="a", revision=1, reason="law"))
    await there.do(MOD, RedactRevision(comment="a", revision=2, reason="law"))
    for viewer in (PUBLIC, AUTHOR, STAFF):
        first, second, third = (await history(there, "a", viewer, diff=True))["revisions"]
        assert (first["status"], first["body"], first["html"]) == ("redacted", None, None)
        assert "secret" not in str([first, second, third])
        assert "diff" not in third


async def test_a_difference_that_was_read_before_goes_with_the_text(there: Stage) -> None:
    await there.do(ADA, post("a", "one secret"), EditComment(comment="a", revision=1, body="one open"))
    for _ in range(2):
        _, second = (await history(there, "a", PUBLIC, diff=True))["revisions"]
        assert second["diff"] == [["=", "one "], ["-", "secret"], ["+", "open"]]
    await there.do(MOD, RedactRevision(comment="a", revision=1, reason="law"))
    for viewer in (PUBLIC, AUTHOR, STAFF):
        _, second = (await history(there, "a", viewer, diff=True))["revisions"]
        assert "diff" not in second


async def test_a_history_is_read_in_parts(there: Stage) -> None:
    await edited(there)
    found: list[int] = []
    cursor: str | None = None
    while True:
        answer = await revisions.revisions(
            there.served, SITE, THREAD, "a", PUBLIC, "public", RevisionsQuery(diff="words", limit=2, cursor=cursor)
        )
        part = decoded(answer)
        found += [one["revision"] for one in part["revisions"]]
        cursor = part["next"]
        if cursor is None:
            break
    assert found == [1, 2, 4]
    assert part["revisions"][0]["diff"] == [["-", "two"], ["+", "four"]]
    with pytest.raises(BadCursor):
        await revisions.revisions(
            there.served, SITE, THREAD, "a", PUBLIC, "public", RevisionsQuery(diff="words", limit=2, cursor="1")
        )


@pytest.mark.parametrize(
    ("query", "differs"), [(RevisionsQuery(limit=1), False), (RevisionsQuery(diff="words", limit=1), True)]
)
async def test_a_cursor_that_an_earlier_version_gave_holds(
    there: Stage, query: RevisionsQuery, *, differs: bool
) -> None:
    await edited(there)
    mark = cursors.mark("revisions", SITE, THREAD, "a", differs, 1)
    found = decoded(await revisions.revisions(there.served, SITE, THREAD, "a", PUBLIC, "public", query))
    assert found["next"] == cursors.write(mark, 1)


async def paged(there: Stage, viewer: Viewer, *, most: int, limit: int = 50, diff: bool = True) -> list[list[Any]]:
    """The pages of a history of which each holds so many bytes of text."""
    served, found, cursor = Served(there.deployment), [], None
    while True:
        query = RevisionsQuery(diff="words" if diff else None, limit=limit, cursor=cursor)
        page = decoded(await revisions.revisions(served, SITE, THREAD, "a", viewer, "public", query, most=most))
        found.append(page["revisions"])
        cursor = page["next"]
        if cursor is None:
            return found


@pytest.mark.parametrize("viewer", [PUBLIC, AUTHOR, STAFF])
@pytest.mark.parametrize("most", [1, 5, 8, 12, 1000])
async def test_a_page_of_a_history_ends_where_it_has_enough_text(there: Stage, viewer: Viewer, most: int) -> None:
    await edited(there)
    whole = (await history(there, "a", viewer, diff=True))["revisions"]
    pages = await paged(there, viewer, most=most)
    assert [one for page in pages for one in page] == whole
    for page in pages:
        assert len(page) <= 1 or sum(len(one["body"]) for one in page) <= most
    if most == 1:
        assert max(map(len, pages)) == 1


async def test_a_page_of_a_history_does_not_tell_readers_that_edits_wait(there: Stage) -> None:
    await there.do(ADA, post("a"))
    await there.do(MOD, OverridePolicy(overrides=PolicyChanges(premoderation="all")))
    for number in range(1, 4):
        await there.do(ADA, EditComment(comment="a", revision=number, body=f"words of {number}"))
    for viewer in (PUBLIC, OTHER):
        ((only,),) = await paged(there, viewer, most=1)
        assert only["revision"] == 1
    assert len(await paged(there, AUTHOR, most=1)) == 4


async def test_a_page_of_a_history_reads_only_the_texts_that_it_shows(
    there: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await there.do(ADA, post("a", "1" * 100))
    for number in range(1, 30):
        await there.do(ADA, EditComment(comment="a", revision=number, body=f"{number % 10}" * 99 + "x"))
    read: list[int] = []
    size = queries.size

    def counted(body: str | None) -> int:
        read.append(size(body))
        return size(body)

    monkeypatch.setattr(revisions, "size", counted)
    pages = await paged(there, PUBLIC, most=1000, limit=50)
    assert sum(map(len, pages)) == 30
    assert max(map(len, pages)) == 10
    # Each text is counted where it is read and where it is shown; what comes next and what came before add a few.
    assert sum(read) <= 2 * 3000 + 4 * 6 * 100


async def test_the_html_of_older_texts_is_remembered_within_bounds() -> None:
    cache = Lru[bytes, bytes](4000)
    once = Rendering(cache)
    assert await once.html("first *words*") == rendered("first *words*")
    before = cache.bytes
    assert await once.html("first *words*") == rendered("first *words*")
    assert cache.bytes == before
    for number in range(100):
        await once.html(f"*{number}*")
    assert before < cache.bytes <= 4000


async def test_html_is_remembered_by_the_version_of_the_renderer(monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Lru[bytes, bytes](4000)
    await Rendering(cache).html("*words*")
    monkeypatch.setattr(html_cache, "RENDERER", RENDERER + 1)
    monkeypatch.setattr(html_cache, "render", lambda body: f"<p>{body}</p>\n")
    assert await Rendering(cache).html("*words*") == "<p>*words*</p>\n"


async def test_others_have_their_turn_between_texts_by_what_was_rendered(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = 0

    async def counted() -> None:
        nonlocal turns
        turns += 1

    monkeypatch.setattr(html_cache, "checkpoint", counted)
    once = Rendering(Lru[bytes, bytes](1), turn=100)
    for number in range(10):
        await once.html(f"{number}" * 40)
    assert turns == 4
    await once.html("x" * 1000)
    assert turns == 5
