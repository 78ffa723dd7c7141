"""Event types that no export has, each with the reason."""

from collections.abc import Mapping
from typing import Final

from core.events.event import Event
from core.events.import_events import AuthorReassigned, ImportBegun, ImportEnded
from core.events.member_events import VotesInspected
from core.events.site_events import (
    ListChanged,
    PolicyChanged,
    ScreenerConfigured,
    ScreenerRemoved,
    SiteOpened,
    SiteRekeyed,
)
from core.events.skip_events import EventSkipped

_SETTING: Final = "a setting of the site: set it there, as an import asks no policy"
_PROVENANCE: Final = "says how this log was made; the import of an export says so there"

LEFT_OUT: Final[Mapping[type[Event], str]] = {
    SiteOpened: _SETTING,
    PolicyChanged: _SETTING,
    ListChanged: _SETTING,
    ScreenerConfigured: f"{_SETTING}. Its secret leaves no deployment",
    ScreenerRemoved: _SETTING,
    SiteRekeyed: "keys leave no deployment in an export",
    ImportBegun: _PROVENANCE,
    ImportEnded: _PROVENANCE,
    AuthorReassigned: "every fact of an author names the one that the comment has now",
    VotesInspected: "a record of who read this log; it says nothing of a discussion",
    EventSkipped: "what it skips is in no page, and in no export",
}
