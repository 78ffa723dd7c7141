"""The reading page: a discussion without a script, for printing, for search engines, and where the section fails."""

from collections.abc import Awaitable, Callable, Mapping
from hashlib import blake2b
from typing import Final, NamedTuple
from urllib.parse import urlencode

from starlette.types import Receive, Scope

from core.refusals import NotFound
from projections.read.queries import BadCursor, PageQuery, Sort
from workers.gateway.html import fragment, linked
from workers.gateway.html.fragment import SectionContext
from workers.gateway.http import caching, parameters
from workers.gateway.http.caching import Caching
from workers.gateway.http.headers import if_none_match
from workers.gateway.http.parameters import Query
from workers.gateway.http.refusals import BadRequest
from workers.gateway.http.request_record import RequestRecord
from workers.gateway.http.response import Response
from workers.gateway.web.discussions import Discussion, Discussions
from workers.gateway.web.hosted import ALONE, NOINDEX, Make, Shell, attributes, page, text

THREAD: Final = "/read/{site}/{thread}"
COMMENT: Final = "/read/{site}/{thread}/{comment}"

_SORT: Final[Sort] = "top"
_SORTS: Final[Mapping[str, Sort]] = {order: order for order in ("top", "newest", "oldest")}
"""Orders by name, as they are offered."""
_KNOWN: Final = frozenset({"sort", "all", "cursor"})
"""Parameters of a reading page. Others, such as those that newsletters add, are passed over."""
_CURSOR: Final = 20_000
"""Longest cursor in characters, as in the API."""


class _Wanted(NamedTuple):
    """The parameters of one request."""

    sort: Sort
    all: bool
    cursor: str | None

    @property
    def query(self) -> PageQuery:
        """The page to read: all of it that one page may hold, or what the API gives by itself."""
        if self.all:
            return PageQuery(sort=self.sort, limit=200, depth=50, replies=200, cursor=self.cursor)
        return PageQuery(sort=self.sort, cursor=self.cursor)

    def after(self, cursor: str) -> str:
        """Return the query string of the page after this one."""
        return f"?{urlencode({'sort': self.sort, **({'all': '1'} if self.all else {}), 'cursor': cursor})}"


