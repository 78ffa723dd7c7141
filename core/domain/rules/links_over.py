"""Rule `links_over`: a text with many links."""

from typing import Annotated, Final

from msgspec import Meta

from core.domain.context import Context
from core.domain.rules.premoderation import Hold
from core.domain.rules.rule import Rule
from core.text.links import link_beyond

LINKS_OVER: Final = "links_over"


class LinksOver(Rule, frozen=True, kw_only=True, tag=LINKS_OVER):
    """Matches a text with more than `links` links. The match is the first link beyond them."""

    links: Annotated[int, Meta(ge=0, le=1000)]

    def match(self, body: str, _: Context, /) -> Hold | None:
        """The hold of a body with too many links."""
        link = link_beyond(body, self.links)
        return None if link is None else Hold(LINKS_OVER, link)
