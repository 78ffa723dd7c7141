"""Documents of the figures of moderation: as JSON, and as tables of a spreadsheet."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any, Final, NamedTuple, TypeVar

from msgspec import UNSET, Meta, Struct, UnsetType

from core.text.spreadsheet import safe_cell
from projections.figures.moderation import Count, ModerationCount, Spread, spread_of

VERDICTS: Final = ("approve", "hold", "reject")
APPEALS: Final = ("filed", "upheld", "reversed")
VOTES: Final = ("voided", "restored")


class OfReason(Struct, frozen=True, kw_only=True):
    """Items that name one reason by its code; null: those that name none."""

    reason: str | None
    items: int


class OfRule(Struct, frozen=True, kw_only=True):
    """Items that one rule decided."""

    rule: str
    items: int


class OfModerator(Struct, frozen=True, kw_only=True):
    """Items that one moderator decided."""

    moderator: str
    items: int


class OfType(Struct, frozen=True, kw_only=True):
    """Events of one type."""

    type: str
    events: int


class ByVerdict(Struct, frozen=True, kw_only=True):
    """Items by verdict."""

    approve: int
    hold: int
    reject: int


class AppealFigures(Struct, frozen=True, kw_only=True):
    """Appeals, of comments and of suspensions; `seconds` are those from an appeal to the decision on it."""

    filed: int
    upheld: int
    reversed: int
    seconds: Spread


class VoteFigures(Struct, frozen=True, kw_only=True):
    """Votes that moderators voided, and voids that the reversal of their batch ended."""

    voided: int
    restored: int


class PeriodFigures(Struct, frozen=True, kw_only=True):
    """Figures of one day, or of several. Of each list, the entries with the most come first."""

    day: Annotated[
        str | UnsetType, Meta(examples=["2026-10-12"], description="A day of the site's `timezone`, if it is one.")
    ] = UNSET
    items: Annotated[int, Meta(description="Decisions on texts, by moderators and by rules.")]
    automated: Annotated[int, Meta(description="Items that rules decided.")]
    automated_share: Annotated[float | None, Meta(description="Of all items; null without any.")]
    verdicts: ByVerdict
    reasons: list[OfReason]
    rules: list[OfRule]
    moderators: list[OfModerator]
    seconds: Annotated[
        Spread, Meta(description="From when a comment first waited or was reported to a moderator's decision on it.")
    ]
    appeals: AppealFigures
    reversals: Annotated[
        int,
        Meta(
            description="Decisions that were undone, and approvals of rejected texts and rejections of approved ones."
        ),
    ]
    votes: VoteFigures
    events: list[OfType]


class ModerationFigures(Struct, frozen=True, kw_only=True):
    """Figures of the moderation of a site per day."""

    imported: Annotated[int, Meta(description="Events of imports that were left out.")]
    timezone: str
    days: list[PeriodFigures]
    total: Annotated[PeriodFigures, Meta(description="Of these days together.")]


class Table(NamedTuple):
    """A table of a report: the name of its file, the names of its columns, and its rows."""

    file: str
    columns: Sequence[str]
    rows: Iterable[Sequence[object]]


def figures_of(counted: ModerationCount, timezone: str) -> ModerationFigures:
    """The document of counted days."""
    return ModerationFigures(
        imported=counted.left_out,
        timezone=timezone,
        days=[
            PeriodFigures(day=day.name, **_fields(count))
            for day, count in zip(counted.days, counted.counts, strict=True)
        ],
        total=PeriodFigures(**_fields(counted.total)),
    )


def tables(figures: ModerationFigures) -> Iterator[Table]:
    """The figures as tables, one row per day, or per day and entry of a list."""
    yield Table("days.csv", [column for column, _ in _columns(figures.total, "day")], map(_row, figures.days))
    for file, column in (("reasons", "reason"), ("rules", "rule"), ("moderators", "moderator"), ("events", "type")):
        yield Table(
            f"{file}.csv",
            ("day", column, "events" if file == "events" else "items"),
            [
                (day.day, getattr(one, column) or "", one.events if isinstance(one, OfType) else one.items)
                for day in figures.days
                for one in getattr(day, file)
            ],
        )


def csv_of(table: Table, first: str | None) -> str:
    """A table as CSV (RFC 4180), after a first line of one field that says what was left out."""
    out = io.StringIO(newline="")
    write = csv.writer(out)
    if first is not None:
        write.writerow([first])
    write.writerow(table.columns)
    write.writerows([safe_cell("" if value is None else value) for value in row] for row in table.rows)
    return out.getvalue()


def _row(day: PeriodFigures) -> list[object]:
    return [value for _, value in _columns(day, str(day.day))]


def _columns(figures: PeriodFigures, day: str) -> list[tuple[str, object]]:
    return [
        ("day", day),
        ("items", figures.items),
        ("automated", figures.automated),
        ("automated_share", figures.automated_share),
        *((name, getattr(figures.verdicts, name)) for name in VERDICTS),
        ("decided_by_moderators", figures.items - figures.automated),
        ("median_seconds", figures.seconds.median),
        ("p95_seconds", figures.seconds.p95),
        *((f"appeals_{name}", getattr(figures.appeals, name)) for name in APPEALS),
        ("appeals_median_seconds", figures.appeals.seconds.median),
        ("reversals", figures.reversals),
        *((f"votes_{name}", getattr(figures.votes, name)) for name in VOTES),
    ]


Key = TypeVar("Key", bound=str | None)


def _most(counted: Counter[Key]) -> list[tuple[Key, int]]:
    return sorted(counted.items(), key=lambda one: (-one[1], one[0] or ""))


def _fields(count: Count) -> dict[str, Any]:
    return {
        "items": count.items,
        "automated": count.automated,
        "automated_share": round(count.automated / count.items, 4) if count.items else None,
        "verdicts": ByVerdict(**{name: count.verdicts[name] for name in VERDICTS}),
        "reasons": [OfReason(reason=name, items=number) for name, number in _most(count.reasons)],
        "rules": [OfRule(rule=name, items=number) for name, number in _most(count.rules)],
        "moderators": [OfModerator(moderator=name, items=number) for name, number in _most(count.moderators)],
        "seconds": spread_of(count.waits),
        "appeals": AppealFigures(
            **{name: count.appeals[name] for name in APPEALS}, seconds=spread_of(count.appeal_waits)
        ),
        "reversals": count.reversals,
        "votes": VoteFigures(**{name: count.votes[name] for name in VOTES}),
        "events": [OfType(type=name, events=number) for name, number in _most(count.events)],
    }