class ReadingPages:
    """Makes the reading pages of threads and of comments."""

    def __init__(self, shell: Shell, discussions: Discussions) -> None:
        self._shell = shell
        self._discussions = discussions

    def pages(self) -> dict[str, Make]:
        """Return the pages by path template."""
        return {THREAD: self._kept(THREAD, self._thread), COMMENT: self._kept(COMMENT, self._comment)}

    def _kept(self, route: str, make: Callable[[Scope, _Wanted], Awaitable[Response]]) -> Make:
        """Return a page that is read within the gate of reads, and cached as pages of the API are."""

        async def made(scope: Scope, receive: Receive) -> Response:
            given = parameters.parse(scope["query_string"])
            wanted = _wanted(given)
            gate, cache = self._discussions.gate, self._discussions.cache
            await gate.enter(receive)
            try:
                response = await make(scope, wanted)
            finally:
                gate.leave()
            response = caching.apply(response, Caching.EVERYONE, token=False, fresh=False, comment=route == COMMENT)
            # One entry per page that differs, not one per unknown parameter.
            if cache is not None and response.states and scope["method"] == "GET" and given.keys() <= _KNOWN:
                record: RequestRecord = scope["hansard"]
                record.shared = True
                cache.keep(scope, route, response)
            return caching.unless_known(response, if_none_match(scope))

        return made

    async def _thread(self, scope: Scope, wanted: _Wanted) -> Response:
        site, thread = scope["path_params"]["site"], scope["path_params"]["thread"]
        found = await self._discussions.read(site, thread, wanted.query)
        here, context = f"/read/{site}/{thread}", self._context(found, site, thread)
        words, after = context.words, found.page.next
        orders = "".join(
            f"<a{attributes(href=f'{here}?sort={order}', aria_current='true' if order == wanted.sort else None)}>"
            f"{text(words.say(order))}</a>"
            for order in _SORTS
        )
        links = [_link(f"{here}?all", words.say("printing"))] if found.page.comments and not wanted.all else []
        links += [_link(context.audit, words.say("earlier"))] if context.audit else []
        more = None if after is None else (here + wanted.after(after), words.say("more_comments"))
        sorts = f'<nav class="sorts label"{attributes(aria_label=words.say("order"))}>{orders}</nav>'
        linked_data = linked.write_linked(found.page) if _indexed(found) else ""
        return self._page(found, context, _Around(sorts, " ".join(links), more, linked_data))

    async def _comment(self, scope: Scope, wanted: _Wanted) -> Response:
        site, thread, comment = (scope["path_params"][name] for name in ("site", "thread", "comment"))
        if wanted.cursor is None:
            found = await self._discussions.read_comment(site, thread, comment)
        else:
            found = await self._discussions.read_replies(site, thread, comment, wanted.cursor)
        here, context = f"/read/{site}/{thread}", self._context(found, site, thread)._replace(here=comment)
        words, after = context.words, found.page.next
        query = urlencode({"cursor": after})
        more = None if after is None else (f"{here}/{comment}?{query}", words.say("more_comments"))
        return self._page(found, context, _Around("", _link(here, words.say("whole")), more, ""))

    def _context(self, found: Discussion, site: str, thread: str) -> SectionContext:
        """Return all else that the page is made of. Raises NotFound if the site has no reading pages."""
        if found.policy.read_pages == "off":
            raise NotFound("this publication has no reading pages")
        return self._discussions.context(
            found, read=f"/read/{site}/{thread}", audit=f"/audit/{site}/{thread}", still=True
        )

    def _page(self, found: Discussion, context: SectionContext, around: "_Around") -> Response:
        thread, words = found.page.thread, context.words
        robots = "" if _indexed(found) else f"<meta{attributes(name='robots', content='noindex')}>"
        title, count = words.say("discussion"), words.number(thread.comments)
        article = thread.url if thread.title is None else thread.title
        more = ""
        if around.more is not None:
            address, said = around.more
            more = f"<a{attributes(class_='more end', href=address, rel='next')}>{text(said)}</a>"
        standing = fragment.standing(thread, context)
        body = (
            f'<main class="reading"><h1><a{attributes(href=thread.url)}><bdi>{text(article)}</bdi></a></h1>'
            '<section class="in" aria-labelledby="h"><header class="head"><div class="line">'
            f'<h2 class="title" id="h">{text(title)} <span>{count}</span></h2>{around.sorts}</div>'
            f'<p class="state label">{around.links}</p></header>'
            f"{f'<p class=say>{text(standing)}</p>' if standing else ''}"
            f'<ol class="rows">{fragment.write_rows(found.page, context)}</ol>{more}'
            f'<p class="end"><a href="#h">{text(words.say("back"))}</a></p></section></main>'
        )
        document = self._shell.document(
            f"{title} · {article}",
            body,
            lang=words.language,
            direction=words.direction,
            head=f"<link{attributes(rel='canonical', href=thread.url)}>{robots}{around.linked}",
            styles=("css/section.css",),
        )
        headers = (ALONE,) if _indexed(found) else (ALONE, NOINDEX)
        tag = blake2b(document, digest_size=12).hexdigest()
        return page(document, *headers)._replace(tag=tag, states=found.states)


class _Around(NamedTuple):
    """Parts of a page around its rows, as HTML; `more` is the address of the next page and the words for it."""

    sorts: str
    links: str
    more: tuple[str, str] | None
    linked: str


def _indexed(found: Discussion) -> bool:
    """True if search engines may list the page."""
    return found.policy.read_pages == "index"


def _link(address: str, said: str) -> str:
    return f"<a{attributes(href=address)}>{text(said)}</a>"


def _wanted(given: Query) -> _Wanted:
    """Return the parameters of a request. Raises BadRequest, BadCursor."""
    sort = given.get("sort", [_SORT])[0]
    cursor = given.get("cursor", [None])[0]
    known = _SORTS.get(sort)
    if known is None:
        raise BadRequest.at("/sort", f"the order must be one of {', '.join(_SORTS)}")
    if cursor is not None and len(cursor) > _CURSOR:
        raise BadCursor("the cursor is too long")
    return _Wanted(known, "all" in given, cursor)
