"""Who appears in the tests of the domain, and the words that they use."""

from typing import Any, Final

from core.caller import Caller
from core.domain.authoring import EditComment, PostComment
from core.events.comment_events import CommentEdited, CommentPosted
from core.events.site_events import PolicyChanged
from core.events.thread_events import PolicyOverridden
from core.policy import PolicyChanges

ADA: Final = Caller(id="ada", name="Ada", badges=("subscriber",), entitlements=frozenset({"subscriber"}))
BEN: Final = Caller(id="ben", name="Ben")
EVE: Final = Caller(id="eve", name="Eve")
GUEST: Final = Caller(id="guest", name="A guest", kind="guest")
MOD: Final = Caller(id="mod", name="Mo", roles=frozenset({"moderator"}))
OTHER_MOD: Final = Caller(id="mia", name="Mia", roles=frozenset({"moderator"}))
AUDITOR: Final = Caller(id="aud", name="Audrey", roles=frozenset({"auditor"}))
ADMIN: Final = Caller(id="adm", name="Adam", roles=frozenset({"admin"}))
BOTH: Final = Caller(id="bo", name="Bo", roles=frozenset({"admin", "moderator"}))
OPERATOR: Final = Caller(id="op", name="Op", roles=frozenset({"operator"}))

SITE: Final = "unherd"
THREAD: Final = "power-broker"
URL: Final = "https://unherd.com/power-broker"
TITLE: Final = "The power broker"
LINK: Final = "see https://example.com/x"


def policy(**fields: Any) -> PolicyChanged:
    """The site changed its policy."""
    return PolicyChanged(changes=PolicyChanges(**fields))


def overridden(**fields: Any) -> PolicyOverridden:
    """The thread overrides the site's policy."""
    return PolicyOverridden(overrides=PolicyChanges(**fields))


def posted(comment: str = "c1", body: str | None = "first words", **fields: Any) -> CommentPosted:
    """Ada posted, as far as nothing else is said."""
    return CommentPosted(**{"comment": comment, "revision": 1, "body": body, "name": "Ada", **fields})


def reply(comment: str, parent: str, depth: int, **fields: Any) -> CommentPosted:
    """An answer that hangs where it was given."""
    there = {"parent": parent, "answered": parent, "answered_revision": 1, "depth": depth}
    return posted(comment, **{**there, **fields})


def edited(revision: int, body: str, comment: str = "c1", **fields: Any) -> CommentEdited:
    """Ada edited, as far as nothing else is said: under the name of her post, which is then left out."""
    return CommentEdited(**{"comment": comment, "revision": revision, "body": body, **fields})


def post(comment: str = "new", body: str = "new words", **fields: Any) -> PostComment:
    """Post a comment."""
    return PostComment(comment=comment, body=body, **fields)


def edit(revision: int | tuple[int, ...], body: str, comment: str = "c1", **fields: Any) -> EditComment:
    """Edit a comment in view of its latest revision."""
    return EditComment(comment=comment, revision=revision, body=body, **fields)
