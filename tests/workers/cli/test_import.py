"""`hansard import plan` as people type it."""

import json
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest

from tests.support.exports import wp_comment, wp_item, wxr
from tests.support.program import here


@pytest.fixture
def export(tmp_path: Path) -> Path:
    path = tmp_path / "blog.xml"
    path.write_text(wxr(wp_item(wp_comment(7, user_id="20"), wp_comment(8, type="pingback"), wp_comment(9))))
    return path


def plan(export: Path, *arguments: str) -> tuple[int, str, str]:
    return here(
        "import", "plan", "wxr", str(export), "--site", "gazette", "--into", str(export.parent / "plan"), *arguments
    )


def test_a_plan_says_in_words_what_would_come_and_writes_a_folder(export: Path) -> None:
    status, out, err = plan(export)
    assert status == 0
    assert [json.loads(line)["event"] for line in err.splitlines()] == ["work_progressed"]
    for words in (
        "3  in the export",
        "2  will come",
        "1    pingbacks and trackbacks",
        "wp:20  (Ada; id 20; 1 comment)",
    ):
        assert words in out
    assert "Each id must equal the claim sub" in out
    assert out.endswith(f"To bring it: hansard import apply {export.parent / 'plan'}\n")
    assert (export.parent / "plan" / "facts.jsonl").exists()


def test_the_report_is_a_document_for_programs(export: Path) -> None:
    status, out, _ = plan(export, "--json")
    assert status == 0
    document = json.loads(out)
    assert document["comments"] == {"found": 3, "brought": 2, "known": 0, "left_out": 1}
    assert document == json.loads((export.parent / "plan" / "report.json").read_text())


def test_an_unfit_file_is_one_line(export: Path) -> None:
    export.write_text(export.read_text()[:-10])
    status, out, err = plan(export)
    assert (status, out) == (1, "")
    assert err.startswith("hansard: blog.xml is unfit, line 2: ")
    assert err.count("\n") == 1
    assert not (export.parent / "plan").exists()


def test_several_hosts_are_asked_about(export: Path) -> None:
    other = wp_item(wp_comment(30), number=2, link="https://other.example/")
    export.write_text(export.read_text().replace("</channel>", f"{other}</channel>"))
    status, _, err = plan(export)
    assert status == 1
    assert "gazette.example (3), other.example (1)" in err
    assert plan(export, "--origin", "https://gazette.example")[0] == 0


def test_the_group_lists_its_subcommands() -> None:
    done = here("import")
    assert done.status == 0
    assert "plan" in done.out


def test_where_the_extra_is_missing_it_says_how_to_get_it(export: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.cli.importing.plan.find_spec", lambda name: None if name == "lxml" else object())
    status, _, err = plan(export)
    assert status == 1
    assert "pip install 'hansard[import]'" in err
    assert "lxml" in err


def token(claims: dict[str, object]) -> str:
    return ".".join(urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({}, claims, {}))


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"sub": "wp:20"}, "wp:20 will own 1 comment (of Ada)"),
        ({"user": {"id": "wp:20"}}, "wp:20 will own 1 comment (of Ada)"),
        ({"sub": "u-20"}, "u-20, whom the token names, owns none of them: see --member"),
    ],
)
def test_a_real_token_says_what_its_bearer_will_own(claims: dict[str, object], said: str, export: Path) -> None:
    (export.parent / "token").write_text(token(claims))
    status, out, _ = plan(export, "--token", str(export.parent / "token"))
    assert status == 0
    assert said in out
    assert ("Each id must equal" in out) == ("none" in said)


@pytest.mark.parametrize("content", ["", "x.y.z", token({}), token({"sub": 7}), token({"sub": "a b"})])
def test_a_token_that_names_nobody_is_refused_without_its_words(content: str, export: Path) -> None:
    (export.parent / "token").write_text(content)
    status, _, err = plan(export, "--token", str(export.parent / "token"))
    assert status == 1
    assert "token" in err
    assert not content or content not in err


def test_the_queries_for_wordpress_are_printed() -> None:
    done = here("import", "plan", "wxr", "--print-sql")
    assert done.status == 0
    assert "FROM wp_wc_users_voted WHERE is_guest = 0;" in done.out
    assert "IP" not in done.out
    assert here("import", "plan", "isso", "--print-sql").status == 2
