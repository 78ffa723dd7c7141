"""The context of a decision: caller, time and policy in force, and the checks that deciders share.

Order of checks: first visibility (a resource that the caller may not see does not exist for them), then role,
ownership and standing (403), then state (409), then the state that the client expected (409, 412), then the
text (422).
"""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple, Self

from msgspec import Struct
from msgspec.structs import replace

from core.caller import Caller, Role, SignedOpening
from core.domain.comment import Comment
from core.domain.names import NO_NAMES, KnownNames
from core.domain.origins import lies_in, normalised
from core.domain.suspension import Suspension
from core.domain.warning import OpenWarning
from core.events.facts import NO_FACTS, Facts
from core.events.member_events import Standing
from core.member_record import MemberRecord
from core.policy import Policy
from core.position import Position
from core.refusals import (
    BadField,
    NotAllowed,
    NotFound,
    Suspended,
    ThreadIsArchived,
    ThreadIsClosed,
    UrlNotAllowed,
    WarningOpen,
)
from core.text.unicode import one_line
from core.text.word_list import WordList
from core.times import rfc3339

ThreadStatus = Literal["open", "closed", "archived"]

LONGEST_NAME: Final = 100
"""Maximum length of the name of an author, in code points."""


class LoadedList(NamedTuple):
    """A word list, and the position of its version as facts record it; without words if its terms are gone."""

    at: str
    words: WordList | None


class Context(Struct, frozen=True, kw_only=True):
    """Values that every decider may check. `now` is in milliseconds since 1970."""

    caller: Caller
    now: int
    cause: str | None = None
    """Cause of the command if that is not the caller's own request, for example `import`."""
    site_opened_at: Position | None = None
    """Position of the opening of the site; None if the site was never opened."""
    policy: Policy = Policy()
    """The policy in force: that of the site, with the overrides of the thread."""
    policy_at: Position | None = None
    """Position of the event that last set the policy of the site."""
    suspension: Suspension | None = None
    """The suspension of the caller that is in force at `now`."""
    standing: Standing = "usual"
    """The standing of the caller by staff."""
    standing_given_at: int | None = None
    """Time at which staff gave `standing`, in milliseconds since 1970."""
    warning: OpenWarning | None = None
    """The oldest warning that waits for the caller's acknowledgement."""
    standing_at: Position | None = None
    """Position of the event that last set the standing of the caller."""
    signed_opening: SignedOpening | None = None
    """The article of the thread, as the token of the caller describes it."""
    thread_exists: bool = False
    thread_status: ThreadStatus = "open"
    thread_opened_at: int | None = None
    """Time of the opening of the thread, in milliseconds since 1970."""
    site_name: str | None = None
    lists: Mapping[str, LoadedList] = {}
    """The word lists that the policy's rules name, as far as the site has them."""
    record: MemberRecord | None = None
    """The member record of the caller; None if no rule needs it."""
    known_names: KnownNames = NO_NAMES
    """Others with a name like the caller's."""
    facts: Facts = NO_FACTS
    """The facts that the rules of the policy asked for, while they judge a text."""

    @property
    def author_name(self) -> str:
        """The caller's name as comments have it."""
        return one_line(self.caller.name, LONGEST_NAME) or self.caller.id

    def knowing(self, facts: Facts) -> Self:
        """This context with these facts."""
        return replace(self, facts=facts)

    @property
    def may_open(self) -> bool:
        """True if a first comment by the caller may open its thread, given what its opening takes."""
        return self.caller.is_staff or self.policy.opened_by_comments

    def address(self, url: str, *, signed: bool = False) -> str:
        """Return the normalised address of an article; `signed` if the publication vouches for it.

        Raises UrlNotAllowed if the address is outside the origins, BadField.
        """
        origins = self.policy.origins
        if not origins and not self.caller.is_staff and not signed:
            raise UrlNotAllowed("only staff can open threads here: the policy lists no origin of this publication")
        address = normalised(url)
        if origins and (address is None or not lies_in(address, origins)):
            raise UrlNotAllowed("the address is outside the origins of this publication")
        if address is None:
            raise BadField("/url", "the address must be http or https, without a user")
        return address

    def require_site(self) -> None:
        """Raise NotFound unless the site was opened."""
        if self.site_opened_at is None:
            raise NotFound("there is no such site")

    def require_thread(self) -> None:
        """Raise NotFound unless the thread was opened."""
        self.require_site()
        if not self.thread_exists:
            raise NotFound("there is no such thread")

    def require_comment(self, comment: Comment) -> None:
        """Raise NotFound unless the comment exists for the caller."""
        self.require_thread()
        if not comment.visible_to(self.caller):
            raise NotFound("there is no such comment")

    def require_role(self, role: Role) -> None:
        """Raise NotAllowed if the caller lacks the role, Suspended if the caller is suspended."""
        self.require_bearer(role)
        self.require_standing()

    def require_bearer(self, role: Role) -> None:
        """Raise NotAllowed if the caller lacks the role."""
        if role not in self.caller.roles:
            raise NotAllowed(f"this requires the role {role}")

    def require_operator(self) -> None:
        """Raise NotAllowed unless the caller is the operator, whose token belongs to no site and so has no standing."""
        if "operator" not in self.caller.roles:
            raise NotAllowed("this requires the role operator")

    def require_writer(self) -> None:
        """Raise NotAllowed for a read-only token."""
        if self.caller.only_reads:
            raise NotAllowed("auditors may read, but not write")

    def require_standing(self) -> None:
        """Raise Suspended if the caller is suspended."""
        suspension = self.suspension
        if suspension is not None and suspension.holds(self.caller):
            until = None if suspension.until is None else rfc3339(suspension.until)
            raise Suspended(until=until, reason=suspension.reason)

    def require_acknowledged(self) -> None:
        """Raise WarningOpen if a warning waits for the caller's acknowledgement."""
        if self.warning is not None:
            raise WarningOpen(reason=self.warning.reason)

    def require_member(self) -> None:
        """Raise NotAllowed for guests."""
        if self.caller.is_guest:
            raise NotAllowed("guests may not do this")

    def require_unarchived(self) -> None:
        """Raise ThreadIsArchived if the thread only accepts withdrawals and moderation."""
        if self.thread_status == "archived":
            raise ThreadIsArchived

    def require_open(self, *, reply: bool) -> None:
        """Raise ThreadIsClosed or ThreadIsArchived if the thread accepts no new text of the caller.

        `reply` is True for a reply: a policy may take replies where it takes no comments.
        """
        self.require_unarchived()
        if self.thread_status == "closed":
            raise ThreadIsClosed(because="staff")
        closes = closing_time(self.policy, self.thread_opened_at)
        if closes is not None and closes <= self.now:
            raise ThreadIsClosed("the policy has closed the thread by its age", because="age")
        policy = self.policy
        if policy.comment == "nobody" and not (reply and policy.reply is not None) and not self.caller.is_staff:
            raise ThreadIsClosed("the publication takes no comments now", because="site")


def closing_time(policy: Policy, opened_at: int | None) -> int | None:
    """The time at which a thread closes by its age; None if it never does. Times are milliseconds since 1970."""
    if policy.close_after is None or opened_at is None:
        return None
    return opened_at + policy.close_after * 1000
