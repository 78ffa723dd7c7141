"""Events about a decision: in a thread's log about a comment, in the site's own log about a member."""

from typing import ClassVar, Literal

from core.events.event import Event


class StatementTold(Event, frozen=True, kw_only=True, tag="statement.told", omit_defaults=True):
    """The author was told of a decision: by the page, or by a mail that a server took. The window for an appeal begins.

    `decision` is the position of the event that decided: about a revision of a comment, about an appeal against that,
    or, in the site's own log, about the standing of `member`.
    """

    comment: str | None = None
    member: str | None = None
    revision: int | None = None
    decision: str
    by: Literal["page", "mail"] = "page"


class AppealFiled(Event, frozen=True, kw_only=True, tag="appeal.filed", omit_defaults=True):
    """The author appealed against the decision at `decision`; in the site's own log, `member` against a suspension."""

    CONTENT: ClassVar[frozenset[str]] = frozenset({"text"})
    comment: str | None = None
    member: str | None = None
    revision: int | None = None
    decision: str
    text: str | None = None


class AppealDecided(Event, frozen=True, kw_only=True, tag="appeal.decided", omit_defaults=True):
    """A moderator decided an appeal. An approval, or a reinstatement, stands beside a `reverse`.

    With `sole` it was the moderator whose decision the appeal is against, because no other one had decided anything on
    the site for 30 days, as its record said then.
    """

    CONTENT: ClassVar[frozenset[str]] = frozenset({"reason"})
    comment: str | None = None
    member: str | None = None
    revision: int | None = None
    verdict: Literal["reverse", "uphold"]
    sole: bool = False
    reason: str | None = None
