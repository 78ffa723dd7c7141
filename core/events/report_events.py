"""Events of those who object to a text: reports, one aggregate per comment and member, and notices."""

from typing import ClassVar, Literal

from core.events.event import FIRST, Event

NoticeFiler = Literal["anyone", "guest", "member", "staff"]
"""Kind of caller that filed a notice."""


class NoticeFiled(Event, frozen=True, kw_only=True, tag="notice.filed", omit_defaults=True):
    """A notice stated that the standing text is illegal. An approval or a rejection that names `reference` closes it.

    `by` is the kind of caller: `anyone` had no token. `flagger` says that the token had a badge that the policy trusts.
    Name and address of the filer are sealed contacts (`core.contacts`), and never here.
    """

    CONTENT: ClassVar[frozenset[str]] = frozenset({"explanation", "law"})
    comment: str
    revision: int
    reference: str
    by: NoticeFiler = "anyone"
    flagger: bool = False
    explanation: str | None = None
    law: str | None = None


class ReportFiled(Event, frozen=True, kw_only=True, tag="report.filed", omit_defaults=True):
    """The actor reported `revision`. The report is open until a later approval or rejection of the comment.

    `entitlement` is the one that allowed the report, if the policy requires one. `open` is the number of open reports
    of the comment by members, this one included, where a rule counts them.
    """

    CONTENT: ClassVar[frozenset[str]] = frozenset({"note"})
    comment: str
    revision: int = FIRST
    reason: str
    entitlement: str | None = None
    open: int = 0
    note: str | None = None
