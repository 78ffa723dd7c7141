"""Members of the view `filed`: the reports of a thread, found by who filed them.

`<member> <age> <comment> <revision> <reason> <at>`, then for a decided report `<outcome> <decided at>`. The age has 12
digits, so that the reports of a member are in the order of filing. Times are in milliseconds since 1970.
"""

from typing import NamedTuple

from projections.thread.state import CommentState, DecidedReport, ReportOutcome


class FiledReport(NamedTuple):
    """A member of `filed`."""

    by: str
    age: int
    comment: str
    revision: int
    reason: str
    at: int
    outcome: ReportOutcome | None
    """None while the report is open. Then it is in the view `reports`, too."""
    decided_at: int | None


def members(comment: CommentState) -> list[str]:
    """The members of all reports of a comment."""
    about = comment.id
    return [
        *(_member(one.by, one.position.n, f"{about} {one.revision} {one.reason} {one.at}") for one in comment.reports),
        *(
            _member(one.by, one.age, f"{about} {one.revision} {one.reason} {one.at} {one.outcome} {one.decided_at}")
            for one in comment.decided_reports
        ),
    ]


def read(member: str) -> FiledReport:
    """Read a member. Raises ValueError if it is malformed."""
    by, age, comment, revision, reason, at, *decided = member.split(" ")
    outcome: ReportOutcome | None = None
    decided_at = None
    match decided:
        case ["upheld" | "dismissed" as outcome, time]:
            decided_at = int(time)
        case []:
            pass
        case _:
            raise ValueError("the outcome of a report is malformed")
    return FiledReport(by, int(age), comment, int(revision), reason, int(at), outcome, decided_at)


def decided_report(filed: FiledReport) -> DecidedReport | None:
    """The state of a decided report; None for an open one."""
    if filed.outcome is None or filed.decided_at is None:
        return None
    return DecidedReport(
        by=filed.by,
        age=filed.age,
        revision=filed.revision,
        reason=filed.reason,
        at=filed.at,
        outcome=filed.outcome,
        decided_at=filed.decided_at,
    )


def _member(by: str, age: int, rest: str) -> str:
    return f"{by} {age:012d} {rest}"
