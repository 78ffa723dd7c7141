"""Plans from end to end: what is written, what is not, and that the same again is the same."""

import csv
import stat
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.exports import (
    Planned,
    disqus,
    dsq_post,
    dsq_thread,
    planned,
    wp_comment,
    wp_item,
    wxr,
)
from workers.importers.planning.article_map import MapError
from workers.importers.planning.folder import FolderError
from workers.importers.planning.planner import PlanError
from workers.importers.source_records import UnfitFile

B = "https://gazette.example/b"


def rows(found: Planned, name: str = "articles.csv") -> list[dict[str, str]]:
    with (found.folder / name).open(newline="") as file:
        return [*csv.DictReader(file)]


def edited(found: Planned, **cells: tuple[int, str]) -> None:
    """Edit cells of `articles.csv`, each by its column and row."""
    table = rows(found)
    for column, (row, value) in cells.items():
        table[row][column] = value
    with (found.folder / "articles.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, table[0])
        writer.writeheader()
        writer.writerows(table)


def two(**second: Any) -> str:
    """An export of two articles, with three comments."""
    return wxr(
        wp_item(wp_comment(7), wp_comment(8, date_gmt="2021-01-01 00:00:00")),
        wp_item(wp_comment(9), number=2, **({"link": B, "post_name": "b", "title": "Another"} | second)),
    )


def test_a_plan_has_its_files_and_only_its_owner_reads_them(tmp_path: Path) -> None:
    found = planned(tmp_path, "wxr", two())
    assert sorted(path.name for path in found.folder.iterdir()) == [
        *("articles.csv", "digests.csv", "facts.jsonl", "left-out.csv", "redirects.csv", "report.json", "report.txt"),
    ]
    assert stat.S_IMODE(found.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in found.folder.iterdir()} == {0o600}


def test_the_newest_article_comes_first(tmp_path: Path) -> None:
    found = planned(tmp_path, "wxr", two())
    assert [fact["thread"] for fact in found.of("open")] == ["a", "b"]
    late = two().replace(wp_comment(9), wp_comment(9, date_gmt="2022-01-01 00:00:00"))
    later = planned(tmp_path, "wxr", late, into="later")
    assert [fact["thread"] for fact in later.of("open")] == ["b", "a"]


def test_the_header_says_what_it_was_made_of(tmp_path: Path) -> None:
    header = planned(tmp_path, "wxr", two()).header
    assert (header["hansard"], header["site"], header["system"], header["source"]) == (
        "facts/1",
        "gazette",
        "wordpress",
        "wp",
    )
    assert header["counts"] == {"facts": 5, "threads": 2, "comments": 3, "ballots": 0}
    assert [file["name"] for file in header["files"]] == ["export-0"]
    other = planned(tmp_path / "other", "wxr", wxr(wp_item(wp_comment(7)))).header
    assert other["id"] != header["id"]


def test_the_same_again_is_the_same(tmp_path: Path) -> None:
    dice = Random(7)
    comments = [wp_comment(at, f"Text <b>{at}</b>.", parent=str(dice.randrange(at + 3))) for at in range(40)]
    first = planned(tmp_path, "wxr", wxr(wp_item(*comments)))
    dice.shuffle(comments)
    second = planned(tmp_path, "wxr", wxr(wp_item(*comments)), into="again")
    assert first.facts == second.facts
    before = {path.name: path.read_bytes() for path in second.folder.iterdir()}
    same = planned(tmp_path, "wxr", wxr(wp_item(*comments)), into="again")
    for name in ("facts.jsonl", "report.json", "report.txt", "articles.csv", "left-out.csv", "digests.csv"):
        assert (same.folder / name).read_bytes() == before[name]


def test_several_processes_write_the_same_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.importers.planning.planner.ALONE", 0)
    monkeypatch.setattr("workers.importers.planning.planner.JOB", 1)
    found = planned(tmp_path, "wxr", two(), processes=2)
    monkeypatch.undo()
    assert found.facts == planned(tmp_path, "wxr", two(), into="alone").facts


def test_an_unfit_file_leaves_nothing_and_keeps_an_earlier_plan(tmp_path: Path) -> None:
    with pytest.raises(UnfitFile):
        planned(tmp_path, "wxr", two(), two()[:-20])
    assert not (tmp_path / "plan").exists()
    before = planned(tmp_path, "wxr", two()).facts
    with pytest.raises(UnfitFile):
        planned(tmp_path, "wxr", two()[:-20])
    assert Planned(None, tmp_path / "plan").facts == before  # type: ignore[arg-type] # its report is not asked for


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plan").mkdir()
    (tmp_path / "plan" / "thesis.tex").touch()
    with pytest.raises(FolderError, match=r"thesis\.tex"):
        planned(tmp_path, "wxr", two())


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "open.key").write_text("k" * 40)
    (tmp_path / "open.key").chmod(0o644)
    with pytest.raises(FolderError, match="readable by other users"):
        planned(tmp_path, "wxr", two(), guest_key=tmp_path / "open.key")


