"""Findings of `hansard doctor` on this machine: client addresses, open files, the disk."""

import resource
from pathlib import Path
from typing import Final

from workers.doctor.finding import Finding
from workers.embedded import home
from workers.runtime.amounts import size
from workers.runtime.loopback import is_loopback
from workers.runtime.open_files import WANTED
from workers.runtime.settings import Settings

FEW_CONNECTIONS: Final = 1000
"""Number of connections below which a gateway has room for too few clients that follow a thread."""


def clients(settings: Settings) -> list[Finding]:
    """Report on client addresses, and on the connections that the limit of open files allows a process here."""
    return [_addresses(settings), _files(settings)]


def _addresses(settings: Settings) -> Finding:
    about = "addresses"
    if settings.trusted_proxies:
        found = f"identified by X-Forwarded-For, {settings.trusted_proxies} from the right"
        return Finding(verdict="good", about=about, found=found)
    if not is_loopback(settings.host):
        found = "identified by connection; those of private networks have no share of their own"
        return Finding(verdict="good", about=about, found=found)
    found = "clients connect from this machine, and share the limits of one client"
    change = (
        "Behind a proxy that writes X-Forwarded-For, set HANSARD_TRUSTED_PROXIES to the number of proxies: until "
        "then one client can use up what is meant for all"
    )
    return Finding(verdict="advice", about=about, found=found, change=change)


def _files(settings: Settings) -> Finding:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = settings.connections(WANTED if hard == resource.RLIM_INFINITY else hard)
    found = f"room for {most} client connections, if processes here start with this limit"
    if most >= FEW_CONNECTIONS:
        return Finding(verdict="good", about="files", found=found)
    change = "Raise the hard limit of open files (LimitNOFILE of systemd, ulimits of compose): each reader needs one"
    return Finding(verdict="advice", about="files", found=found, change=change)


async def disk(data: Path) -> Finding:
    """Report the room on the disk below the server of `hansard up`."""
    server_data = data / "server"
    left, record = home.free(server_data), home.taken(server_data)
    found = f"{size(left)} free, the record takes {size(record)}"
    if not await home.has_room(server_data):
        change = "Make room on it now: nothing is written until there is room; writes then resume by themselves"
        return Finding(verdict="wrong", about="disk", found=f"full: {found}", change=change)
    if left < record:
        change = "Make room on it soon: from time to time the whole record is rewritten beside the old one"
        return Finding(verdict="advice", about="disk", found=found, change=change)
    return Finding(verdict="good", about="disk", found=found)
