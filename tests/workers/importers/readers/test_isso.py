"""Databases of Isso, and files that are none."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.exports import Planned, planned, planned_files
from workers.importers.planning.article_map import MapError
from workers.importers.source_records import UnfitFile

ORIGIN = ("https://gazette.example",)
SCHEMA = """
CREATE TABLE threads (id INTEGER PRIMARY KEY, uri VARCHAR(256) UNIQUE, title VARCHAR(256));
CREATE TABLE comments (tid REFERENCES threads(id), id INTEGER PRIMARY KEY, parent INTEGER, created FLOAT NOT NULL,
  modified FLOAT, mode INTEGER, remote_addr VARCHAR, text VARCHAR, author VARCHAR, email VARCHAR, website VARCHAR,
  likes INTEGER DEFAULT 0, dislikes INTEGER DEFAULT 0, voters BLOB NOT NULL);
INSERT INTO threads VALUES (1, '/a/', 'A');
"""


def database(folder: Path, *rows: dict[str, Any], schema: str = SCHEMA) -> Path:
    path = folder / "comments.db"
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as db:
        db.executescript(schema)
        for number, row in enumerate(rows, 1):
            given = {"tid": 1, "id": number, "created": 1_500_000_000.5, "mode": 1, "remote_addr": "203.0.113.9"}
            given |= {
                "text": "Hello *you*.",
                "author": "Ada",
                "email": "ada@mail.example",
                "voters": b"\xff" * 256,
            } | row
            marks = ", ".join("?" * len(given))
            db.execute(f"INSERT INTO comments ({', '.join(given)}) VALUES ({marks})", [*given.values()])  # noqa: S608 - of a test
        db.commit()
    return path


def plan(folder: Path, *rows: dict[str, Any], **options: Any) -> Planned:
    return planned_files(folder, "isso", [database(folder, *rows)], origins=ORIGIN, **options)


def test_comments_come_with_times_and_tallies(tmp_path: Path) -> None:
    edit = {"parent": 1, "modified": 1_500_000_100.0, "text": "After.", "created": 1_500_000_050.25}
    found = plan(tmp_path, {"likes": 3, "dislikes": 1}, edit)
    assert found.brief() == [
        ("open",),
        *((do, f"isso-{at}") for do, at in (("post", 1), ("tally", 1), ("post", 2), ("edit", 2))),
    ]
    post, reply = found.of("post")
    assert (post["body"], post["at"], post["by"]["kind"]) == ("Hello *you*.", "2017-07-14T02:40:00.500Z", "guest")
    assert reply["parent"] == "isso-1"
    assert "body" not in reply
    assert found.facts[0]["url"] == "https://gazette.example/a/"
    assert "203.0.113" not in found.text
    assert "mail.example" not in found.text


def test_html_in_markdown_is_converted(tmp_path: Path) -> None:
    found = plan(tmp_path, {"text": "<p>Html <script>x</script><b>in</b> *it*</p>"})
    assert found.of("post")[0]["body"] == "Html **in** \\*it\\*"


def test_states_are_a_white_list(tmp_path: Path) -> None:
    found = plan(tmp_path, *({"mode": mode, "text": f"Secret {mode}."} for mode in (2, 4, 3, 0, None, "x")), {})
    assert found.report.left_out["comments"] == {"waited-too-long": 1, "deleted": 1, "unknown-state": 4}
    assert "Secret" not in found.text


def test_a_deleted_comment_without_text_is_a_tombstone_under_replies(tmp_path: Path) -> None:
    found = plan(tmp_path, {"mode": 4, "text": None, "author": None}, {"parent": 1})
    assert found.brief()[1:] == [("post", "isso-1"), ("decide", "isso-1"), ("redact", "isso-1"), ("post", "isso-2")]


def test_the_host_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(MapError, match="--origin"):
        planned_files(tmp_path, "isso", [database(tmp_path, {})])


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ("CREATE TABLE other (id)", "no table threads"),
        ("CREATE TABLE threads (id, uri, title); CREATE TABLE comments (id)", "no table comments"),
        ("CREATE VIEW threads AS SELECT 1 AS id, 2 AS uri, 3 AS title", "no table threads"),
        ("CREATE VIRTUAL TABLE threads USING fts5(id, uri, title)", "no table threads"),
    ],
)
def test_a_database_of_another_program_is_refused(schema: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(UnfitFile, match=why):
        planned_files(tmp_path, "isso", [database(tmp_path, schema=schema)], origins=ORIGIN)


def test_a_damaged_database_is_refused_and_none_is_written(tmp_path: Path) -> None:
    path = database(tmp_path, *({} for _ in range(200)))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    path.chmod(0o400)
    with pytest.raises(UnfitFile, match="damaged"):
        planned_files(tmp_path, "isso", [path], origins=ORIGIN)
    assert path.read_bytes() == content[: len(content) // 2]


def test_comments_that_lie_beside_the_database_are_not_missed(tmp_path: Path) -> None:
    path = database(tmp_path, {})
    (tmp_path / "comments.db-wal").write_bytes(b"newer comments")
    with pytest.raises(UnfitFile, match=r"comments\.db-wal"):
        planned_files(tmp_path, "isso", [path], origins=ORIGIN)


def test_the_generic_format_is_read(tmp_path: Path) -> None:
    comments = [
        {"created": "2005-02-24 04:03:37", "author": "Ada", "id": 0, "text": "Hi.", "remote_addr": "203.0.113.9"}
    ]
    content = json.dumps([{"id": "/a/", "title": "Nat+%26+Miguel", "comments": comments * 2}, {"id": 7}])
    found = planned(tmp_path, "isso", content, origins=ORIGIN)
    assert [fact["title"] for fact in found.of("open")] == ["Nat & Miguel"]
    assert len({post["comment"] for post in found.of("post")}) == 2
    assert found.report.left_out == {"threads": {"unreadable": 1}}
    with pytest.raises(UnfitFile, match="character"):
        planned(tmp_path, "isso", content[:-5], into="cut", origins=ORIGIN)