def test_a_key_is_made_once_beside_the_plan(tmp_path: Path) -> None:
    first, second = (planned(tmp_path, "wxr", two(), guest_key=None).facts for _ in range(2))
    assert first == second
    assert stat.S_IMODE((tmp_path / "plan" / "guest.key").stat().st_mode) == 0o600
    assert planned(tmp_path, "wxr", two(), guest_key=None, into="other").facts != first


def test_articles_csv_can_be_edited_and_is_followed(tmp_path: Path) -> None:
    found = planned(tmp_path, "wxr", two())
    assert [row["state"] for row in rows(found)] == ["comes", "comes"]
    edited(found, thread=(1, "a"))
    joined = planned(tmp_path, "wxr", two())
    assert {fact["thread"] for fact in joined.facts} == {"a"}
    assert rows(joined, "redirects.csv") == [{"from": B, "to": "https://gazette.example/a/"}]
    assert planned(tmp_path, "wxr", two()).facts == joined.facts
    edited(joined, thread=(1, ""), take=(1, "no"))
    assert [fact["thread"] for fact in planned(tmp_path, "wxr", two()).of("open")] == ["a"]


def test_take_brings_what_is_too_old_or_elsewhere_but_nothing_that_was_not_public(tmp_path: Path) -> None:
    content = wxr(
        wp_item(wp_comment(7)),
        wp_item(wp_comment(8), number=2, link="https://other.example/b", post_name="b"),
        wp_item(wp_comment(9, "A secret."), number=3, link="https://gazette.example/c", status="draft"),
    )
    options: dict[str, Any] = {"origins": ("https://gazette.example",)}
    found = planned(tmp_path, "wxr", content, **options)
    table = {row["article"]: at for at, row in enumerate(rows(found))}
    for article in ("2", "3"):
        edited(found, take=(table[article], "yes"))
    again = planned(tmp_path, "wxr", content, **options)
    assert {fact["origin"] for fact in again.of("post")} == {"7", "8"}
    assert "secret" not in again.text


@pytest.mark.parametrize("cells", [{"take": (0, "perhaps")}, {"thread": (0, "../x")}])
def test_an_edit_that_cannot_be_followed_is_refused(cells: dict[str, tuple[int, str]], tmp_path: Path) -> None:
    edited(planned(tmp_path, "wxr", two()), **cells)
    with pytest.raises(MapError, match=r"articles\.csv"):
        planned(tmp_path, "wxr", two())


def test_two_articles_never_share_a_thread_by_chance(tmp_path: Path) -> None:
    found = planned(tmp_path, "wxr", two(post_name="a"))
    assert [fact["thread"] for fact in found.of("open")] == ["p1", "p2"]
    by_template = planned(tmp_path, "wxr", two(post_name="a"), into="template", thread="{slug}")
    assert sorted(fact["thread"] for fact in by_template.of("open")) in (["a", "p1"], ["a", "p2"])
    assert planned(tmp_path, "wxr", two(), into="ids", thread="n{post_id}").of("open")[0]["thread"] == "n1"


@pytest.mark.parametrize(
    ("options", "threads"),
    [
        ({"since": 1_600_000_000_000}, {"a"}),
        ({"since": 1_700_000_000_000}, set()),
        ({"articles": B}, {"b"}),
        ({"articles": "b\n# nothing else\n"}, {"b"}),
        ({"articles": "1\n2"}, {"a", "b"}),
        ({"articles": "http://www.gazette.example/a?utm_source=x"}, {"a"}),
    ],
)
def test_parts_can_be_chosen(options: dict[str, Any], threads: set[str], tmp_path: Path) -> None:
    if "articles" in options:
        (tmp_path / "list").write_text(str(options["articles"]))
        options = {"articles": tmp_path / "list"}
    found = planned(tmp_path, "wxr", two(), **options)
    assert {fact["thread"] for fact in found.facts} == threads
    balance = found.report.comments
    assert balance.found == 3 == balance.brought + balance.left_out


