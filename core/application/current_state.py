"""What is true now, asked without writing: policy, standing, a thread, a comment, why a write would fail."""

from msgspec import Struct

from core import heads
from core.application.aggregates import AggregateCache, load_aggregates
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
from core.policy import Policy
from core.refusals import NotFound, Refusal


class Refusals(Struct, frozen=True, kw_only=True):
    """Why a comment, or a vote, of somebody's in a thread would be refused now; None where it would not."""

    comment: Refusal | None
    vote: Refusal | None
    opened: bool = True
    """Whether the thread is open; where it is not, a first comment of the caller's may open it."""


async def site_of(log: Log, site: str, *, folds: AggregateCache | None = None) -> Site:
    """The site. Raises NotFound where it was never opened."""
    found = (await load_aggregates(log, site, "", folded=(heads.SITE,), folds=folds, reads=True)).site
    if not found.exists:
        raise NotFound("there is no such site")
    return found


async def standing_of(log: Log, site: str, member: str, *, folds: AggregateCache | None = None) -> Member:
    """A member's standing; `suspension_at` tells whether a suspension is in force. Raises NotFound for no site."""
    aggregates = await load_aggregates(
        log, site, "", folded=(heads.SITE, heads.member(member)), folds=folds, reads=True
    )
    if not aggregates.site.exists:
        raise NotFound("there is no such site")
    return aggregates.member(member)


async def thread_of(log: Log, site: str, thread: str, *, folds: AggregateCache | None = None) -> Thread:
    """The thread. Raises NotFound where it was never opened."""
    found = (await load_aggregates(log, site, thread, folded=(heads.THREAD,), folds=folds, reads=True)).thread
    if not found.exists:
        raise NotFound("there is no such thread")
    return found


async def policy_of(log: Log, site: str, thread: str, *, folds: AggregateCache | None = None) -> Policy:
    """The policy in force in a thread. Raises NotFound where there is no such site or thread."""
    here = await thread_of(log, site, thread, folds=folds)
    return here.policy((await site_of(log, site, folds=folds)).policy)


async def policy_or_site_policy_of(
    log: Log, site: str, thread: str, *, folds: AggregateCache | None = None
) -> tuple[Policy, bool]:
    """The policy in force in a thread, or for one that a first comment may open that of the site; whether it is open.

    Raises NotFound where there is no such site or thread, and no member may open one.
    """
    here, there = await both(
        lambda: load_aggregates(log, site, thread, folded=(heads.THREAD,), folds=folds, reads=True),
        lambda: site_of(log, site, folds=folds),
    )
    if not here.thread.exists and not there.policy.origins:
        raise NotFound("there is no such thread")
    return here.thread.policy(there.policy), here.thread.exists


async def comment_of(
    log: Log, site: str, thread: str, comment: str, *, caller: Caller, folds: AggregateCache | None = None
) -> Comment:
    """The comment as the caller may read it. Raises NotFound, the same for what is hidden and what was never posted."""
    found = (
        await load_aggregates(log, site, thread, folded=(heads.comment(comment),), folds=folds, reads=True)
    ).comment(comment)
    if not found.readable_by(caller):
        raise NotFound("there is no such comment")
    return found


async def refusals(
    log: Log, *, site: str, thread: str, caller: Caller, folds: AggregateCache | None = None
) -> Refusals:
    """Why writes of the caller would fail in this thread now.

    Raises NotFound where there is no such thread, and no first comment of the caller's may open it.
    """
    context = await load_context(log, site=site, thread=thread, caller=caller, folds=folds)
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
