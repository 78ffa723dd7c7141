"""Sections of a transparency report with rows by category: its names, orders, notices, and own initiative."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple, TypeVar

from projections.figures.dsa import DsaCount, Kind, Measure, Notice
from projections.figures.dsa_categories import (
    CATEGORIES,
    NOT_SPECIFIED,
    NOT_SPECIFIED_ORDER,
    OTHER,
    OTHER_TERMS,
    TOTAL,
    Sort,
    of_part,
)
from projections.figures.dsa_columns import ALL, HOSTING, PERIOD_COLUMNS, Cell, DsaReport, hours
from projections.figures.moderation_report import Table

_OTHER_COLUMN: Final = 'Description of the sub-category "Other"'
Item = TypeVar("Item")


def categories(count: DsaCount) -> Table:
    """Section 2: the names of categories, with the publication's reasons."""
    used = _reasons(count)
    rows: list[tuple[Cell, ...]] = [(TOTAL, "All the entries", TOTAL, "")]
    for number, category in enumerate(CATEGORIES, 1):
        rows.append((f"Category {number}", category.words, category.code, ""))
        for letter, (keyword, words) in zip("abcdefghi", category.keywords, strict=False):
            said = ", ".join(used.get((category.code, keyword), ()))
            rows.append((f"Category {number}{letter}", words, keyword, said and f"Reasons of the site: {said}"))
    columns = (
        *("Category label", "Category description"),
        *("Category of illegal content / incompatible with the terms and conditions", "Contextual information"),
    )
    return Table("2_categories_names.csv", columns, rows)


def _reasons(count: DsaCount) -> dict[tuple[str, str | None], list[str]]:
    """The publication's reasons that stand for each sub-category."""
    found: dict[tuple[str, str | None], list[str]] = {}
    for code, sort in count.categories.items():
        found.setdefault((sort.category, sort.keyword), []).append(code)
    return found


_ORDERS: Final = (
    "Number of orders to act against illegal content received",
    "Number of specific items of information included in the total number of orders to act against illegal content",
    "Median time to inform the authority of the receipt of the order to act against illegal content",
    "Median time to give effect to the order to act against illegal content",
    "Number of orders to provide information",
    "Median time to inform the authority of the receipt of the order to provide information",
    "Median time to give effect to the order to provide information",
)


def orders(report: DsaReport) -> Table:
    """Section 3: orders of authorities, of which Hansard knows nothing."""
    columns = (
        *(*PERIOD_COLUMNS, "Category of illegal content", _OTHER_COLUMN, "Scope", *_ORDERS),
        # The templates write the first two so.
        *(f"Contextual information on {name[0].lower()}{name[1:]}" for name in _ORDERS[:2]),
        *(f"Contextual information on {name}" for name in _ORDERS[2:]),
    )
    rows = [
        (ALL, report.service, report.period, code, "", TOTAL, *([None] * 2 * len(_ORDERS)))
        for code in (
            TOTAL,
            *(row for one in of_part(OTHER_TERMS, NOT_SPECIFIED) for row in (one.code, *dict(one.keywords))),
        )
    ]
    return Table("3_member_states_orders.csv", columns, rows)


class _NoticeColumn(NamedTuple):
    name: str
    of: Callable[[Sequence[Notice]], Cell]
    flaggers: bool


def _received(notices: Sequence[Notice]) -> int:
    return sum(one.received for one in notices)


def _took(notices: Sequence[Notice]) -> float | None:
    return hours(one.took for one in notices if one.took is not None)


def _acted(ground: str) -> Callable[[Sequence[Notice]], int]:
    return lambda notices: sum(one.action == ground for one in notices)


_FLAGGERS: Final = " (Trusted Flagger notices)"
_ITEMS: Final = "Number of specific items of information included in the total number of notices"
_ACTIONS: Final = "Number of actions taken on the basis of the "
_NOTICES: Final = (
    _NoticeColumn("Number of notices received", _received, flaggers=False),
    _NoticeColumn("Number of notices received from Trusted flaggers", _received, flaggers=True),
    _NoticeColumn(_ITEMS, _received, flaggers=False),  # a notice is about one comment
    _NoticeColumn(f"{_ITEMS} by Trusted Flaggers{_FLAGGERS}", _received, flaggers=True),
    _NoticeColumn("Median time to take action", _took, flaggers=False),
    _NoticeColumn(f"Median time to take action{_FLAGGERS}", _took, flaggers=True),
    _NoticeColumn(f"{_ACTIONS}law", _acted("law"), flaggers=False),
    _NoticeColumn(f"{_ACTIONS}law{_FLAGGERS}", _acted("law"), flaggers=True),
    _NoticeColumn(f"{_ACTIONS}terms and conditions of the service", _acted("terms"), flaggers=False),
    _NoticeColumn(f"{_ACTIONS}terms and conditions of the service{_FLAGGERS}", _acted("terms"), flaggers=True),
)


