"""Ids of comments: the source's own behind a prefix, so that old links can be turned into new ones."""

import hashlib
from base64 import urlsafe_b64encode

from core.ids import is_comment


def comment_id(source: str, origin: str) -> str:
    """The id of a comment that has the id `origin` in the source; a digest of that where no id may be written so."""
    made = f"{source}-{origin}"
    return made if is_comment(made) else f"{source}-{_digest(origin, 22)}"


def keeps_origin(source: str, origin: str) -> bool:
    """True if the id of the comment has the source's own in it, so that old links lead to it."""
    return is_comment(f"{source}-{origin}")


def told_apart(made: str, article: str, at: int | None, author: str) -> str:
    """The id of one of several comments that have the same id in the source."""
    suffix = _digest(f"{article}\0{at}\0{author}", 6)
    return f"{made[:57]}-{suffix}"


def _digest(text: str, length: int) -> str:
    encoded = urlsafe_b64encode(hashlib.blake2b(text.encode(errors="replace"), digest_size=24).digest()).decode()
    return encoded.replace("-", "x").replace("_", "y")[:length]