def test_a_delta_has_only_what_changed(tmp_path: Path) -> None:
    first = planned(tmp_path, "wxr", two())
    changed = two().replace("</item></channel>", f"{wp_comment(10, 'New.')}</item></channel>")
    delta = planned(tmp_path, "wxr", changed, into="delta", delta=first.folder)
    assert {fact["thread"] for fact in delta.facts} == {"b"}
    balance = delta.report.comments
    assert (balance.found, balance.brought, balance.known, balance.left_out) == (4, 2, 2, 0)
    assert "2  settled by the earlier plan" in delta.text
    nothing = planned(tmp_path, "wxr", changed, into="nothing", delta=delta.folder)
    assert nothing.facts == []


def test_a_delta_names_threads_as_before(tmp_path: Path) -> None:
    first = planned(tmp_path, "wxr", wxr(wp_item(wp_comment(7))))
    more = two(post_name="a").replace("Hello.", "Hello!")
    delta = planned(tmp_path, "wxr", more, into="delta", delta=first.folder)
    assert sorted(fact["thread"] for fact in delta.of("open")) == ["a", "p2"]


def test_a_delta_to_a_plan_with_other_settings_is_refused(tmp_path: Path) -> None:
    first = planned(tmp_path, "wxr", two())
    with pytest.raises(PlanError, match="member"):
        planned(tmp_path, "wxr", two(), into="delta", delta=first.folder, member="{id}")
    with pytest.raises(PlanError, match="no earlier plan"):
        planned(tmp_path, "wxr", two(), into="delta", delta=tmp_path / "nowhere")


def test_votes_can_become_tallies(tmp_path: Path) -> None:
    meta = {"wpdiscuz_votes_seperate": 'a:2:{s:4:"like";i:3;s:7:"dislike";i:1;}'}
    rows_ = [
        f'{{"kind": "vote", "comment": 7, "user": "{user}", "value": {value}, "date": 1577934245}}'
        for user, value in ((20, 1), (21, -1), (20, 1))
    ]
    content = wxr(wp_item(wp_comment(7, meta=meta)))
    found = planned(tmp_path, "wxr", content, "\n".join(rows_))
    assert [(vote["by"]["id"], vote["value"]) for vote in found.of("vote")] == [("wp:20", 1), ("wp:21", -1)]
    assert {name: found.of("tally")[0].get(name) for name in ("up", "down")} == {"up": 2, "down": 0}
    # wpDiscuz counts in local time, here an hour ahead.
    assert found.of("vote")[0]["at"] == "2020-01-02T03:04:05.000Z"
    tallies = planned(tmp_path, "wxr", content, "\n".join(rows_), into="tally", votes="tally")
    assert tallies.of("vote") == []
    assert {name: tallies.of("tally")[0].get(name) for name in ("up", "down")} == {"up": 3, "down": 1}


SECRETS = ("planted@mail.example", "203.0.113.201", "2001:db8::1", "agent/7.0", "sesame-open", "md5-of-an-address")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(dice=st.randoms(use_true_random=False))
def test_no_address_of_anybody_is_in_anything_that_is_written(
    dice: Random, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    email, ip, ip6, agent, password, digest = SECRETS
    hidden = {
        "author_email": email,
        "author_IP": dice.choice([ip, ip6]),
        "agent": agent,
        "author_url": f"https://x/{email}",
    }
    meta = {"akismet_history": ip, "wpdiscuz_last_edited_by": email, "wpdiscuz_last_edited_at": "2020-03-01 00:00:00"}
    comments = [
        wp_comment(
            at,
            approved=dice.choice(["1", "0", "spam", "trash", "x"]),
            author=dice.choice(["Ada", email, f"Ada <{email}>", ip, ""]),
            user_id=dice.choice(["0", "5"]),
            type=dice.choice(["", "private", "pingback"]),
            parent=str(dice.randrange(8)),
            meta=meta,
            **hidden,
        )
        for at in range(7)
    ]
    authors = f"<wp:author><wp:author_id>5</wp:author_id><wp:author_login>{email}</wp:author_login></wp:author>"
    found = planned(
        tmp_path, "wxr", wxr(wp_item(*comments, post_password=dice.choice(["", password])), channel=authors)
    )
    who = {"email": email, "name": dice.choice([email, "Bo"]), "username": dice.choice(["", email, "bo"])}
    posts = [dsq_post(10 + at, author=who, ipAddress=ip, isDeleted=dice.choice(["true", "false"])) for at in range(4)]
    other = planned(tmp_path, "disqus", disqus(dsq_thread(ipAddress=ip6), *posts), into="disqus")
    for text in (found.text, other.text, caplog.text):
        assert [secret for secret in (*SECRETS, digest) if secret in text] == []
