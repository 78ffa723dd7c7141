"""Content of an event: the field `c` of its stream entry, with salted commitments to profile and words.

*Content* is what an event names in `CONTENT`. The *profile* is the part that it names in `PROFILE`, the *words* are the
rest. Each part is a JSON object. Either part can be taken out of salted content later: what stays proves the rest, and
does not help to guess what went.

Notation: ‖ is concatenation, P the JSON of the profile, W that of the words, SP and SW their salts of 16 random bytes.

    HP = SHA-256(SP ‖ P), or 32 zero bytes without a profile      HW = SHA-256(SW ‖ W)      C = SHA-256(HP ‖ HW)

    00 ‖ JSON                                                   plain: both parts as one object
    01 ‖ C ‖ length of P (2, big-endian) ‖ [SP ‖ P] ‖ SW ‖ W    salted; without SP and P if the length is 0
    02 ‖ C ‖ HP ‖ SW ‖ W                                    the profile is gone
    03 ‖ C ‖ HW ‖ SP ‖ P                                    the words are gone
    01 ‖ C                                                  both are gone

An event without content has an empty `c`. Folds open no commitment; verification does (`mismatch`).
"""

import os
from collections import deque
from collections.abc import Callable
from hashlib import sha256
from typing import Final, Literal

from msgspec import Struct

Part = Literal["profile", "words"]

PLAIN: Final = 0
SALTED: Final = 1
WITHOUT_PROFILE: Final = 2
WITHOUT_WORDS: Final = 3
SCHEMES: Final = frozenset({PLAIN, SALTED, WITHOUT_PROFILE, WITHOUT_WORDS})
"""The schemes that this version reads: the first byte of `c`."""

_HASH: Final = 32
_SALT: Final = 16
_BARE: Final = 1 + _HASH
"""Length of a commitment of which both parts are gone."""
_SIZE: Final = 2
_SIZED: Final = _BARE + _SIZE
_HALF: Final = _BARE + _HASH + _SALT
"""Offset of the part that is left in schemes 2 and 3."""
_NO_PROFILE: Final = bytes(_HASH)
_EMPTY: Final = b"{}"
_BRACE: Final = ord("{")
_DRAWN: Final = 256
"""Salts drawn from the system at a time: a system call takes as long as hashing a comment."""


class Content(Struct, frozen=True, kw_only=True):
    """Parsed content. A part without its salt is plain; a part that is None is gone, or never was there."""

    scheme: int
    commitment: bytes | None = None
    profile: bytes | None = None
    profile_salt: bytes | None = None
    profile_hash: bytes = _NO_PROFILE
    """HP, computed from the profile if that is there; zero bytes if the event never had one."""
    words: bytes | None = None
    words_salt: bytes | None = None
    words_hash: bytes | None = None
    """HW, computed from the words if they are there; None if both parts are gone."""


class SaltPool:
    """Source of random salts. Safe to use in threads and after a fork: no salt is given twice."""

    def __init__(self) -> None:
        self._salts = deque[bytes]()
        os.register_at_fork(after_in_child=self._salts.clear)

    def __call__(self) -> bytes:
        """Return 16 random bytes."""
        try:
            return self._salts.popleft()
        except IndexError:
            drawn = os.urandom(_SALT * _DRAWN)
            self._salts.extend(drawn[at : at + _SALT] for at in range(_SALT, len(drawn), _SALT))
            return drawn[:_SALT]


def plain(content: bytes) -> bytes:
    """Return `c` of scheme 0, of the JSON of both parts."""
    return b"\x00" + content


def salted(profile: bytes | None, words: bytes, salts: Callable[[], bytes]) -> bytes:
    """Return `c` of scheme 1. `profile` is None if the event has none."""
    words_salt = salts()
    salted_words = words_salt + words
    words_hash = sha256(salted_words).digest()
    if profile is None:
        return b"\x01%b\x00\x00%b" % (sha256(_NO_PROFILE + words_hash).digest(), salted_words)
    salted_profile = salts() + profile
    commitment = sha256(sha256(salted_profile).digest() + words_hash).digest()
    return b"".join((b"\x01", commitment, len(profile).to_bytes(_SIZE), salted_profile, salted_words))


def joined(e: bytes, c: bytes) -> bytes:
    """Return facts, profile and words of an entry as one JSON object. No JSON is parsed: objects are cut and joined.

    Raises ValueError if the content is cut short.
    """
    if not c:
        return e
    scheme = c[0]
    if scheme == SALTED:
        if len(c) == _BARE:
            return e
        if len(c) < _SIZED:
            raise ValueError(_CUT)
        size = c[_BARE] << 8 | c[_SIZED - 1]
        words = _SIZED + _SALT
        if size:
            end = words + size
            profile = c[words + 1 : end - 1]
            words = end + _SALT
            if len(c) > words + len(_EMPTY) and c[words] == _BRACE:
                return b"".join((e[:-1], b",", profile, b",", c[words + 1 :]))
            if c[words:] == _EMPTY:
                return b"".join((e[:-1], b",", profile, b"}"))
            raise ValueError(_CUT)
    else:
        words = 1 if scheme == PLAIN else _HALF
    if c[words : words + 1] != b"{":
        raise ValueError(_CUT)
    return e if c[words:] == _EMPTY else b"".join((e[:-1], b",", c[words + 1 :]))


