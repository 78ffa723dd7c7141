"""The context of HTML under the policy of a site: language, time zone, and what readers may open."""

from collections.abc import Sequence
from datetime import UTC, datetime

from core.policy import Policy
from core.time_zones import zone_of
from workers.gateway.html.fragment import SectionContext
from workers.gateway.html.words import words_of


def site_context(  # noqa: PLR0913 # what HTML depends on besides the policy, by keyword
    policy: Policy,
    now: float,
    *,
    read: str,
    audit: str,
    query: str = "",
    language: str | None = None,
    level: int = 2,
    styles: Sequence[str] = (),
    still: bool = False,
) -> SectionContext:
    """Return the context of HTML made at `now`, in seconds since 1970.

    `read` and `audit` are addresses of pages, left out where the policy hides these pages. `language` is preferred to
    that of the site.
    """
    is_public = policy.history == "public"
    return SectionContext(
        words=words_of(language, policy.language),
        zone=zone_of(policy.timezone),
        now=datetime.fromtimestamp(now, UTC),
        level=level,
        styles=styles,
        read="" if policy.read_pages == "off" else read,
        audit=audit if is_public else "",
        history=is_public,
        writes=policy.comment != "nobody" and not still,
        query=query,
        still=still,
    )
