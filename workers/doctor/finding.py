"""One result of `hansard doctor`."""

from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

Verdict = Literal["good", "advice", "wrong"]


class Finding(Struct, frozen=True, kw_only=True):
    """Result of one check. `change` is the remedy where the verdict is not good."""

    verdict: Verdict
    about: str
    found: str
    change: str | None = None


def joined(by_server: Mapping[str, Sequence[Finding]]) -> list[Finding]:
    """Merge the findings of several servers: once if all servers share it, else with the names of the servers."""
    if len(by_server) == 1:
        return [finding for findings in by_server.values() for finding in findings]
    servers_of: dict[Finding, list[str]] = {}
    for name, findings in by_server.items():
        for finding in findings:
            servers_of.setdefault(finding, []).append(name)
    about = list(dict.fromkeys(finding.about for finding in servers_of))
    return [
        finding if len(names) == len(by_server) else replace(finding, found=f"{finding.found} ({', '.join(names)})")
        for finding, names in sorted(servers_of.items(), key=lambda item: about.index(item[0].about))
    ]
