"""Names that authors used, for a search by the beginning of a name: `<key of the name> <author> <thread> <comment>`."""

from typing import Final

from projections.thread.state import CommentState
from projections.views.listings.listing import CommentListing, Members, fourth_word, third_word

LONGEST: Final = 40
"""Maximum length of a key, in characters."""


def key_of(name: str) -> str:
    """The key of a name: case-folded, without spaces, and cut. The key of a name's beginning begins the key."""
    return "".join(name.casefold().split())[:LONGEST]


def _of_comment(comment: CommentState, thread: str) -> Members:
    names = {comment.author.name, *(text.name for text in comment.texts.values())}
    keys = sorted({key for name in names if name is not None and (key := key_of(name))})
    return tuple((f"{key} {comment.author.id} {thread} {comment.id}", 0) for key in keys)


ALIASES: Final = CommentListing(
    "aliases", personal=True, of_comment=_of_comment, thread_of=third_word, comment_of=fourth_word
)
