"""Pre-moderation: which rule, if any, makes a text wait. Every automatic hold names its rule.

`premoderation` holds everything, `links` a body with a link, with the link as match. `edit-under-review` holds an
edit of what moderators have not let stand, whatever it says; which edits those are, the comment itself knows.
"""

from typing import Final

from msgspec import Struct

from core.policy import Policy
from core.text.links import first_link

PREMODERATION: Final = "premoderation"
LINKS: Final = "links"
UNDER_REVIEW: Final = "edit-under-review"


class Hold(Struct, frozen=True):
    """The rule that holds a text, and what in the text it went by."""

    rule: str
    match: str | None = None


def hold(policy: Policy, body: str) -> Hold | None:
    """The hold that the policy puts on a body, already normalised; None lets it stand."""
    match policy.premoderation:
        case "all":
            return Hold(PREMODERATION)
        case "links":
            link = first_link(body)
            return None if link is None else Hold(LINKS, link)
        case "none":
            return None