def notices(report: DsaReport) -> Table:
    """Section 4: notices, and the actions taken on them."""

    def values(notices: Sequence[Notice]) -> list[Cell]:
        return [one.of([of for of in notices if of.flagger or not one.flaggers]) for one in _NOTICES]

    columns = (
        *(*PERIOD_COLUMNS, "Category of illegal content", _OTHER_COLUMN, *(one.name for one in _NOTICES)),
        *(f"Contextual information on {one.name}" for one in _NOTICES),
    )
    found = list(report.count.notices.values())
    head = HOSTING, report.service, report.period
    rows = [
        (*head, *row, *[None] * len(_NOTICES))
        for row in _by_category(found, lambda one: one.sort, values, (OTHER_TERMS, NOT_SPECIFIED_ORDER))
    ]
    return Table("4_notices.csv", columns, rows)


class _MeasureColumn(NamedTuple):
    name: str
    of: Callable[[Measure], bool] | None = None
    """None for a restriction that Hansard never imposes."""


def _is(kind: Kind) -> Callable[[Measure], bool]:
    return lambda measure: measure.kind == kind


_MEASURES: Final = (
    _MeasureColumn("Number of measures taken at the provider's own initiative", lambda _: True),
    _MeasureColumn(
        "Number of measures taken after detection with solely automated means", lambda one: one.found_by_rule
    ),
    _MeasureColumn("Visibility restriction Removal", _is("removal")),
    _MeasureColumn("Visibility restriction Disable", _is("disable")),
    _MeasureColumn("Visibility restriction Demoted"),
    _MeasureColumn("Visibility restriction Age restricted"),
    _MeasureColumn("Visibility restriction Interaction restricted"),
    _MeasureColumn("Visibility restriction Labelled"),
    _MeasureColumn("Visibility restriction Other"),
    _MeasureColumn("Monetary restriction Suspension"),
    _MeasureColumn("Monetary restriction Termination"),
    _MeasureColumn("Monetary restriction Other"),
    _MeasureColumn("Provision of the service Suspension", _is("suspension")),
    _MeasureColumn("Provision of the service Termination", _is("termination")),
    _MeasureColumn("Account restriction Suspension"),
    _MeasureColumn("Account restriction Termination"),
)


def own_initiative(report: DsaReport, *, by_law: bool) -> Table:
    """Sections 5 and 6: measures of the publication's own initiative, on the ground of law, or of its terms."""

    def values(measures: Sequence[Measure]) -> list[Cell]:
        return [None if one.of is None else sum(map(one.of, measures)) for one in _MEASURES]

    what = (
        "Category of illegal content"
        if by_law
        else "Category of incompatibility with the provider's terms and conditions"
    )
    columns = (
        *(*PERIOD_COLUMNS, what, _OTHER_COLUMN, *(one.name for one in _MEASURES)),
        *(f"Contextual Information on {one.name}" for one in _MEASURES),
    )
    found = [one for one in report.count.measures if one.by_law == by_law and not one.noticed]
    left_out = (NOT_SPECIFIED_ORDER, NOT_SPECIFIED, *((OTHER_TERMS,) if by_law else ()))
    head = ALL, report.service, report.period
    rows = [
        (*head, *row, *[None] * len(_MEASURES)) for row in _by_category(found, lambda one: one.sort, values, left_out)
    ]
    return Table("5_own_initiative_illegal.csv" if by_law else "6_own_initiative_TC.csv", columns, rows)


def _by_category(
    found: Sequence[Item],
    sort: Callable[[Item], Sort],
    values: Callable[[Sequence[Item]], list[Cell]],
    left_out: Sequence[str],
) -> Iterator[tuple[Cell, ...]]:
    """The rows of a table by category: the total, each category, and each of its sub-categories.

    What no other sub-category captures has a row per description, as the templates ask for.
    """
    yield (TOTAL, "", *values(found))
    for category in of_part(*left_out):
        of_it = [one for one in found if sort(one).category == category.code]
        yield (category.code, "", *values(of_it))
        for keyword in dict(category.keywords):
            of_keyword = [one for one in of_it if sort(one).keyword == keyword]
            descriptions = sorted({sort(one).description for one in of_keyword}) if keyword == OTHER else []
            for description in descriptions or [""]:
                some = [one for one in of_keyword if sort(one).description == description or keyword != OTHER]
                yield (keyword, description, *values(some))
