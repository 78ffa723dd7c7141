"""Texts of which an import knows that they were there, but not their words: no page breaks, and each says so."""

from core.caller import Actor
from core.events.comment_events import CommentEdited, CommentPosted, CommentRejected, RevisionRedacted
from tests.support.bringing import OLD, bring
from tests.support.house import ADA, ADMIN, AUDITOR, BEN, MOD, SITE, THREAD, House, Who, at

WANDA = Who("wp:7")
BY = Actor(id=WANDA.id)
SAID = "[The text of this version is not known.]"


async def test_the_words_before_an_edit_are_not_known(house: House) -> None:
    first = await bring(house, CommentPosted(comment="wp-1", unknown=True, name="Wanda", origin="1"), by=BY)
    edit = CommentEdited(comment="wp-1", revision=2, body="The words after the edit.")
    await bring(house, edit, by=BY, at=OLD + 60_000)
    (row,) = await house.rows()
    assert (row["body"], row["edited"]["by"]["name"]) == ("The words after the edit.", "Wanda")
    assert "unknown" not in row
    for who in (None, WANDA, MOD):
        history = (await house.get(f"{at('wp-1')}/revisions?diff=words", who)).json()["revisions"]
        assert [one["status"] for one in history] == ["unknown", "published"]
        assert (history[0]["body"], history[0]["html"], history[0]["votes_then"]) == (None, None, {"up": 0, "down": 0})
        assert not any("diff" in one for one in history), "nothing is known to compare the text with"
    (then,) = await house.rows(query=f"?at={first}")
    assert (then["body"], then["html"], then["unknown"], then["status"]) == (None, None, True, "published")
    (then,) = await house.rows(MOD, query=f"?at={first}")
    assert (then["body"], then["unknown"]) == (None, True)


async def test_a_comment_of_which_no_words_are_known_has_a_row_that_says_so(house: House) -> None:
    await bring(house, CommentPosted(comment="wp-1", unknown=True, name="Wanda"), by=BY)
    await house.post(BEN, "What did it say?", parent="wp-1")
    (row,) = await house.rows()
    assert (row["body"], row["html"], row["unknown"], row["author"]["name"]) == (None, None, True, "Wanda")
    assert row["replies"]["comments"][0]["in_reply_to"]["name"] == "Wanda"
    for path in (
        f"/v1/sites/{SITE}/threads/{THREAD}/section",
        f"/read/{SITE}/{THREAD}",
        f"/read/{SITE}/{THREAD}/wp-1",
        f"/read/{SITE}/{THREAD}/wp-1/notice",
    ):
        answer = await house.get(path)
        assert answer.status_code == 200, path
        assert SAID in answer.text, path
    german = await house.get(f"/v1/sites/{SITE}/threads/{THREAD}/section?lang=de")
    assert "[Der Text dieser Fassung ist nicht bekannt.]" in german.text
    # Its author writes what it said, as they would edit any comment.
    answer = await house.ask("PATCH", at("wp-1"), WANDA, {"body": "It said this."}, If_Match='"1"')
    assert answer.status_code == 200, answer.text
    await house.settled(answer.json()["position"])
    (row,) = await house.rows()
    assert row["body"] == "It said this."
    assert "unknown" not in row


async def test_of_a_deleted_comment_its_place_is_known_and_nothing_else(house: House) -> None:
    await bring(house, CommentPosted(comment="wp-1", unknown=True, name="Wanda"), by=BY)
    await bring(house, CommentRejected(comment="wp-1", revision=1))
    await bring(house, RevisionRedacted(comment="wp-1", revision=1))
    assert await house.rows() == []
    answer = CommentPosted(comment="wp-2", body="An answer.", name="Otto", parent="wp-1", depth=1)
    await bring(house, answer, by=Actor(id="wp:8"))
    (row,) = await house.rows()
    assert (row["author"], row["body"], row["gone"], row["status"]) == (None, None, "unknown", "rejected")
    assert row["replies"]["comments"][0]["body"] == "An answer."
    history = (await house.get(f"{at('wp-1')}/revisions", MOD)).json()["revisions"]
    assert [(one["status"], one["body"]) for one in history] == [("redacted", None)]
    assert "[Removed.]" in (await house.get(f"/read/{SITE}/{THREAD}")).text


async def test_what_waits_without_words_is_decided_on_like_all_else(house: House) -> None:
    await bring(house, CommentPosted(comment="wp-1", unknown=True, name="Wanda", rule="import"), by=BY)
    (item,) = (await house.get("moderation/queue", MOD)).json()["items"]
    assert (item["comment"]["body"], item["comment"]["unknown"], item["held_by"]["name"]) == (None, True, "import")
    (own,) = (await house.get(f"threads/{THREAD}/me", WANDA)).json()["pending"]
    assert (own["body"], own["unknown"]) == (None, True)
    assert (await house.get("moderation/comments?q=words", MOD)).json()["comments"] == []
    await house.settled((await house.decide("wp-1", "approve")).json()["position"])
    assert [row["unknown"] for row in await house.rows()] == [True]
    for who, path in (
        (MOD, f"{at('wp-1')}/trail"),
        (WANDA, f"{at('wp-1')}/trail"),
        (AUDITOR, f"threads/{THREAD}/record"),
        (MOD, f"threads/{THREAD}/record"),
        (None, f"threads/{THREAD}/record"),
        (MOD, f"members/{WANDA.id}"),
        (MOD, f"members/{WANDA.id}/comments"),
        (ADMIN, "policy"),
    ):
        answer = await house.get(path, who)
        assert answer.status_code == 200, (path, answer.text)
    record = (await house.get(f"threads/{THREAD}/record")).json()["events"]
    assert [one["data"].get("unknown") for one in record if one["type"] == "comment.posted"] == [True]


async def test_words_come_out_of_redacted_texts_also_as_the_other_system_had_them(house: House) -> None:
    posted = CommentPosted(comment="wp-1", body="Bad *words*.", original="Bad <big>words</big>.", origin="1")
    await bring(house, posted, by=BY)
    trail = (await house.get(f"{at('wp-1')}/trail", MOD)).json()["events"]
    assert (trail[0]["data"]["original"], trail[0]["data"]["origin"]) == ("Bad <big>words</big>.", "1")
    await bring(house, CommentRejected(comment="wp-1", revision=1))
    await bring(house, RevisionRedacted(comment="wp-1", revision=1))
    for path in (f"{at('wp-1')}/trail", f"threads/{THREAD}/record", "audit"):
        answer = await house.get(path, AUDITOR)
        assert answer.status_code == 200
        assert "words" not in answer.text, path
    assert ADA.id not in (await house.get(f"threads/{THREAD}/record")).text
