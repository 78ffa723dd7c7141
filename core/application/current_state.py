"""Queries of the current state: policy, standing, a thread, a comment, and the refusals that writes would meet."""

from typing import NamedTuple

from msgspec import Struct

from core import heads
from core.application.aggregate_cache import AggregateCache
from core.application.aggregates import AggregateQuery, Aggregates, evolve, load_aggregates, load_all_aggregates
from core.application.loading import load_context
from core.caller import Caller
from core.concurrency import both
from core.domain.authoring import check_commenting
from core.domain.comment import Comment
from core.domain.context import closing_time
from core.domain.member import Member
from core.domain.names import KnownNames, likeness
from core.domain.rules.registry import decoded
from core.domain.site import Site
from core.domain.suspension import Suspension
from core.domain.suspension_appeal import SuspensionCase, suspension_case
from core.domain.thread import Thread
from core.domain.vote import check_voting
from core.domain.warning import OpenWarning
from core.domain.word_lists import Lists
from core.events.envelope import read
from core.events.facts import Likeness
from core.log.port import Beside, HeadWanted, Load, Log
from core.policy import Policy, PolicyChanges
from core.position import Position
from core.refusals import NotFound, Refusal
from core.text.nickname import looks


class Refusals(Struct, frozen=True, kw_only=True):
    """The refusals that a comment and a vote of a caller in a thread would meet now; None if allowed."""

    comment: Refusal | None
    vote: Refusal | None
    now: int
    """The time at which they would, by the clock of the log, in milliseconds since 1970."""
    opened: bool = True
    """True if the thread exists. If it does not, a first comment of the caller may open it."""
    warning: OpenWarning | None = None
    """The oldest warning that waits for the caller's acknowledgement."""


class MemberState(NamedTuple):
    """A member's standing on a site, and the case of their last suspension."""

    site: Site
    standing: Member
    case: SuspensionCase

    def suspension_at(self, now: int) -> tuple[Suspension, SuspensionCase] | None:
        """The suspension in force at `now`, in milliseconds since 1970, and its case; None without one."""
        return suspension_case(self.standing, self.case, now)


async def site_of(log: Log, site: str, *, cache: AggregateCache | None = None) -> Site:
    """Return the site. Raises NotFound if it was never opened."""
    return _existing_site(await load_aggregates(log, site, "", folded=(heads.SITE,), cache=cache, reads=True))


async def site_then(log: Log, site: str, moment: Position | int) -> Site | None:
    """Return the site as it was after the last of its events up to a moment; None if it was not opened by then.

    A moment is a position, or a time in milliseconds since 1970. Raises CannotFold, EventMissing, Unavailable.
    """
    wanted = Load(site=site, thread="", heads=(HeadWanted(heads.SITE),), reads=True)
    state = Site()
    for entry in (await log.load(wanted)).events.get(heads.SITE, []):
        recorded = read(*entry)
        is_later = recorded.occurred_at > moment if isinstance(moment, int) else recorded.position > moment
        if is_later:
            break
        state = evolve(heads.SITE, state, recorded)
    return state if state.exists else None


async def standing_of(log: Log, site: str, member: str, *, cache: AggregateCache | None = None) -> Member:
    """Return a member's standing; `suspension_at` gives the suspension in force. Raises NotFound without a site."""
    aggregates = await load_aggregates(
        log, site, "", folded=(heads.SITE, heads.member(member)), cache=cache, reads=True
    )
    _existing_site(aggregates)
    return aggregates.member(member)


async def member_of(log: Log, site: str, member: str, *, cache: AggregateCache | None = None) -> MemberState:
    """Return a member's standing with the case of the suspension. Raises NotFound without a site."""
    fields = heads.SITE, heads.member(member), heads.appeal(member)
    found = await load_aggregates(log, site, "", folded=fields, cache=cache, reads=True)
    return MemberState(_existing_site(found), found.member(member), found.suspension_case(member))


async def thread_of(log: Log, site: str, thread: str, *, cache: AggregateCache | None = None) -> Thread:
    """Return the thread. Raises NotFound if it was never opened."""
    found = (await load_aggregates(log, site, thread, folded=(heads.THREAD,), cache=cache, reads=True)).thread
    if not found.exists:
        raise NotFound("there is no such thread")
    return found


async def lists_of(log: Log, site: str) -> Lists:
    """Return the word lists of a site. Raises NotFound if it was never opened."""
    found = await load_aggregates(log, site, "", folded=(heads.SITE,), heads_only=(heads.LISTS,), reads=True)
    _existing_site(found)
    return found.lists


async def guest_likeness(log: Log, site: Site, name: str, *, own: str, slug: str) -> Likeness | None:
    """The likeness of the name of a guest with the id `own`, as far as the site knows; None if it is like any other.

    `slug` is the id of the site. Raises Unavailable.
    """
    beside = Beside(site=slug, thread="", member=own, look=looks(name))
    found = (
        await log.load(
            Load(
                site=slug,
                thread="",
                heads=(HeadWanted(heads.SITE, events=False),),
                heads_first=True,
                reads=True,
                beside=beside,
            )
        )
    ).beside
    reserved = decoded(site.policy.rules).reserved
    return likeness(name, own=own, known=KnownNames(staff=found.staff), site_name=site.name, reserved=reserved)


async def policy_of(log: Log, site: str, thread: str, *, cache: AggregateCache | None = None) -> Policy:
    """Return the policy in force in a thread. Raises NotFound if there is no such site or thread."""
    of_thread = AggregateQuery(site=site, thread=thread, folded=(heads.THREAD,), reads=True)
    of_site = AggregateQuery(site=site, thread="", folded=(heads.SITE,), reads=True)
    one, own = await load_all_aggregates(log, of_thread, of_site, cache=cache)
    if not one.thread.exists:
        raise NotFound("there is no such thread")
    return one.thread.policy(_existing_site(own).policy)


class ThreadPolicy(Struct, frozen=True, kw_only=True):
    """The policy in force in a thread, and the thread's overrides of the site's policy."""

    policy: Policy
    overrides: PolicyChanges
    opened: bool
    """True if the thread exists. If it does not, a first comment may open it, and the policy is the site's."""
    closes_at: int | None
    """The time at which the thread closes by its age, in milliseconds since 1970; None if it never does."""


async def policy_in_force(log: Log, site: str, thread: str, *, cache: AggregateCache | None = None) -> ThreadPolicy:
    """Return the policy in force in a thread, or in one that a first comment may open.

    Raises NotFound if there is no such site, or if there is no such thread and only staff may open one.
    """
    aggregates, site_state = await both(
        lambda: load_aggregates(log, site, thread, folded=(heads.THREAD,), cache=cache, reads=True),
        lambda: site_of(log, site, cache=cache),
    )
    if not aggregates.thread.exists and not site_state.policy.opened_by_comments:
        raise NotFound("there is no such thread")
    found = aggregates.thread
    policy = found.policy(site_state.policy)
    closes_at = closing_time(policy, found.opened_time)
    return ThreadPolicy(policy=policy, overrides=found.overrides, opened=found.exists, closes_at=closes_at)


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
    return Refusals(
        comment=found[0], vote=found[1], now=context.now, opened=context.thread_exists, warning=context.warning
    )


def _existing_site(found: Aggregates) -> Site:
    """Return the site that was loaded. Raises NotFound if it was never opened."""
    if not found.site.exists:
        raise NotFound("there is no such site")
    return found.site
