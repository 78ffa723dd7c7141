"""Discussions for hosted pages: a page, one comment in its line, or more replies; and what else their HTML needs."""

from collections.abc import Callable

import msgspec
from msgspec import Struct
from starlette.types import Receive

from core.application.aggregate_cache import AggregateCache
from core.application.current_state import policy_of, site_of
from core.concurrency import both
from core.domain.site import Site
from core.log.port import Log
from core.policy import Policy
from core.refusals import NotFound
from projections.read import comments, pages
from projections.read.queries import PageAnswer, PageQuery, RepliesQuery, ViewState
from projections.read.served_generation import Served
from projections.views.viewer import PUBLIC
from workers.gateway.html.fragment import SectionContext
from workers.gateway.html.page import FragmentPage, FragmentRow, FragmentThread, decode
from workers.gateway.html.site_context import site_context
from workers.gateway.http.admission import Gate
from workers.gateway.http.response_cache import ResponseCache, states_of_site


class Discussion(Struct, frozen=True, kw_only=True):
    """A part of a discussion as it is now. `tag` changes with it, `states` are those of the views that it is from."""

    page: FragmentPage
    policy: Policy
    tag: str
    states: tuple[ViewState, ...] = ()


class _Line(Struct, frozen=True, gc=False):
    """One comment with its ancestors, root first."""

    thread: FragmentThread
    ancestors: list[FragmentRow]
    comment: FragmentRow


class _More(Struct, frozen=True, gc=False):
    """More replies of one comment."""

    comments: list[FragmentRow]
    next: str | None


class Discussions(Struct, frozen=True, kw_only=True):
    """Reads discussions as the API does, within the same gate. Methods raise NotFound, BadCursor, Unavailable."""

    served: Served
    log: Log
    aggregates: AggregateCache
    cache: ResponseCache | None
    gate: Gate
    clock: Callable[[], float]

    async def check(self, site: str, thread: str, receive: Receive) -> None:
        """Raise NotFound if a site has no such thread. The check enters the gate of reads by itself."""
        await self.gate.enter(receive)
        try:
            _there(await pages.page(self.served, site, thread, PageQuery(limit=1, replies=0)))
        finally:
            self.gate.leave()

    async def site(self, site: str, receive: Receive) -> Site:
        """Return a site. The read enters the gate of reads by itself."""
        await self.gate.enter(receive)
        try:
            return await site_of(self.log, site, cache=self.aggregates)
        finally:
            self.gate.leave()

    async def read(self, site: str, thread: str, query: PageQuery) -> Discussion:
        """Read a page of a thread."""
        # The state of the site's own events is read before its policy: a kept answer ends with a change of the policy.
        states = await states_of_site(self.cache, self.served.keys, site)
        answer, policy = await both(
            lambda: pages.page(self.served, site, thread, query), lambda: self.policy(site, thread)
        )
        found = _there(answer)
        kept = (*found.states, *states) if found.states and states else ()
        return Discussion(page=decode(found.body), policy=policy, tag=found.tag, states=kept)

    async def read_comment(self, site: str, thread: str, comment: str) -> Discussion:
        """Read one comment as the only row of each level of its line, with its replies."""
        answer, policy = await both(
            lambda: comments.permalink(self.served, site, thread, comment, PUBLIC),
            lambda: self.policy(site, thread),
        )
        found = _there(answer)
        line = _line(found.body)
        row = line.comment
        for ancestor in reversed(line.ancestors):
            # The line shows one reply per ancestor: the others are not counted as missing there.
            replies = msgspec.structs.replace(ancestor.replies, count=1, comments=[row], next=None)
            row = msgspec.structs.replace(ancestor, replies=replies)
        page = FragmentPage(thread=line.thread, sort="oldest", comments=[row], next=None)
        return Discussion(page=page, policy=policy, tag=found.tag)

    async def read_replies(self, site: str, thread: str, comment: str, cursor: str) -> Discussion:
        """Read more replies of one comment, from a cursor on."""
        line = _line(_there(await comments.permalink(self.served, site, thread, comment, PUBLIC)).body)
        found = _there(await pages.replies(self.served, site, thread, comment, RepliesQuery(cursor=cursor)))
        more = _more(found.body)
        page = FragmentPage(thread=line.thread, sort="oldest", comments=more.comments, next=more.next)
        return Discussion(page=page, policy=await self.policy(site, thread), tag=found.tag)

    def context(
        self, found: Discussion, *, read: str, audit: str, query: str = "", still: bool = False
    ) -> SectionContext:
        """Return all else that HTML of it is made of. `read` and `audit` are addresses of pages."""
        return site_context(found.policy, self.clock(), read=read, audit=audit, query=query, still=still)

    async def policy(self, site: str, thread: str) -> Policy:
        """Return the policy of a thread."""
        return await policy_of(self.log, site, thread, cache=self.aggregates)


def _there(answer: PageAnswer | None) -> PageAnswer:
    if answer is None:
        raise NotFound("there is no such discussion, or no such comment in it")
    return answer


_line = msgspec.json.Decoder(_Line).decode
_more = msgspec.json.Decoder(_More).decode
