"""Variables of the environment that look like settings and are none, with the setting that each is nearest to."""

import difflib
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final, NamedTuple

NEAR: Final = 0.6
"""How much a name has in common with the one that it is taken for, by the measure of difflib."""

CERTAIN: Final = 0.8
"""The same for one that can only be meant."""

ELSEWHERE: Final = frozenset({"SERVER_BINARY", "CHROMIUM", "NEEDS_BROWSER", "NEEDS_NODE"})
"""Variables with the prefix that others read: the embedded server, the tests."""

_ORCHESTRATED: Final = re.compile(r"(?:.*_)?(?:SERVICE_(?:HOST|PORT(?:_\w+)?)|PORT_\d+_(?:TCP|UDP)(?:_\w+)?)")
"""What Kubernetes and Docker say of a service that is called like the prefix."""
_LINK: Final = re.compile(r"(?:tcp|udp)://.*")


class Unknown(NamedTuple):
    """A variable that is no setting, and the one that may be meant; `is_certain` where it can hardly be another."""

    variable: str
    meant: str | None
    is_certain: bool

    def __str__(self) -> str:
        """A sentence that points it out."""
        hint = "" if self.meant is None else f": did you mean {self.meant}?"
        return f"{self.variable} is no setting{hint or ', and is ignored'}"


def unknown(environment: Mapping[str, str], prefix: str, settings: Collection[str]) -> Iterator[Unknown]:
    """The variables with this prefix that none of these settings, which are in lower case, are set by."""
    for variable, value in environment.items():
        name = variable.removeprefix(prefix)
        if not variable.startswith(prefix) or value == "" or name.lower() in settings or name in ELSEWHERE:
            continue
        if _ORCHESTRATED.fullmatch(name) or _LINK.fullmatch(value):
            continue
        near = difflib.get_close_matches(name.lower(), settings, n=1, cutoff=NEAR)
        if near:
            is_certain = difflib.SequenceMatcher(None, near[0], name.lower()).ratio() >= CERTAIN
            yield Unknown(variable, f"{prefix}{near[0].upper()}", is_certain)
        else:
            yield Unknown(variable, None, is_certain=False)
