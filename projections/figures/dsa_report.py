"""Tables of a transparency report: one per section of the templates in Annex I of Regulation (EU) 2024/2835.

Names of files, columns and rows are those of the templates. A number that Hansard counts is there, 0 included; what
Hansard cannot know, and what it never does, is blank. `notes` says how each number is counted.
"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from projections.figures.dsa import Kind
from projections.figures.dsa_by_category import categories, notices, orders, own_initiative
from projections.figures.dsa_categories import TOTAL
from projections.figures.dsa_columns import ALL, PERIOD_COLUMNS, VERY_LARGE, VERY_LARGE_BOTH, Cell, DsaReport
from projections.figures.dsa_indicators import PRECISION_TOLD, RECALL_TOLD, automated, complaints
from projections.figures.moderation_report import Table


class ReportSection(NamedTuple):
    """A section of the template: its table, and the articles that it serves."""

    articles: str
    table: Table


def sections(report: DsaReport) -> Iterator[ReportSection]:
    """The sections in the order of the templates."""
    yield ReportSection("Article 15(1)", _identification(report))
    yield ReportSection("Articles 15(1)(a) to (c)", categories(report.count))
    yield ReportSection("Article 15(1)(a), on Articles 9 and 10", orders(report))
    yield ReportSection("Article 15(1)(b), on Articles 16 and 22", notices(report))
    yield ReportSection("Article 15(1)(c)", own_initiative(report, by_law=True))
    yield ReportSection("Article 15(1)(c)", own_initiative(report, by_law=False))
    yield ReportSection("Articles 15(1)(d) and 24(1), on Articles 20, 21 and 23", complaints(report))
    yield ReportSection("Article 15(1)(b), (c) and (e)", automated(report))
    yield ReportSection("Article 42(2)", _staff(report))
    yield ReportSection("Article 42(3)", _recipients(report))
    yield ReportSection("Articles 15(1)(c), 15(1)(e) and 42(2)", _qualitative(report))


def _identification(report: DsaReport) -> Table:
    rows = [
        ("Name of the service provider", ""),
        ("Date of the publication of the report", ""),
        ("Date of the publication of the latest previous report", ""),
        ("Starting date of reporting period", report.first),
        ("Ending date of reporting period", report.last),
    ]
    columns = "Applicability", "Service", "Indicator", "Value"
    return Table("1_report_identification.csv", columns, [(ALL, report.service, *row) for row in rows])


def _staff(report: DsaReport) -> Table:
    head = VERY_LARGE, report.service, report.period, "Human resources dedicated to content moderation"
    names = (
        "Number of internal moderators employed by the provider",
        "Number of external moderators contracted by the provider",
        "Number of total moderators with sufficient linguistic expertise",
    )
    columns = (*PERIOD_COLUMNS, "Section", "Indicator", "Scope", "Value", "Contextual information")
    return Table("9_human_resources.csv", columns, [(*head, name, "Total number", None, None) for name in names])


def _recipients(report: DsaReport) -> Table:
    name = "Number of average monthly active recipients during the reporting period"
    row = (VERY_LARGE_BOTH, report.service, report.period, "AMAR", name, TOTAL, None)
    return Table("10_AMAR.csv", (*PERIOD_COLUMNS, "Section", "Indicator", "Scope", "Value"), [row])


def _qualitative(report: DsaReport) -> Table:
    own = "content moderation engaged in at the providers' own initiative"
    rows: list[tuple[Cell, ...]] = [
        (ALL, f"Summary of the {own}", _summary(report)),
        (ALL, f"Meaningful and comprehensible information regarding {own}", None),
        (ALL, "Qualitative description of the automated means", _means(report)),
        (
            ALL,
            "Qualitative description of indicators of accuracy and possible rate of error of automated means",
            f"Precision: {PRECISION_TOLD} Recall: {RECALL_TOLD}",
        ),
        (ALL, "Specification of the precise purposes to apply automated means", None),
        (ALL, "Safeguards applied to the use of automated means", _SAFEGUARDS),
        *(
            (VERY_LARGE, name, None)
            for name in (
                "High-level description of the content moderation governance structure",
                "Qualifications of the human resources dedicated to content moderation",
                "Training given to human resources dedicated to content moderation",
                "Support given to human resources dedicated to content moderation",
                "Methodology used to compute the number of human resources dedicated to content moderation",
            )
        ),
    ]
    columns = (*PERIOD_COLUMNS, "Indicator", "Value")
    return Table(
        "11_qualitative.csv", columns, [(first, report.service, report.period, *rest) for first, *rest in rows]
    )


_SAFEGUARDS: Final = (
    "The author of a text that a rule turned away sees that a rule did it, and may appeal. A person decides every "
    "appeal. No rule closes a notice."
)


def _summary(report: DsaReport) -> str:
    count = report.count
    by_kind: dict[Kind, int] = dict.fromkeys(("removal", "disable", "suspension", "termination"), 0)
    for one in count.measures:
        by_kind[one.kind] += not one.noticed
    return (
        f"Comments were removed ({by_kind['removal']}) or taken down until a decision ({by_kind['disable']}), and "
        f"people were kept from writing for a time ({by_kind['suspension']}) or for good ({by_kind['termination']}). "
        f"{count.waited} texts waited for a moderator before they were published; they are not counted as restrictions."
    )


def _means(report: DsaReport) -> str | None:
    if not report.rules:
        return None
    return f"Rules that hold or reject a text, at the end of the period: {'; '.join(report.rules)}."


def notes(report: DsaReport, files: Iterable[ReportSection]) -> str:
    """The notes of a report, in Markdown: which articles each file serves, and how its numbers are counted."""
    served = "\n".join(f"| `{one.table.file}` | {one.articles} |" for one in files)
    return _NOTES.format(
        service=report.service,
        first=report.first,
        last=report.last,
        left_out=report.count.left_out,
        served=served,
        waited=report.count.waited,
        approved=report.count.found["approve"],
        rejected=report.count.found["reject"],
    )


_NOTES: Final = """\
# Notes on the figures of {service}, {first} to {last}

