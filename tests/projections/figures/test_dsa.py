"""The tables of a transparency report have the form of the templates, and add up to what was decided."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.policy import REASONS
from projections.figures.dsa import DsaCount
from projections.figures.dsa_categories import CATEGORIES, OF_REASONS, OTHER, OTHER_TERMS, Sort, parse, sort_of
from projections.figures.dsa_columns import DsaReport
from projections.figures.dsa_report import notes, sections
from projections.figures.moderation_report import csv_of
from projections.views.listings.figures import Figure

ANNEX = json.loads(Path(__file__).with_name("annex_1.json").read_text())
"""Columns of the templates, and what each row is about; without the rows per Member State and language."""
ABOUT = {
    "1_report_identification.csv": (0, 2),
    "2_categories_names.csv": (0, 1, 2),
    "3_member_states_orders.csv": (0, 3, 5),
    **dict.fromkeys(("4_notices.csv", "5_own_initiative_illegal.csv", "6_own_initiative_TC.csv"), (0, 3)),
    **dict.fromkeys(("7_appeals_and_recidivism.csv", "8_automated_means.csv"), (0, 3, 4, 5)),
    "9_human_resources.csv": (0, 3, 4, 5),
    "10_AMAR.csv": (0, 3, 4, 5),
    "11_qualitative.csv": (0, 3),
}
HOUR = 3_600_000
NOW = 1_790_000_000_000


def plain(cell: Any) -> str:
    """A cell without what the templates do not always write alike: apostrophes and spaces."""
    return " ".join(str(cell).replace("\u2019", "'").split())


def decided(verdict: str = "reject", comment: str = "c", **codes: Any) -> Figure:
    kind = {"reject": "comment.rejected", "hold": "comment.held", "approve": "comment.approved"}[verdict]
    flags = codes.pop("flags", "" if verdict == "approve" else "r")
    given = {"by": "mod", "basis": "own", "revision": 1, "verdict": verdict, **codes}
    return Figure(NOW, "t", comment, kind, flags=flags, **given)


def report(*figures: Figure, **more: Any) -> DsaReport:
    count = DsaCount(**more)
    count.add(figures)
    return DsaReport(service="Kew", first="2026-01-01", last="2026-12-31", rules=("words (reject)",), count=count)


def table(found: DsaReport, file: str) -> list[dict[str, Any]]:
    (one,) = [section.table for section in sections(found) if section.table.file == file]
    return [dict(zip(map(plain, one.columns), row, strict=True)) for row in one.rows]


def value(found: DsaReport, file: str, indicator: str, scope: str = "Total number") -> Any:
    (row,) = [row for row in table(found, file) if row["Indicator"].startswith(indicator) and row["Scope"] == scope]
    return row["Value"]


def of_category(found: DsaReport, file: str, category: str, column: str, description: str | None = None) -> Any:
    rows = [row for row in table(found, file) if list(row.values())[3] == category]
    if description is not None:
        rows = [row for row in rows if list(row.values())[4] == description]
    return rows[0][column]


def test_every_section_has_the_columns_and_the_rows_of_the_template() -> None:
    made = list(sections(report()))
    assert [one.table.file for one in made] == list(ANNEX)
    for one in made:
        wanted = ANNEX[one.table.file]
        assert [plain(name) for name in one.table.columns] == wanted["columns"]
        assert [[plain(row[at]) for at in ABOUT[one.table.file]] for row in one.table.rows] == wanted["rows"]
        assert "Article" in one.articles
        assert {len(row) for row in one.table.rows} == {len(one.table.columns)}


def test_line_one_of_a_file_is_one_field_before_the_columns() -> None:
    first, second, *_ = csv_of(next(iter(sections(report()))).table, "Article 15, and so on").split("\r\n")
    assert first == '"Article 15, and so on"'
    assert second == "Applicability,Service,Indicator,Value"


def test_a_notice_is_received_acted_on_and_timed_under_the_category_of_its_decision() -> None:
    found = report(
        Figure(NOW, "t", "c", "notice.filed", notice="n1", flags="f"),
        Figure(NOW, "t", "d", "notice.filed", notice="n2"),
        Figure(NOW, "t", "e", "notice.filed", notice="n3", flags="w"),
        decided(code="hatred", ground="law", basis="notice", notice="n1", noticed=NOW - 3 * HOUR, flags="rf"),
        decided("approve", "d", code="off-topic", ground="terms", notice="n2", noticed=NOW - HOUR),
        decided(comment="g", code="spam", ground="terms", basis="notice", notice="n0", noticed=NOW - HOUR),
    )
    file = "4_notices.csv"
    speech, flaggers = "STATEMENT_CATEGORY_ILLEGAL_OR_HARMFUL_SPEECH", "(Trusted Flagger notices)"
    assert of_category(found, file, "TOTAL", "Number of notices received") == 2, "that of staff is none"
    assert of_category(found, file, "TOTAL", "Number of notices received from Trusted flaggers") == 1
    assert of_category(found, file, "KEYWORD_HATE_SPEECH", "Number of notices received") == 1
    assert of_category(found, file, speech, "Number of actions taken on the basis of the law") == 1
    assert of_category(found, file, speech, f"Median time to take action {flaggers}") == 3.0
    assert of_category(found, file, "TOTAL", "Median time to take action") == 2.0
    terms = "Number of actions taken on the basis of the terms and conditions of the service"
    assert of_category(found, file, "TOTAL", terms) == 1, "an approval is no action"
    assert [value(found, "8_automated_means.csv", "Number of notices not", scope) for scope in
            ("NAM Total", "NAM Trusted Flagger")] == [3, 1]  # fmt: skip
    assert of_category(found, "6_own_initiative_TC.csv", "TOTAL", "Visibility restriction Removal") == 0


def test_own_measures_are_sorted_by_ground_category_restriction_and_by_who_found_them() -> None:
    found = report(
        decided(comment="a", code="hatred", ground="law"),
        decided(comment="b", code="insult", ground="terms", basis="rule"),
        decided(comment="c", by=None, rule="words", basis="rule"),
        decided("hold", "d"),
        decided("hold", "e", flags=""),
        Figure(NOW, "", "", "member.suspended", by="mod", code="hatred", ground="law", flags="p"),
        Figure(NOW, "", "", "member.suspended", by="mod"),
    )
    own = "Number of measures taken at the provider's own initiative"
    law, terms = "5_own_initiative_illegal.csv", "6_own_initiative_TC.csv"
    assert (of_category(found, law, "TOTAL", own), of_category(found, terms, "TOTAL", own)) == (2, 4)
    assert of_category(found, law, "KEYWORD_HATE_SPEECH", "Provision of the service Termination") == 1
    assert of_category(found, terms, "TOTAL", "Provision of the service Suspension") == 1
    assert of_category(found, terms, "TOTAL", "Visibility restriction Removal") == 2
    assert of_category(found, terms, "TOTAL", "Visibility restriction Disable") == 1
    assert of_category(found, terms, "TOTAL", "Visibility restriction Demoted") is None, "that never happens"
    assert (
        of_category(found, terms, "TOTAL", "Number of measures taken after detection with solely automated means") == 2
    )
    assert of_category(found, terms, OTHER, own, "rule words") == 1
    assert of_category(found, terms, OTHER, own, "insult") == 1
    assert value(found, "8_automated_means.csv", "Number of measures solely") == 1
    assert value(found, "8_automated_means.csv", "Number of measures not", "Own-initiative") == 5


def test_a_text_counts_once_with_its_last_measure() -> None:
    found = report(
        decided("hold", "a"), decided(comment="a", code="hatred", ground="law"), decided(comment="a", revision=2)
    )
    assert Counter(one.kind for one in found.count.measures) == {"removal": 2}


def test_what_rules_got_wrong_as_far_as_it_is_known() -> None:
    alone: dict[str, Any] = {"by": None, "rule": "words", "basis": "rule"}
    found = report(
        *(decided(comment=name, **alone) for name in "abcd"),
        decided("approve", "a", flags="oa", basis="rule"),
        decided("approve", "b", flags="o", basis="own"),
        decided(comment="e"),
    )
    accuracy = "Accuracy of the automated means - "
    assert value(found, "8_automated_means.csv", f"{accuracy}Precision") == 0.75
    assert value(found, "8_automated_means.csv", f"{accuracy}Recall") == 0.75
    assert value(found, "8_automated_means.csv", f"{accuracy}Accuracy") is None
    assert value(report(), "8_automated_means.csv", f"{accuracy}Precision") is None


def test_complaints_are_those_about_texts_and_those_about_members() -> None:
    found = report(
        *(Figure(NOW, "t", name, "appeal.filed") for name in "abc"),
        Figure(NOW, "t", "a", "appeal.decided", verdict="reverse", since=NOW - 2 * HOUR),
        Figure(NOW, "t", "b", "appeal.decided", verdict="uphold", since=NOW - 4 * HOUR),
        Figure(NOW, "", "", "appeal.filed"),
        Figure(NOW, "", "", "appeal.decided", verdict="uphold", since=NOW - 6 * HOUR),
    )
    file, about = "7_appeals_and_recidivism.csv", "Complaint regarding a decision to "
    scopes = ("Total number", "Decisions upheld", "Decisions partially reversed", "Decisions reversed", "Median time")
    assert [value(found, file, "Number of complaints", one) for one in scopes] == [4, 2, None, 1, 4.0]
    assert [value(found, file, f"{about}remove", one) for one in scopes] == [3, 1, None, 1, 3.0]
    assert [value(found, file, f"{about}suspend or terminate the provision", one) for one in scopes] == [
        1,
        1,
        None,
        0,
        6.0,
    ]
    assert [value(found, file, f"{about}restrict", one) for one in scopes] == [None] * 5
    assert [value(found, file, "Number of disputes", one) for one in scopes] == [None] * 5


codes = st.sampled_from([None, *(one.code for one in REASONS), "own"])
figures = st.builds(
    decided,
    verdict=st.sampled_from(("approve", "hold", "reject")),
    comment=st.sampled_from("abcdefgh"),
    by=st.sampled_from((None, "mod", "mia")),
    rule=st.sampled_from((None, "words")),
    code=codes,
    ground=st.sampled_from((None, "law", "terms")),
    basis=st.sampled_from(("own", "rule", "report")),
    revision=st.integers(1, 2),
)


@given(st.lists(figures, max_size=40))
def test_categories_add_up_whatever_was_decided(some: list[Figure]) -> None:
    found = report(*some)
    for file, by_law in (("5_own_initiative_illegal.csv", True), ("6_own_initiative_TC.csv", False)):
        total, *rows = [list(row.values())[3:21] for row in table(found, file)]
        of_categories = [row for row in rows if row[0].startswith("STATEMENT")]
        keywords = [row for row in rows if not row[0].startswith("STATEMENT")]
        for at in range(2, 18):
            for part in (of_categories, keywords):
                numbers = [row[at] for row in part]
                assert total[at] == (None if None in numbers else sum(numbers))
        assert len({tuple(row[:2]) for row in keywords if row[0] == OTHER and row[1]}) == sum(
            bool(row[1]) for row in keywords if row[0] == OTHER
        ), "no description stands twice"
        assert total[2] == len({(one.comment, one.revision) for one in some if "r" in one.flags} & {
            key[1:] for key, measure in found.count.texts.items() if measure.by_law == by_law
        })  # fmt: skip


def test_nothing_is_left_out_silently_and_imports_are_left_out_aloud() -> None:
    found = report(decided(flags="i"), Figure(NOW, "", "", "member.suspended", flags="i"))
    assert (found.count.left_out, found.count.measures) == (2, [])
    told = notes(found, sections(found))
    assert "2 imported events were left out" in told
    assert "counsel" in told
    for file in ANNEX:
        assert f"| `{file}` | Article" in told


@pytest.mark.parametrize(
    ("text", "sort"),
    [
        ("CYBER_VIOLENCE/CYBER_HARASSMENT", Sort("STATEMENT_CATEGORY_CYBER_VIOLENCE", "KEYWORD_CYBER_HARASSMENT")),
        ("STATEMENT_CATEGORY_VIOLENCE", Sort("STATEMENT_CATEGORY_VIOLENCE", OTHER, "rude")),
        ("VIOLENCE/KEYWORD_OTHER", Sort("STATEMENT_CATEGORY_VIOLENCE", OTHER, "rude")),
    ],
)
def test_a_publication_sorts_its_own_reasons(text: str, sort: Sort) -> None:
    assert parse(text, "rude") == sort
    assert sort_of("rude", "terms", None, {"rude": sort}) == sort


@pytest.mark.parametrize("text", ["", "RUDENESS", "VIOLENCE/RUDENESS", "NOT_SPECIFIED_NOTICE"])
def test_a_category_that_there_is_not_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"there is no category|has no sub-category"):
        parse(text, "rude")


def test_every_reason_that_a_site_begins_with_has_a_category_of_its_ground() -> None:
    assert set(OF_REASONS) == {one.code for one in REASONS}
    known = {one.code: dict(one.keywords) for one in CATEGORIES}
    for reason in REASONS:
        sort = OF_REASONS[reason.code]
        assert sort.keyword in known[sort.category]
        assert reason.ground == "terms" or sort.category != OTHER_TERMS
    assert sort_of("spam", "law", None, {}).category != OTHER_TERMS, "no illegal content is of that category"
