"""The events of members that figures count, from the site's own log.

`SITE_KINDS` is the registry, as `projections.thread.figure_marks.KINDS` is that of the events of comments.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from core.events.envelope import Recorded
from core.events.event import Event
from core.events.import_events import IMPORT
from core.events.member_events import MemberReinstated, MemberSuspended, SuspensionReversed, WarningGiven
from core.events.statement_events import AppealDecided, AppealFiled
from projections.thread.figure_marks import IMPORTED
from projections.views.listings.figures import Figure

PERMANENT: Final = "p"
"""Flag of a suspension without an end."""


def site_figure(recorded: Recorded) -> Figure | None:
    """The event of a member as figures count it; None if none does."""
    make = SITE_KINDS.get(type(recorded.event))
    if make is None:
        return None
    figure = Figure(ms=recorded.position.ms, thread="", comment="", kind=recorded.envelope.type)
    if recorded.envelope.cause == IMPORT:
        return figure._replace(ms=recorded.occurred_at, flags=IMPORTED)
    return make(figure._replace(by=recorded.envelope.actor.id), recorded.event)


def _suspended(figure: Figure, event: MemberSuspended) -> Figure:
    flags = PERMANENT if event.until is None else ""
    return figure._replace(code=event.code, ground=event.ground, flags=flags)


def _coded(figure: Figure, event: WarningGiven) -> Figure:
    return figure._replace(code=event.code)


def _alone(figure: Figure, _: Event) -> Figure:
    return figure


def _filed(figure: Figure, _: AppealFiled) -> Figure:
    return figure._replace(by=None)


def _decided(figure: Figure, event: AppealDecided) -> Figure:
    return figure._replace(verdict=event.verdict)


SITE_KINDS: Final[Mapping[type[Event], Callable[[Figure, Any], Figure]]] = {
    MemberSuspended: _suspended,
    MemberReinstated: _alone,
    SuspensionReversed: _alone,
    WarningGiven: _coded,
    AppealFiled: _filed,
    AppealDecided: _decided,
}
"""The function that completes the figure of each kind of event."""
