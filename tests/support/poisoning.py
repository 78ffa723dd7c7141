"""Events that cannot be applied, put into a log as an append would."""

from typing import Final

from core import heads
from core.application.transact import transact
from core.caller import OPERATOR
from core.domain.skip import SkipEvent
from core.events.comment_events import CommentEdited
from core.events.envelope import Stamp, encode
from core.events.event import Event
from core.log.port import Append, Appended, Log, NewEvent
from core.position import Position
from tests.support.discussions import PEOPLE, SITE, THREADS

NEVER_POSTED: Final = CommentEdited(comment="ghost", revision=2, body="words of nobody")
"""An edit of a comment that was never posted."""

UNREADABLE: Final = b'"type":"vote.cast","comment":"c1","revision":1,"value":"many"'
"""A vote whose value is none, behind the version and before actor and place."""


async def poison(log: Log, thread: str = THREADS[0], event: Event = NEVER_POSTED, *, site: str = SITE) -> Position:
    """An event that makes no sense after those before it; where it is."""
    e, c = encode(event, Stamp(actor=PEOPLE[0].actor, site=site, thread=thread))
    return await put(log, thread, NewEvent(head=heads.of(event, PEOPLE[0].actor), e=e, c=c), site)


async def garble(log: Log, thread: str = THREADS[0], *, site: str = SITE) -> Position:
    """An event of which only the envelope can be read; where it is."""
    where = f'"actor":{{"kind":"member","id":"ada"}},"site":"{site}","thread":"{thread}"'
    e = b'{"v":1,%b,%b' % (UNREADABLE, where.encode())
    return await put(log, thread, NewEvent(head=heads.vote("c1", "ada"), e=e, c=b""), site)


async def put(log: Log, thread: str, event: NewEvent, site: str = SITE) -> Position:
    """Put an event into the log, whatever it says."""
    append = Append(site=site, thread=thread, expected={}, events=(event,), now=0)
    outcome = await log.append(append)
    assert isinstance(outcome, Appended)
    return outcome.positions[0]


async def skip(log: Log, position: Position, thread: str = THREADS[0]) -> Position:
    """Let everybody pass over an event; where that is recorded."""
    command = SkipEvent(position=str(position), reason="a fault", parked=str(position))
    return (await transact(log, command, site=SITE, thread=thread, caller=OPERATOR)).position
