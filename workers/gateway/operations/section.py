"""The section of a thread as HTML: a page, now or in the past, for publishers' servers and for hosted pages."""

from hashlib import blake2b
from typing import Annotated, Final, Literal
from urllib.parse import urlencode

from msgspec import Meta

from core.application.current_state import policy_of
from core.policy import Policy
from projections.read import pages
from projections.read.queries import PageQuery, ViewState
from workers.gateway.html import fragment, linked
from workers.gateway.html.page import decode
from workers.gateway.html.site_context import site_context
from workers.gateway.http.caching import Caching
from workers.gateway.http.response import HTML, Response
from workers.gateway.http.response_cache import states_of_site
from workers.gateway.operations.as_of import PAST, answer_then
from workers.gateway.operations.operation import THREAD, Access, Operation, Request
from workers.gateway.operations.reading import caught_up, found
from workers.gateway.operations.services import Services
from workers.gateway.shapes.threads import PageParameters
from workers.gateway.web.assets import SECTION_STYLES, release


class SectionParameters(PageParameters, frozen=True, kw_only=True):
    """Read of a page of a thread as HTML, now or in the past."""

    lang: (
        Annotated[
            str,
            Meta(
                max_length=35,
                examples=["en"],
                description="Language of the words (BCP 47). Without it, and where there are no words in it: that of "
                "the site.",
            ),
        ]
        | None
    ) = None
    level: Annotated[int, Meta(ge=1, le=6, description="Level of the heading.")] = 2
    linked: (
        Annotated[Literal["1"], Meta(description="With JSON-LD: the comments as `Comment`s about the article.")] | None
    ) = None


PATH: Final = f"{THREAD}/section"
_PAGE_FIELDS: Final = PageQuery.__struct_fields__
_SHOWN: Final = (*(name for name in _PAGE_FIELDS if name != "cursor"), "at")
"""Parameters that the HTML says it was made with."""


async def read_section(request: Request[SectionParameters, None]) -> Response:
    """Read a page of a thread as HTML, now or in the past."""
    query, services = request.query, request.services
    # The state of the site's own events is read before its policy: a kept answer ends with a change of the policy.
    states = await states_of_site(services.response_cache, services.served.keys, request.site)
    if query.at is not None:
        response = await answer_then(request, query.at, _page_query(query))
    else:
        await caught_up(request, query.after)
        response = found(await pages.page(services.served, request.site, request.thread, query))
    policy = await policy_of(services.log, request.site, request.thread, cache=services.aggregate_cache)
    return section_of(response, states, section_context(services, request.site, request.thread, query, policy), query)


def section_of(
    response: Response,
    states: tuple[ViewState, ...],
    context: fragment.SectionContext,
    query: SectionParameters,
    kept: Response | None = None,
) -> Response:
    """Return the HTML of a page. `states` are of the site's own events, read before the policy of the context.

    `kept` is an earlier response to this request. With the same tag its HTML is not written again.
    """
    tag = None if response.tag is None else f"{response.tag}-{_digest(context, linked=query.linked is not None)}"
    html = _html(response.body, context, query) if kept is None or tag is None or kept.tag != tag else kept.body
    return Response(200, html, (), HTML, tag, (*response.states, *states) if response.states and states else ())


def _html(body: bytes, context: fragment.SectionContext, query: SectionParameters) -> bytes:
    page = decode(body)
    html = fragment.write_section(page, context)
    if query.linked is not None:
        html += linked.write_linked(page)
    return html.encode()


def _page_query(query: SectionParameters) -> PageQuery:
    """Return the query of the page alone: pages of the past are cached by it."""
    return PageQuery(**{name: getattr(query, name) for name in _PAGE_FIELDS})


def section_context(
    services: Services, site: str, thread: str, query: SectionParameters, policy: Policy
) -> fragment.SectionContext:
    """Return all else that the HTML of a page is made of."""
    public = services.public.url
    given = {name: value for name in _SHOWN if (value := getattr(query, name)) is not None}
    if given.pop("featured", False):
        given["featured"] = "true"
    return site_context(
        policy,
        services.clock(),
        language=query.lang,
        level=query.level,
        styles=[public + release().address(style) for style in SECTION_STYLES],
        read=f"{public}/read/{site}/{thread}",
        audit=f"{public}/audit/{site}/{thread}",
        query=urlencode(given),
    )


def _digest(context: fragment.SectionContext, *, linked: bool) -> str:
    """Return a digest of everything besides the page that the HTML is made of."""
    made_of = (
        fragment.VERSION,
        release().digest,
        context.words.language,
        str(context.zone),
        context.now.astimezone(context.zone).year,
        context.level,
        context.read,
        context.audit,
        context.history,
        linked,
    )
    return blake2b(repr(made_of).encode(), digest_size=6).hexdigest()


OPERATIONS: Final = (
    Operation(
        name="readSection",
        method="GET",
        path=PATH,
        access=Access.EVERYONE,
        tag="Reading",
        summary="Read a page of a thread as HTML, now or in the past",
        detail=(
            "For servers of publishers: the response goes into the element `hansard-comments`, so that the discussion "
            "is readable before any script runs. It is a declarative shadow root, and a link for browsers that do not "
            "know one. Times are exact in `<time datetime>`; their text is in the time zone of the site."
        ),
        handler=read_section,
        query=SectionParameters,
        media="text/html",
        example='<template shadowrootmode="open">…</template>',
        problems=PAST,
        caching=Caching.EVERYONE,
        past=True,
    ),
)
