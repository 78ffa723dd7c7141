"""Counts for transparency reports under the Digital Services Act (DSA): a pure fold of the events that figures count.

A *measure* is a restriction of one text: its rejection, or that it was taken down to be decided on; or a suspension.
A text has one measure in a period, its last, as the instructions of the templates omit double counts. A measure is of
the publication's own initiative unless its decision names a notice that others than staff filed. To wait before the
first publication is counted apart. An event counts in the period in which it happened, so the counts of a past period
do not change.
"""

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Literal

from msgspec import Struct, field

from core.events.comment_events import CommentApproved, CommentEdited, CommentHeld, CommentPosted, CommentRejected
from core.events.event import tag_of
from core.events.member_events import MemberSuspended
from core.events.report_events import NoticeFiled
from core.events.statement_events import AppealDecided, AppealFiled
from projections.figures.dsa_categories import NOT_SPECIFIED, Sort, sort_of
from projections.figures.site_kinds import PERMANENT
from projections.thread.figure_marks import FLAGGER, IMPORTED, OF_A_RULE, OWN, RESTRICTS
from projections.views.listings.figures import Figure

Kind = Literal["removal", "disable", "suspension", "termination"]
"""The restriction: of a text, that it is removed or that access to it is disabled; of a member, that the service is
suspended for a time or for good."""
Subject = Literal["texts", "members"]
"""The subject of a decision that is appealed against."""

_TextId = tuple[str, str, int | None]


class Measure(Struct, kw_only=True):
    """A restriction of a text or a member."""

    kind: Kind
    sort: Sort
    by_law: bool
    """True if the ground is the law, False if it is the publication's terms."""
    found_by_rule: bool = False
    """True if a rule found the text, also where a person decided."""
    by_rule: bool = False
    """True if no person decided."""
    noticed: bool = False
    """True if the decision names a notice that others than staff filed."""
    overturned: bool = False


class Notice(Struct, kw_only=True):
    """A notice that was filed or decided in the period."""

    received: bool = False
    flagger: bool = False
    decided: bool = False
    sort: Sort = Sort(NOT_SPECIFIED, None)
    action: Literal["law", "terms"] | None = None
    """The ground of the action taken; None without one."""
    took: int | None = None
    """Time from the filing to the action, in milliseconds."""


class Complaints(Struct, kw_only=True):
    """Appeals against decisions about texts, or about members."""

    filed: int = 0
    upheld: int = 0
    reversed: int = 0
    waits: "array[int]" = field(default_factory=lambda: array("q"))
    """Times from an appeal to the decision on it, in milliseconds."""


class DsaCount(Struct, kw_only=True):
    """Counts of a period. `categories` has those of the publication's own reasons."""

    categories: Mapping[str, Sort] = {}
    left_out: int = 0
    """Events of imports, which are counted nowhere."""
    texts: dict[_TextId, Measure] = field(default_factory=dict)
    """The last measure of each text."""
    members: list[Measure] = field(default_factory=list)
    notices: dict[str, Notice] = field(default_factory=dict)
    complaints: dict[Subject, Complaints] = field(
        default_factory=lambda: {"texts": Complaints(), "members": Complaints()}
    )
    waited: int = 0
    """Texts that a rule held before they were published."""
    found: Counter[str] = field(default_factory=Counter)
    """Decisions of moderators on texts that a rule had found, by verdict."""

    def add(self, figures: Iterable[Figure]) -> None:
        """Count events, in any order between texts and in the order of time within each."""
        for figure in figures:
            if IMPORTED in figure.flags:
                self.left_out += 1
            elif (counter := COUNTERS.get(figure.kind)) is not None:
                counter(self, figure)

    @property
    def measures(self) -> list[Measure]:
        """Every measure, of texts and of members."""
        return [*self.texts.values(), *self.members]


def _decided(count: DsaCount, figure: Figure) -> None:
    key = figure.thread, figure.comment, figure.revision
    if figure.by is not None and figure.basis == "rule" and figure.verdict is not None:
        count.found[figure.verdict] += 1
    noticed = figure.notice is not None and OWN not in figure.flags
    if noticed:
        _on_notice(count, figure)
    if figure.verdict == "approve":
        before = count.texts.get(key)
        if before is not None and OF_A_RULE in figure.flags:
            before.overturned = True
        return
    if RESTRICTS not in figure.flags:
        count.waited += figure.by is None
        return
    count.texts[key] = Measure(
        kind="removal" if figure.verdict == "reject" else "disable",
        sort=_sort(count, figure),
        by_law=figure.ground == "law",
        found_by_rule=figure.basis == "rule",
        by_rule=figure.by is None,
        noticed=noticed,
    )


def _on_notice(count: DsaCount, figure: Figure) -> None:
    notice = count.notices.setdefault(figure.notice or "", Notice(flagger=FLAGGER in figure.flags))
    notice.decided = True
    if figure.code is not None or figure.ground == "law":
        notice.sort = _sort(count, figure)
    if figure.verdict == "reject":
        notice.action = "law" if figure.ground == "law" else "terms"
        notice.took = None if figure.noticed is None else figure.ms - figure.noticed


def _noticed(count: DsaCount, figure: Figure) -> None:
    if OWN not in figure.flags:
        notice = count.notices.setdefault(figure.notice or "", Notice())
        notice.received, notice.flagger = True, FLAGGER in figure.flags


def _suspended(count: DsaCount, figure: Figure) -> None:
    count.members.append(
        Measure(
            kind="termination" if PERMANENT in figure.flags else "suspension",
            sort=_sort(count, figure),
            by_law=figure.ground == "law",
        )
    )


def _appealed(count: DsaCount, figure: Figure) -> None:
    count.complaints[_subject(figure)].filed += 1


def _outcome(count: DsaCount, figure: Figure) -> None:
    complaints = count.complaints[_subject(figure)]
    if figure.verdict == "reverse":
        complaints.reversed += 1
    else:
        complaints.upheld += 1
    if figure.since is not None:
        complaints.waits.append(figure.ms - figure.since)


def _subject(figure: Figure) -> Subject:
    return "texts" if figure.comment else "members"


def _sort(count: DsaCount, figure: Figure) -> Sort:
    return sort_of(figure.code, figure.ground, figure.rule if figure.by is None else None, count.categories)


COUNTERS: Final[Mapping[str, Callable[[DsaCount, Figure], Any]]] = {
    **{
        tag_of(event): _decided
        for event in (CommentPosted, CommentEdited, CommentHeld, CommentApproved, CommentRejected)
    },
    tag_of(NoticeFiled): _noticed,
    tag_of(AppealFiled): _appealed,
    tag_of(AppealDecided): _outcome,
    tag_of(MemberSuspended): _suspended,
}
"""The function that counts the events of a type. No report counts the others."""
