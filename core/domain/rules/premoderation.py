"""Pre-moderation: select the rule, if any, that holds a text. Every automatic hold names its rule.

`premoderation` holds everything. `links` holds a body with a link, and records the link as match. `edit-under-review`
holds every edit of a comment that moderators have not approved, whatever its text; `Comment` determines those edits.
"""

from typing import Final

from msgspec import Struct

from core.policy import Policy
from core.text.links import first_link

PREMODERATION: Final = "premoderation"
LINKS: Final = "links"
UNDER_REVIEW: Final = "edit-under-review"


class Hold(Struct, frozen=True):
    """The rule that holds a text, and the part of the text that matched."""

    rule: str
    match: str | None = None
    spans: tuple[tuple[int, int], ...] = ()
    """Places of the match in the body, in code points, the end exclusive; empty if they can be found by the match."""
    list: str | None = None
    """The word list that had the match."""


def hold(policy: Policy, body: str) -> Hold | None:
    """The hold that the policy puts on a normalised body; None if it puts none."""
    match policy.premoderation:
        case "all":
            return Hold(PREMODERATION)
        case "links":
            link = first_link(body)
            return None if link is None else Hold(LINKS, link)
        case "none":
            return None