{left_out} imported events were left out: no figure counts what an import brought.

**Whether any of this has to be published is for counsel.** A newspaper with a comment section may be a provider of
hosting services only, and not an online platform, for which Articles 20 to 24 were made; small enterprises are exempt
from Article 15. The files follow the templates in Annex I of Commission Implementing Regulation (EU) 2024/2835. They
are drafts: where nothing stands, Hansard cannot know, or never does such a thing.

| file | articles of Regulation (EU) 2022/2065 |
| --- | --- |
{served}

Line one of a file says which articles it serves and how many events were left out. The templates have no such line:
delete it before you publish the file, or write the files with `--bare`.

## How it is counted

- **Period.** An event counts on the day on which it happened. Days are those of the site's time zone.
- **Notices** (4) are those of readers and strangers. A notice is about one comment, so notices and items are the same
  number. Its category is that of the decision that closed it within the period, else "not specified". Actions are
  rejections. Times are from the notice to the action; notices without action are left out of the median. A trusted
  flagger is one whose token had a badge that policy `trusted_by` lists.
- **Own initiative** (5, 6): rejections (Removal), published comments that were taken down to be decided on (Disable),
  and suspensions from writing (Provision of the service; without an end: Termination). A comment counts once per text,
  with its last measure. Ground and category are those of the reason that the decision named; decisions that named none
  stand under Category 15, with the rule that decided. "After detection with solely automated means": a rule found the
  text, whoever decided.
- **Not counted as a measure**: {waited} texts that waited for a moderator before they were published.
- **Complaints** (7) are appeals. Times are from the appeal to the decision; the author is told at the next visit, or by
  mail. An appeal that another decision made pointless stays open, and counts as submitted only.
- **Automated means** (8): a rule alone rejected a text or took a comment down. No rule closes a notice. Of the texts
  that rules had held or rejected, moderators approved {approved} and rejected {rejected} in the period.
- **Categories** (2): the reasons of your policy are sorted as that file says. `--categories FILE` sorts your own.
"""
