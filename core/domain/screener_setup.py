"""Commands about the screener of a site: its set-up and its removal, and their decider.

The log has the shape and the host of a screener, so that it shows where the site's texts went. Address and secret are
kept beside it (`core.screener`).
"""

from typing import Final, assert_never

from core import heads
from core.domain.context import Context
from core.domain.handler import Command, Handler, Handlers, Loaded, Needs
from core.domain.site import Site
from core.events.event import Event
from core.events.site_events import ScreenerConfigured, ScreenerRemoved
from core.position import Position


class ConfigureScreener(Command, frozen=True, kw_only=True, tag="configure-screener"):
    """Record that a screener was set up; `digest` identifies its address and secret."""

    shape: str
    host: str
    digest: str


class RemoveScreener(Command, frozen=True, kw_only=True, tag="remove-screener"):
    """Record that the site has no screener any more."""


def decide(command: ConfigureScreener | RemoveScreener, context: Context, loaded: Loaded) -> list[Event]:
    """Return the events of a command about the screener of a site. Raises NotFound, NotAllowed, Suspended."""
    site: Site = loaded.site
    context.require_site()
    context.require_role("admin")
    match command:
        case ConfigureScreener():
            # The log cannot compare secrets. The gateway sends this command only if something differs.
            return [ScreenerConfigured(shape=command.shape, host=command.host)]
        case RemoveScreener():
            return [ScreenerRemoved()] if site.has_screener else []
        case _:
            assert_never(command)


def _needs(_: Command, caller: str) -> Needs:
    return Needs(folded=(heads.SITE, heads.member(caller)), expected=(heads.SITE,))


def _unchanged_since(_: Command, __: Context, loaded: Loaded) -> Position | None:
    site: Site = loaded.site
    return site.position


_HANDLER: Final = Handler(needs=_needs, decide=decide, unchanged_since=_unchanged_since, site_wide=True)

HANDLERS: Final[Handlers] = {ConfigureScreener: _HANDLER, RemoveScreener: _HANDLER}
