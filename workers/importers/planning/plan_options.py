"""Options of `hansard import plan`."""

from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from core.times import rfc3339

Votes = Literal["ballots", "tally"]


class PlanOptions(Struct, frozen=True, kw_only=True):
    """Settings of a plan. Times are in milliseconds since 1970."""

    format: str
    files: tuple[Path, ...]
    site: str
    into: Path
    now: int
    """Time of the plan: what lies after it is left out."""
    origins: tuple[str, ...] = ()
    """Origins whose articles come in; without any, that of the export if there is one."""
    member: str | None = None
    """Template of the ids of members."""
    thread: str | None = None
    """Template of the ids of threads."""
    source: str | None = None
    """Prefix of the ids of comments."""
    pending: int | None = None
    """Days; what has waited longer for a moderator is left out. None: nothing is."""
    since: int | None = None
    """Only articles with a comment since then."""
    articles: Path | None = None
    """File that names the articles to bring, one in a line."""
    articles_map: Path | None = None
    """An edited `articles.csv`. Default: that of an earlier plan in the same folder."""
    votes: Votes = "ballots"
    subscriptions: bool = False
    tenant: str | None = None
    from_sites: tuple[str, ...] = ()
    guest_key: Path | None = None
    delta: Path | None = None
    """Folder of an earlier plan: articles that have not changed since are left out."""
    joined: Path | None = None
    """Folder of the plan of another export of the same comments, which this one does not bring again."""
    bearer: str | None = None
    """Id of the member whom a real token names."""
    processes: int = 1

    def recorded(self) -> dict[str, Any]:
        """The settings that decide what the facts are, for the header."""
        wanted: dict[str, Any] = {
            "origins": list(self.origins),
            "member": self.member,
            "thread": self.thread,
            "pending": self.pending,
            "since": None if self.since is None else rfc3339(self.since),
            "votes": None if self.votes == "ballots" else self.votes,
            "tenant": self.tenant,
            "from_sites": list(self.from_sites),
            "subscriptions": self.subscriptions or None,
            "articles": None if self.articles is None else self.articles.name,
        }
        return {name: value for name, value in wanted.items() if value not in (None, [])}
