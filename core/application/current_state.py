"""Queries of the current state: policy, standing, a thread, a comment, and the refusals that writes would meet."""

from msgspec import Struct

from core import heads
from core.application.aggregate_cache import AggregateCache
from core.application.aggregates import load_aggregates
from core.application.loading import load_context
from core.caller import Caller
from core.concurrency import both
from core.domain.authoring import check_commenting
from core.domain.comment import Comment
from core.domain.member import Member
from core.domain.site import Site
from core.domain.thread import Thread
from core.domain.vote import check_voting
from core.log.port import Log
from core.policy import Policy, PolicyChanges
from core.refusals import NotFound, Refusal


class Refusals(Struct, frozen=True, kw_only=True):
    """The refusals that a comment and a vote of a caller in a thread would meet now; None if allowed."""

    comment: Refusal | None
    vote: Refusal | None
    opened: bool = True
    """True if the thread exists. If it does not, a first comment of the caller may open it."""


async def site_of(log: Log, site: str, *, cache: AggregateCache | None = None) -> Site:
    """Return the site. Raises NotFound if it was never opened."""
    found = (await load_aggregates(log, site, "", folded=(heads.SITE,), cache=cache, reads=True)).site
    if not found.exists:
        raise NotFound("there is no such site")
    return found


async def standing_of(log: Log, site: str, member: str, *, cache: AggregateCache | None = None) -> Member:
    """Return a member's standing; `suspension_at` gives the suspension in force. Raises NotFound without a site."""
    aggregates = await load_aggregates(
        log, site, "", folded=(heads.SITE, heads.member(member)), cache=cache, reads=True
    )
    if not aggregates.site.exists:
        raise NotFound("there is no such site")
    return aggregates.member(member)


async def thread_of(log: Log, site: str, thread: str, *, cache: AggregateCache | None = None) -> Thread:
    """Return the thread. Raises NotFound if it was never opened."""
    found = (await load_aggregates(log, site, thread, folded=(heads.THREAD,), cache=cache, reads=True)).thread
    if not found.exists:
        raise NotFound("there is no such thread")
    return found


async def policy_of(log: Log, site: str, thread: str, *, cache: AggregateCache | None = None) -> Policy:
    """Return the policy in force in a thread. Raises NotFound if there is no such site or thread."""
    found = await thread_of(log, site, thread, cache=cache)
    return found.policy((await site_of(log, site, cache=cache)).policy)


class ThreadPolicy(Struct, frozen=True, kw_only=True):
    """The policy in force in a thread, and the thread's overrides of the site's policy."""

    policy: Policy
    overrides: PolicyChanges
    opened: bool
    """True if the thread exists. If it does not, a first comment may open it, and the policy is the site's."""


async def policy_in_force(log: Log, site: str, thread: str, *, cache: AggregateCache | None = None) -> ThreadPolicy:
    """Return the policy in force in a thread, or in one that a first comment may open.

    Raises NotFound if there is no such site, or if there is no such thread and members may not open one.
    """
    aggregates, site_state = await both(
        lambda: load_aggregates(log, site, thread, folded=(heads.THREAD,), cache=cache, reads=True),
        lambda: site_of(log, site, cache=cache),
    )
    if not aggregates.thread.exists and not site_state.policy.origins:
        raise NotFound("there is no such thread")
    found = aggregates.thread
    return ThreadPolicy(policy=found.policy(site_state.policy), overrides=found.overrides, opened=found.exists)


async def comment_of(
    log: Log, site: str, thread: str, comment: str, *, caller: Caller, cache: AggregateCache | None = None
) -> Comment:
    """Return the comment as the caller may read it. Raises the same NotFound for hidden and for unknown comments."""
    found = (
        await load_aggregates(log, site, thread, folded=(heads.comment(comment),), cache=cache, reads=True)
    ).comment(comment)
    if not found.readable_by(caller):
        raise NotFound("there is no such comment")
    return found


async def refusals(
    log: Log, *, site: str, thread: str, caller: Caller, cache: AggregateCache | None = None
) -> Refusals:
    """Return the refusals that writes of the caller would meet in this thread now.

    Raises NotFound if there is no such thread and no first comment of the caller may open it.
    """
    context = await load_context(log, site=site, thread=thread, caller=caller, cache=cache)
    if not context.may_open:
        context.require_thread()
    context.require_site()
    found: list[Refusal | None] = []
    for check in (check_commenting, check_voting):
        try:
            check(context)
        except Refusal as refusal:
            found.append(refusal)
        else:
            found.append(None)
    return Refusals(comment=found[0], vote=found[1], opened=context.thread_exists)
