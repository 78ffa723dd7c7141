"""Facts of an import for tests, a second apart, and what became of them in a log in memory."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from core.application.fact_import import CHUNK, FactImport, FactLeftOut
from core.application.transact import transact
from core.caller import OPERATOR, Caller
from core.domain.authoring import EditComment, PostComment
from core.domain.handler import Command
from core.domain.import_comment_facts import (
    DecidedFact,
    EditedFact,
    PostedFact,
    RedactedFact,
    ReportedFact,
    TalliedFact,
    VotedFact,
)
from core.domain.import_fact import Fact, ImportedPerson
from core.domain.import_facts import ImportHeader
from core.domain.import_thread_facts import OpenedFact
from core.domain.moderation import Decide
from core.domain.site import OpenSite
from core.events.envelope import Recorded, decode
from core.log.memory import MemoryLog
from core.log.port import Log
from core.policy import Policy
from core.times import rfc3339

SITE: Final = "kew"
THREAD: Final = "palms"
IMPORTED: Final = "old-blog"
USUAL: Final = Policy(edit_window=None)
BEGIN: Final = 1_500_000_000_000
ADA: Final = ImportedPerson(id="wp:20", name="Ada", source={"id": "20"})
BEN: Final = ImportedPerson(id="wp:21", name="Ben", source={"id": "21"})
MOD: Final = Caller(id="mod", name="Mod", roles=frozenset({"moderator"}))


def at(seconds: float) -> str:
    """A time of the other system."""
    return rfc3339(BEGIN + int(seconds * 1000))


def opened(**more: Any) -> OpenedFact:
    """The opening of the thread."""
    return OpenedFact(
        **{"thread": THREAD, "at": at(0), "url": "https://kew.example/palms", "title": "The palm house", **more}
    )


def post(number: int, body: str | None = "Words.", *, when: float | None = None, **more: Any) -> PostedFact:
    """Comment `c<number>`, posted `number` seconds after the beginning unless another time is given."""
    given = {"by": ADA, "comment": f"c{number}", "origin": str(number), "body": body, **more}
    return PostedFact(thread=THREAD, at=at(number if when is None else when), **given)


def edit(number: int, revision: int, body: str | None = "Other words.", *, when: float, **more: Any) -> EditedFact:
    """An edit of comment `c<number>`."""
    given = {"by": ADA, "comment": f"c{number}", "revision": revision, "body": body, **more}
    return EditedFact(thread=THREAD, at=at(when), **given)


def decided(number: int, verdict: Any, *, when: float, **more: Any) -> DecidedFact:
    """A decision on comment `c<number>`."""
    return DecidedFact(thread=THREAD, at=at(when), comment=f"c{number}", verdict=verdict, **more)


def voted(number: int, value: Any, *, when: float, by: ImportedPerson = BEN, revision: int = 1) -> VotedFact:
    """A vote on comment `c<number>`."""
    return VotedFact(thread=THREAD, at=at(when), by=by, comment=f"c{number}", revision=revision, value=value)


STORY: Final[list[Fact]] = [
    opened(),
    post(1, None),
    post(2, "Quite so.", by=BEN, parent="c1"),
    edit(1, 2, "The palm house *leaks*.", when=60),
    voted(1, 1, when=70, revision=2),
    TalliedFact(thread=THREAD, at=at(71), comment="c1", up=14, down=2),
    post(3, None, when=72),
    post(4, "Still here.", when=73, parent="c3"),
    decided(3, "reject", when=74),
    RedactedFact(thread=THREAD, at=at(75), comment="c3"),
    post(5, "Is this on?", when=76, by=BEN, waits=True),
    ReportedFact(thread=THREAD, at=at(77), by=BEN, comment="c4", reason="spam"),
]
"""A discussion with everything that a blog exports."""


def write(path: Path, *facts: Fact, **header: Any) -> Path:
    """Write facts as a plan has them."""
    made = ImportHeader(
        **{
            "hansard": "facts/1",
            "id": IMPORTED,
            "site": SITE,
            "system": "wordpress",
            "source": "wp",
            "made": rfc3339(0),
            "counts": {"facts": len(facts)},
            **header,
        }
    )
    lines = [msgspec.json.encode(one) for one in (made, *facts)]
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


async def site_in(log: Log, policy: Policy = USUAL) -> Policy:
    """Open the site."""
    opening = OpenSite(name="Kew", policy=policy, keys_kind="hs256", keys_number=1)
    await transact(log, opening, site=SITE, caller=OPERATOR)
    return policy


class Witness:
    """Brings facts into a log in memory, as often as it is asked to, and people who act beside it."""

    def __init__(self, log: Log, policy: Policy, *, chunk: int = CHUNK) -> None:
        self.log = log
        self.policy = policy
        self.chunk = chunk

    @classmethod
    async def of(cls, policy: Policy = USUAL, *, chunk: int = CHUNK) -> "Witness":
        """A witness with a site of its own."""
        log = MemoryLog(1)
        return cls(log, await site_in(log, policy), chunk=chunk)

    async def bring(self, *facts: Fact, thread: str = THREAD, imported: str = IMPORTED) -> FactImport:
        """Bring these facts, and settle what was there before."""
        bringing = FactImport(self.log, site=SITE, thread=thread, imported=imported, policy=self.policy)
        for start in range(0, len(facts), self.chunk):
            await bringing.bring(facts[start : start + self.chunk])
        await bringing.settle()
        return bringing

    async def act(self, command: Command, caller: Caller) -> None:
        """Have somebody do something."""
        await transact(self.log, command, site=SITE, thread=THREAD, caller=caller)

    async def edit(self, comment: str, revision: int, body: str, author: str = "wp:20") -> None:
        """Have the author edit a comment here."""
        await self.act(EditComment(comment=comment, revision=revision, body=body), Caller(id=author, name="Ada"))

    async def answer(self, comment: str, answered: str) -> None:
        """Have a member answer a comment here."""
        await self.act(PostComment(comment=comment, body="An answer.", parent=answered), Caller(id="eve", name="Eve"))

    async def decide(self, comment: str, verdict: Any, revision: int = 1) -> None:
        """Have a moderator decide on a comment here."""
        await self.act(Decide(comment=comment, revision=revision, verdict=verdict), MOD)

    async def events(self, thread: str = THREAD) -> list[Recorded]:
        """The events of a thread, oldest first."""
        last = await self.log.thread_last(SITE, thread)
        if last is None:
            return []
        return [decode(*entry) for entry in reversed(await self.log.chain(SITE, thread, last))]

    async def kinds(self, thread: str = THREAD) -> list[str]:
        """The types of the events of a thread, oldest first."""
        return [one.envelope.type for one in await self.events(thread)]


def faults(left: Sequence[FactLeftOut]) -> list[str]:
    """The codes of facts that were left out."""
    return [one.fault for one in left]
