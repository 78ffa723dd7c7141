"""Identifiers: their grammar, and the derivation of comment ids and command keys.

The grammars are those of the public contract. They are annotated strings, so that one definition serves the type
checker, the request decoder and the OpenAPI document. The `is_…` functions check strings that are not decoded.
"""

import re
from base64 import urlsafe_b64encode
from hashlib import blake2b
from typing import Annotated, Final

from msgspec import Meta

END: Final = r"$(?!\n)"
"""End of every pattern: Python's `$` also matches before a last newline, that of JSON Schema does not."""

SITE_PATTERN: Final = rf"^[a-z0-9-]{{1,40}}{END}"
LONGEST_THREAD: Final = 120
THREAD_PATTERN: Final = rf"^(\.{{0,2}}[A-Za-z0-9_~-]|\.{{3}})[A-Za-z0-9._~-]{{0,119}}{END}"
"""Excludes `.` and `..`. It has no look-ahead, because many regex engines lack it; `LONGEST_THREAD` is therefore
separate."""
COMMENT_PATTERN: Final = rf"^[A-Za-z0-9_-]{{1,64}}{END}"
MEMBER_PATTERN: Final = rf"^[A-Za-z0-9._~:-]{{1,64}}{END}"
SLUG_PATTERN: Final = rf"^[a-z0-9-]{{1,40}}{END}"
KEY_PATTERN: Final = rf"^[!-~]{{1,255}}{END}"

SiteId = Annotated[str, Meta(pattern=SITE_PATTERN, max_length=40, examples=["unherd"])]
ThreadId = Annotated[str, Meta(pattern=THREAD_PATTERN, max_length=LONGEST_THREAD, examples=["power-broker"])]
AnchorId = Annotated[str, Meta(pattern=THREAD_PATTERN, max_length=LONGEST_THREAD, examples=["q1"])]
CommentId = Annotated[str, Meta(pattern=COMMENT_PATTERN, max_length=64, examples=["6ryvbaoxhpcsdxv3kqi3lz5k4m"])]
MemberId = Annotated[str, Meta(pattern=MEMBER_PATTERN, max_length=64, examples=["u-7"])]
BatchId = Annotated[str, Meta(pattern=COMMENT_PATTERN, max_length=64, examples=["Jq3xQ2vYb0m8sT1kLw9ZpA"])]
Slug = Annotated[str, Meta(pattern=SLUG_PATTERN, max_length=40)]
Label = Annotated[Slug, Meta(examples=["politics"])]

REFERENCE_LENGTH: Final = 22
"""Length of the reference of a notice; its characters are those of a comment's id."""
NoticeReference = Annotated[
    str,
    Meta(
        pattern=COMMENT_PATTERN,
        max_length=64,
        examples=["ADLk3xQ2vYb0m8sT1kLw9Z"],
        description="The reference of a notice.",
    ),
]

RESERVED_SITES: Final = frozenset({"hansard"})

_site: Final = re.compile(SITE_PATTERN).fullmatch
_thread: Final = re.compile(THREAD_PATTERN).fullmatch
_comment: Final = re.compile(COMMENT_PATTERN).fullmatch
_member: Final = re.compile(MEMBER_PATTERN).fullmatch
_slug: Final = re.compile(SLUG_PATTERN).fullmatch
_key: Final = re.compile(KEY_PATTERN).fullmatch


def is_site(text: str) -> bool:
    """True if `text` may name a site. `hansard` is the operator's audience and not a site."""
    return _site(text) is not None and text not in RESERVED_SITES


def is_thread(text: str) -> bool:
    """True if `text` may name a thread or an anchor: both have the same grammar."""
    return _thread(text) is not None and len(text) <= LONGEST_THREAD


def is_comment(text: str) -> bool:
    """True if `text` may name a comment."""
    return _comment(text) is not None


def is_reference(text: str) -> bool:
    """True if `text` may be the reference of a notice."""
    return len(text) == REFERENCE_LENGTH and is_comment(text)


def is_member(text: str) -> bool:
    """True if `text` may name a member (the `sub` of a token)."""
    return _member(text) is not None


def is_slug(text: str) -> bool:
    """True if `text` may be a slug: of a problem type, or the reason of a report."""
    return _slug(text) is not None


def is_idempotency_key(text: str) -> bool:
    """True if `text` may be an `Idempotency-Key`: 1 to 255 visible ASCII characters."""
    return _key(text) is not None


def comment_id(site: str, thread: str, member: str, key: str) -> str:
    """Derive the id of the comment that a member posts to a thread under a key: 22 characters, deterministic.

    A repeated post therefore always gets the id of the first one, even after the command key has expired.
    """
    return short_digest("comment", site, thread, member, key)


def command_key(site: str, member: str, method: str, path: str, key: str) -> str:
    """Derive the command key: a hash over the scope of an `Idempotency-Key`, 16 characters.

    Every event holds the key, and so does the log's record of command keys for two days, with a digest of the command.
    So it is shorter than an id.
    """
    return short_digest("command", site, member, method, path, key)[:16]


def vote_id(comment: str, voter: str) -> str:
    """Derive the id of a member's vote on a comment: 16 characters, however long the two names are."""
    return short_digest("vote", comment, voter)[:16]


def item_key(key: str, thread: str, comment: str) -> str:
    """Derive the key of one item of a bulk request from the key of the request."""
    return short_digest("item", key, thread, comment)


def batch_id(site: str, member: str, path: str, key: str) -> str:
    """Derive the id shared by the events of one request from the scope of its `Idempotency-Key`, 22 characters."""
    return short_digest("batch", site, member, path, key)


def short_digest(*parts: str) -> str:
    """Digest of texts, of the characters that every id may have: 22."""
    # A length before every part keeps ("a", "bc") and ("ab", "c") apart.
    data = b"".join([len(part).to_bytes(4, "big") + part for part in map(str.encode, parts)])
    digest = blake2b(data, digest_size=16).digest()
    # The first bit is cleared so that no id begins with a hyphen, which command lines would take for an option.
    return urlsafe_b64encode(bytes((digest[0] & 0x7F,)) + digest[1:])[:22].decode()
