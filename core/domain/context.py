"""The context of a decision: caller, time and policy in force, and the checks that deciders share.

Order of checks: first visibility (a resource that the caller may not see does not exist for them), then role,
ownership and standing (403), then state (409), then the state that the client expected (409, 412), then the
text (422).
"""

from typing import Literal

from msgspec import Struct

from core.caller import Caller, Role
from core.domain.comment import Comment
from core.domain.origins import lies_in, normalised
from core.domain.suspension import Suspension
from core.policy import Policy
from core.position import Position
from core.refusals import BadField, NotAllowed, NotFound, Suspended, ThreadIsArchived, ThreadIsClosed, UrlNotAllowed
from core.times import rfc3339

ThreadStatus = Literal["open", "closed", "archived"]


class Context(Struct, frozen=True, kw_only=True):
    """Values that every decider may check. `now` is in milliseconds since 1970."""

    caller: Caller
    now: int
    site_opened_at: Position | None = None
    """Position of the opening of the site; None if the site was never opened."""
    policy: Policy = Policy()
    """The policy in force: that of the site, with the overrides of the thread."""
    policy_at: Position | None = None
    """Position of the event that last set the policy of the site."""
    suspension: Suspension | None = None
    """The suspension of the caller that is in force at `now`."""
    standing_at: Position | None = None
    """Position of the event that last set the standing of the caller."""
    thread_exists: bool = False
    thread_status: ThreadStatus = "open"

    @property
    def may_open(self) -> bool:
        """True if a first comment by the caller may open its thread, given url and title."""
        return bool(self.policy.origins) or self.caller.is_staff

    def address(self, url: str) -> str:
        """Return the normalised address of an article. Raises UrlNotAllowed if it is outside the origins, BadField."""
        origins = self.policy.origins
        if not origins and not self.caller.is_staff:
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
        if role not in self.caller.roles:
            raise NotAllowed(f"this requires the role {role}")
        self.require_standing()

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
            raise Suspended(until=None if suspension.until is None else rfc3339(suspension.until))

    def require_member(self) -> None:
        """Raise NotAllowed for guests."""
        if self.caller.is_guest:
            raise NotAllowed("guests may not do this")

    def require_unarchived(self) -> None:
        """Raise ThreadIsArchived if the thread only accepts withdrawals and moderation."""
        if self.thread_status == "archived":
            raise ThreadIsArchived

    def require_open(self) -> None:
        """Raise ThreadIsClosed or ThreadIsArchived if the thread accepts no new text."""
        self.require_unarchived()
        if self.thread_status == "closed":
            raise ThreadIsClosed
