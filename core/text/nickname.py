"""Names by the nickname profile of PRECIS (RFC 8266): what a name may consist of, and how two are compared."""

from functools import lru_cache
from hashlib import blake2b
from typing import Final, NamedTuple

from precis_i18n import get_profile

from core.text.lookalikes import skeleton

_PROFILE: Final = get_profile("Nickname")
_DIGEST: Final = 9


class Compared(NamedTuple):
    """A name as it is compared with others."""

    allowed: bool
    """True if the profile allows the name."""
    look: str
    """Digest of the look of the name, 18 hexadecimal digits: names that look alike have the same."""


@lru_cache(maxsize=4096)  # the same names recur with everything that their owners write
def compared(name: str) -> Compared:
    """Return a name as it is compared with others."""
    try:
        nickname, allowed = str(_PROFILE.enforce(name)), True
    except UnicodeEncodeError:
        nickname, allowed = name, False
    return Compared(allowed, blake2b(skeleton(nickname).encode(), digest_size=_DIGEST).hexdigest())


def looks(name: str) -> str:
    """Return the digest of the look of a name."""
    return compared(name).look
