"""Trust in a member: given by staff, earned by approvals, or carried by a token; ended by a moderator's rejection.

A trusted member passes pre-moderation and rules that hold. The time of the last rejection and the approvals since then
are of the member record, so the event of a text records by what its author was trusted.
"""

from typing import Literal

from core.caller import Caller
from core.domain.context import Context
from core.member_record import NO_RECORD, MemberRecord
from core.policy import Policy
from core.times import DAY_MS

Source = Literal["staff", "rule", "token"]


def is_possible(policy: Policy, caller: Caller) -> bool:
    """True if the policy may trust the caller without staff."""
    return policy.trust is not None or _is_carried(policy, caller)


def of(context: Context) -> Source | None:
    """By what the caller is trusted; None if the caller is not."""
    record = context.record or NO_RECORD
    given_at = context.standing_given_at
    if context.standing == "held":
        return None
    if context.standing == "trusted" and given_at is not None and record.rejected_at <= given_at:
        return "staff"
    if _is_earned(context.policy, record, context.now):
        return "rule"
    return "token" if not record.rejected_at and _is_carried(context.policy, context.caller) else None


def _is_earned(policy: Policy, record: MemberRecord, now: int) -> bool:
    wanted = policy.trust
    if wanted is None or record.approved < wanted.after:
        return False
    return not record.rejected_at or now - record.rejected_at > wanted.days * DAY_MS


def _is_carried(policy: Policy, caller: Caller) -> bool:
    trusted = policy.trusted_by
    return bool(trusted) and not caller.entitlements.union(caller.badges).isdisjoint(trusted)