def parse(c: bytes) -> Content:
    """Parse content, without opening its commitment. Raises ValueError if it is cut short or of an unknown scheme."""
    scheme = c[0] if c else PLAIN
    if scheme not in SCHEMES:
        raise ValueError(f"content scheme {scheme} is unknown")
    if scheme == PLAIN:
        return Content(scheme=PLAIN, words=c[1:] or None)
    commitment, rest = c[1:_BARE], c[_BARE:]
    if len(c) == _BARE and scheme == SALTED:
        return Content(scheme=SALTED, commitment=commitment)
    if scheme == SALTED:
        return _salted(commitment, rest)
    if len(c) < _HALF + len(_EMPTY):
        raise ValueError(_CUT)
    other, salt, part = rest[:_HASH], rest[_HASH : _HASH + _SALT], rest[_HASH + _SALT :]
    own = sha256(salt + part).digest()
    if scheme == WITHOUT_PROFILE:
        return Content(
            scheme=scheme,
            commitment=commitment,
            profile_hash=other,
            words=part,
            words_salt=salt,
            words_hash=own,
        )
    return Content(
        scheme=scheme,
        commitment=commitment,
        profile=part,
        profile_salt=salt,
        profile_hash=own,
        words_hash=other,
    )


def mismatch(c: bytes) -> str | None:
    """Open the commitment of an entry. Return the fault in words, without a word of the content; None if it matches.

    There is nothing to open in plain content, in a commitment of which both parts are gone, and in an unknown scheme.
    """
    if c and c[0] not in SCHEMES:
        return None
    try:
        content = parse(c)
    except ValueError as error:
        return str(error)
    if content.commitment is None or content.words_hash is None:
        return None
    if sha256(content.profile_hash + content.words_hash).digest() == content.commitment:
        return None
    return "its commitment does not match its content"


def without_words(c: bytes) -> bytes:
    """Return salted content with its words taken out. Raises ValueError if it is plain, or unreadable."""
    content = _committed(c)
    if content.words is None:
        return c
    assert content.commitment is not None
    if content.profile is None:
        return b"\x01" + content.commitment
    assert content.profile_salt is not None
    assert content.words_hash is not None
    return b"\x03%b%b%b%b" % (content.commitment, content.words_hash, content.profile_salt, content.profile)


def without_profile(c: bytes) -> bytes:
    """Return salted content with its profile taken out. Raises ValueError if it is plain, or unreadable."""
    content = _committed(c)
    if content.profile is None:
        return c
    assert content.commitment is not None
    if content.words is None:
        return b"\x01" + content.commitment
    assert content.words_salt is not None
    return b"\x02%b%b%b%b" % (content.commitment, content.profile_hash, content.words_salt, content.words)


def gone(c: bytes) -> frozenset[Part]:
    """Return the parts that were taken out of salted content. If both are, the profile may never have been there."""
    scheme = c[0] if c else PLAIN
    if scheme == WITHOUT_PROFILE:
        return _PROFILE_GONE
    if scheme == WITHOUT_WORDS:
        return _WORDS_GONE
    return _BOTH_GONE if scheme == SALTED and len(c) == _BARE else _NONE_GONE


_NONE_GONE: Final[frozenset[Part]] = frozenset()
_PROFILE_GONE: Final[frozenset[Part]] = frozenset({"profile"})
_WORDS_GONE: Final[frozenset[Part]] = frozenset({"words"})
_BOTH_GONE: Final[frozenset[Part]] = frozenset({"profile", "words"})
_CUT: Final = "its content is cut short"


def _salted(commitment: bytes, rest: bytes) -> Content:
    size = int.from_bytes(rest[:_SIZE])
    start = _SIZE + (_SALT + size if size else 0)
    profile, words = rest[_SIZE:start], rest[start:]
    if len(words) < _SALT + len(_EMPTY):
        raise ValueError(_CUT)
    return Content(
        scheme=SALTED,
        commitment=commitment,
        profile=profile[_SALT:] or None,
        profile_salt=profile[:_SALT] or None,
        profile_hash=sha256(profile).digest() if profile else _NO_PROFILE,
        words=words[_SALT:],
        words_salt=words[:_SALT],
        words_hash=sha256(words).digest(),
    )


def _committed(c: bytes) -> Content:
    content = parse(c)
    if content.commitment is None:
        raise ValueError("plain content has no commitment that could stay")
    return content
