"""Rights of a caller here, by the words of the policy: who may comment, reply, vote and report."""

from core.domain.context import Context
from core.policy import WhoMay
from core.refusals import NotAllowed, NotEntitled, VotesOff


def require_text(context: Context, *, reply: bool) -> str | None:
    """Return the entitlement by which the caller may write a comment or a reply; None if none is required.

    `comment: nobody` closes threads for all but staff, which `Context.require_open` refuses. Raises NotAllowed,
    Suspended, WarningOpen, NotEntitled.
    """
    context.require_standing()
    context.require_acknowledged()
    policy = context.policy
    if reply and policy.reply is not None:
        return _require(context, policy.reply)
    return None if policy.comment == "nobody" else _require(context, policy.comment)


def require_vote(context: Context) -> str | None:
    """Return the entitlement by which the caller may vote; None if none is required.

    Raises NotAllowed, Suspended, NotEntitled, VotesOff.
    """
    context.require_standing()
    policy = context.policy
    if not policy.votes or policy.vote == "nobody":
        if policy.vote != "anyone":
            context.require_member()
        raise VotesOff
    return _require(context, policy.vote)


def require_report(context: Context) -> str | None:
    """Return the entitlement by which the caller may report; None if none is required.

    Raises NotAllowed, Suspended, NotEntitled.
    """
    context.require_standing()
    return _require(context, context.policy.report)


def _require(context: Context, who: WhoMay) -> str | None:
    caller = context.caller
    if who == "anyone":
        return None
    if who == "nobody":
        if caller.is_staff:
            return None
        raise NotAllowed("nobody but staff may do this here")
    context.require_member()
    entitlement = context.policy.entitlement
    if who == "member" or (caller.is_staff and entitlement not in caller.entitlements):
        return None
    if entitlement not in caller.entitlements:
        raise NotEntitled(needs=entitlement)
    return entitlement
