"""Environment variables that look like settings and are none, each with the nearest setting."""

import difflib
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final, NamedTuple

NEAR: Final = 0.6
"""Least similarity of a name to a suggested setting, as measured by difflib."""

CERTAIN: Final = 0.8
"""Similarity from which the suggestion counts as certain."""

ELSEWHERE: Final = frozenset({"SERVER_BINARY", "CHROMIUM", "NEEDS_BROWSER", "NEEDS_NODE"})
"""Variables with the prefix that others read: the embedded server, the tests."""

_ORCHESTRATED: Final = re.compile(r"(?:.*_)?(?:SERVICE_(?:HOST|PORT(?:_\w+)?)|PORT_\d+_(?:TCP|UDP)(?:_\w+)?)")
"""Variables that Kubernetes and Docker set for a service whose name is the prefix."""
_LINK: Final = re.compile(r"(?:tcp|udp)://.*")


class Unknown(NamedTuple):
    """A variable that is no setting, and the setting it may mean. `is_certain` if hardly another can be meant."""

    variable: str
    meant: str | None
    is_certain: bool

    def __str__(self) -> str:
        """A sentence for the operator."""
        hint = "" if self.meant is None else f": did you mean {self.meant}?"
        return f"{self.variable} is not a setting{hint or ', and is ignored'}"


def unknown(environment: Mapping[str, str], prefix: str, settings: Collection[str]) -> Iterator[Unknown]:
    """Variables with this prefix that belong to none of these settings (names in lower case)."""
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
