"""One thing that `hansard doctor` looked at."""

from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

Verdict = Literal["good", "advice", "wrong"]


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that was looked at: what was found, and what to change where it is not good."""

    verdict: Verdict
    about: str
    found: str
    change: str | None = None


def joined(by_server: Mapping[str, Sequence[Finding]]) -> list[Finding]:
    """What was found on several servers: once where it is the same on all of them, else with the server's name."""
    if len(by_server) == 1:
        return [finding for findings in by_server.values() for finding in findings]
    said: dict[Finding, list[str]] = {}
    for name, findings in by_server.items():
        for finding in findings:
            said.setdefault(finding, []).append(name)
    about = list(dict.fromkeys(finding.about for finding in said))
    return [
        finding if len(names) == len(by_server) else replace(finding, found=f"{finding.found} ({', '.join(names)})")
        for finding, names in sorted(said.items(), key=lambda item: about.index(item[0].about))
    ]
