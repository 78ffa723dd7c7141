"""Sections of a transparency report with rows by indicator: complaints and suspensions, and automated means."""

from collections.abc import Sequence
from typing import Final

from projections.figures.dsa import Complaints, Measure, Subject
from projections.figures.dsa_columns import ALL, HOSTING, PERIOD_COLUMNS, PLATFORMS, Cell, DsaReport, hours
from projections.figures.moderation_report import Table

_MECHANISM: Final = "Internal complaints mechanism"
_SUBMITTED: Final = "Number of complaints submitted to the internal-complaints mechanism"
_OUTCOMES: Final = (
    "Total number",
    "Decisions upheld",
    "Decisions partially reversed",
    "Decisions reversed",
    "Median time",
)
_REGARDING: Final = "Complaint regarding a decision "
_COMPLAINTS: Final[tuple[tuple[str, Subject | None], ...]] = (
    (f"{_REGARDING}to remove or disable access to or restrict visibility of information", "texts"),
    (f"{_REGARDING}to suspend or terminate the provision of the service", "members"),
    (f"{_REGARDING}to suspend or terminate an account", None),
    (f"{_REGARDING}to restrict the ability to monetise information", None),
    (f"{_REGARDING}not to take action on a notice submitted in accordance with Article 16", None),
    (f"{_REGARDING}not to take action on a notice submitted by a Trusted Flagger in accordance with Article 16", None),
)
_DISPUTES: Final = "Out-of-court dispute settlement bodies"
_OFFENDERS: Final = "Suspensions imposed on repeated offenders"


def complaints(report: DsaReport) -> Table:
    """Section 7: complaints, disputes and suspensions."""
    count = report.count
    every = list(count.complaints.values())
    rows: list[tuple[Cell, ...]] = []
    for number, value in enumerate(_outcomes(every)):
        first = ALL if number == 0 else PLATFORMS
        rows.append((first, _MECHANISM, _SUBMITTED, _OUTCOMES[number], value, None))
    rows.append((PLATFORMS, _MECHANISM, _SUBMITTED, "Decision omitted", None, None))
    imposed = "Number of restrictions newly imposed as a result of an internal complaint"
    rows.append((PLATFORMS, _MECHANISM, imposed, "Total number", 0, "An appeal never makes a restriction greater."))
    for indicator, subject in _COMPLAINTS:
        values = [None] * len(_OUTCOMES) if subject is None else _outcomes([count.complaints[subject]])
        rows += [
            (PLATFORMS, _MECHANISM, indicator, scope, value, None)
            for scope, value in zip(_OUTCOMES, values, strict=True)
        ]
    disputes = "Number of disputes submitted to out-of-court dispute settlement bodies"
    for scope in (*_OUTCOMES, "Decision omitted", "Percentage of outcomes implemented"):
        rows.append((PLATFORMS, _DISPUTES, disputes, scope, None, None))
    by_law = sum(one.by_law for one in count.members)
    told = f"Suspensions on the ground of law: {by_law}. Whether what they were for was manifest is for the provider."
    for what, context in (("illegal content", told), ("unfounded notices", None), ("unfounded complaints", None)):
        indicator = f"Number of suspensions enacted for the provision of manifestly {what}"
        rows.append((PLATFORMS, _OFFENDERS, indicator, "Total number", None, context))
    columns = (*PERIOD_COLUMNS, "Section", "Indicator", "Scope", "Value", "Contextual Information")
    return Table(
        "7_appeals_and_recidivism.csv",
        columns,
        [(first, report.service, report.period, *rest) for first, *rest in rows],
    )


def _outcomes(complaints: Sequence[Complaints]) -> list[Cell]:
    return [
        sum(one.filed for one in complaints),
        sum(one.upheld for one in complaints),
        None,  # an appeal is granted or not
        sum(one.reversed for one in complaints),
        hours(wait for one in complaints for wait in one.waits),
    ]


_SOLELY: Final = "Number of measures solely taken by automated means"
_NOT: Final = "Number of measures not taken by automated means"
_ACCURACY: Final = "Accuracy of the automated means - "
PRECISION_TOLD: Final = (
    "Share of the measures by rules alone that were not overturned by the end of the period. Most were not examined "
    "again."
)
RECALL_TOLD: Final = (
    "Measures by rules alone that were not overturned, as a share of these and of the texts that moderators restricted."
)
_ACCURACY_TOLD: Final = "Not known: texts that rightly stayed are not counted."


def automated(report: DsaReport) -> Table:
    """Section 8: measures by rules alone, and how many of them stood."""
    count = report.count
    decided = [one for one in count.notices.values() if one.decided]
    rows: list[tuple[Cell, ...]] = []
    for scope, measures in (
        ("Total number", count.measures),
        ("Own-initiative", [one for one in count.measures if not one.noticed]),
    ):
        alone = [one for one in measures if one.by_rule]
        rows += [
            (ALL, _SOLELY, scope, len(alone), None),
            (ALL, _NOT, scope, len(measures) - len(alone), None),
            *((ALL, *row) for row in _indicators(scope, measures)),
        ]
    flaggers = [one for one in decided if one.flagger]
    for first, scope, notices in ((HOSTING, "NAM Total", decided), (PLATFORMS, "NAM Trusted Flagger", flaggers)):
        rows += [
            (first, "Number of notices solely processed by automated means", scope, 0, "No rule closes a notice."),
            (first, "Number of notices not processed by automated means", scope, len(notices), None),
            *((first, f"{_ACCURACY}{name}", scope, None, None) for name in ("Accuracy", "Precision", "Recall")),
        ]
    columns = (*PERIOD_COLUMNS, "Section", "Indicator", "Scope", "Value", "Contextual Information")
    head = report.service, report.period, "Use of automated means for content moderation"
    return Table("8_automated_means.csv", columns, [(first, *head, *rest) for first, *rest in rows])


def _indicators(scope: str, measures: Sequence[Measure]) -> list[tuple[Cell, ...]]:
    texts = [one for one in measures if one.kind in ("removal", "disable")]
    alone = [one for one in texts if one.by_rule]
    stood = sum(not one.overturned for one in alone)
    others = len(texts) - len(alone)
    precision = round(stood / len(alone), 4) if alone else None
    recall = round(stood / (stood + others), 4) if stood + others else None
    return [
        (f"{_ACCURACY}Accuracy", scope, None, _ACCURACY_TOLD),
        (f"{_ACCURACY}Precision", scope, precision, PRECISION_TOLD),
        (f"{_ACCURACY}Recall", scope, recall, RECALL_TOLD),
    ]
