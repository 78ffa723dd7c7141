"""A deployment in which words were written in every way: as events, by requests, and by requests that were refused."""

import time
from typing import Any, Final

from msgspec import json

from core.caller import Actor
from core.events.comment_events import (
    CommentApproved,
    CommentEdited,
    CommentHeld,
    CommentPosted,
    CommentRejected,
    CommentScreened,
    DecisionReversed,
    RevisionRedacted,
)
from core.events.envelope import Stamp
from core.events.event import Event
from core.events.skip_events import EventSkipped
from core.events.statement_events import AppealDecided, AppealFiled
from core.events.thread_events import AnchorClosed, AnchorOpened, AnchorReopened, AnchorReworded, ThreadOpened
from core.events.types import (
    COMMENT_EVENTS,
    IMPORT_EVENTS,
    LIST_EVENTS,
    MEMBER_EVENTS,
    REPORT_EVENTS,
    SITE_EVENTS,
    STATEMENT_EVENTS,
    THREAD_EVENTS,
    VOTE_EVENTS,
)
from core.events.vote_events import VoteCast, VoteVoided
from core.places import Owner
from core.position import Position
from projections.thread.snapshots import FIRST
from tests.support.direct import append_directly
from tests.support.house import ADMIN, ADMIN_SECRET, AUDITOR, EVE, MOD, SITE, THREAD, House, Who, at
from tests.support.planting import ACTOR, BATCH, Body, Marks, event, found_in
from workers.gateway.operations.operation import COMMENT, Access, Operation
from workers.gateway.operations.table import OPERATIONS
from workers.gateway.pseudonyms import Pseudonyms
from workers.gateway.shapes.site_keys import EitherKeys

DIRECT: Final = "direct"
"""A site whose events nobody asked for."""
WHOLE: Final = "whole"
"""Its thread with every event of comments."""
NEVER: Final = "a" * 22
VOTERS: Final = 40
"""Members who vote one after the other: more than it takes until a gateway relies on rows that it counts itself."""
GIVEN: Final[dict[str, dict[str, Any]]] = {
    "postComment": {},
    "editComment": {},
    "reportComment": {"reason": "spam"},
    "fileNotice": {"thread": THREAD, "good_faith": True, "name": "A reader"},
    "openThread": {},
    "setThreadStatus": {"status": "closed"},
    "putAnchor": {"status": "open"},
    "putSighting": {"found": False},
    "decide": {"verdict": "approve", "revision": 1},
    "decideMany": {"verdict": "reject", "revision": 1, "thread": THREAD},
    "voidVotes": {"thread": THREAD},
    "redact": {},
    "suspend": {"until": None},
    "setStanding": {"standing": "held"},
    "warn": {},
    "addNote": {},
    "fileAppeal": {},
    "decideAppeal": {"verdict": "uphold"},
    "fileSuspensionAppeal": {},
    "decideSuspensionAppeal": {"verdict": "uphold"},
    "markSeen": {"until": "2043-10-29T11:20:00.000Z"},
    "openSite": {"keys": {"hs256": ["a secret of thirty-two bytes ...."]}, "trusted_by": []},
    "changePolicy": {"trusted_by": []},
    "takeGuestToken": {"name": "A reader"},
    "putWordList": {},
    "putScreener": {
        "url": "https://screener.example/hook",
        "shape": "coral",
        "secret": "a secret of the screener",
    },
}
"""What the body of each operation that takes words has besides them: keys are secrets, and times no words. The name of
a guest is nowhere but in the token of the guest, that of who files a notice lies sealed."""


OTHER: Final = Who("mia", ("moderator",))
_QUERIES: Final = {
    "readRevisions": "?diff=words",
    "count": f"?thread={THREAD}",
    "listVotes": f"?thread={THREAD}",
}
_BY_AUTHORS: Final = ("postComment", "editComment", "reportComment", "fileNotice", "fileAppeal", "fileSuspensionAppeal")
CODES: Final = frozenset({"/after", "/at", "/cursor", "/from", "/to"})
"""Fields of queries that take codes alone: positions, times and cursors."""


_THREAD: Final[tuple[type[Event], ...]] = THREAD_EVENTS
_COMMENT: Final[tuple[type[Event], ...]] = COMMENT_EVENTS


class Writer:
    """Writes planted words as events and by requests."""

    def __init__(self, house: House, marks: Marks) -> None:
        self.house = house
        self.marks = marks
        self.kinds: set[type[Event]] = set()
        """The types of the events that were written directly."""
        self.redacted: set[str] = set()
        """What a comment says whose only text was redacted: its words, and its author's profile."""
        self.author = self._named("ada", (), "author")
        self.reader = self._named("ben", (), "author")
        self.moderator = self._named(MOD.id, MOD.roles, "staff")

    def _named(self, name: str, roles: tuple[str, ...], owner: Owner) -> Who:
        """A member whose profile is planted."""
        new = self.marks.new
        profile = {
            "name": new("token name", "profile", owner),
            "avatar": f"https://kew.example/{new('token avatar', 'profile', owner)}",
            "badges": [new("token badges", "profile", owner)],
        }
        return Who(name, roles, profile)

    async def record(
        self, thread: str, *some: Event, by: Actor = ACTOR, c: bytes | None = None, batch: str | None = None
    ) -> list[Position]:
        """Append events as a decision would, but without one."""
        self.kinds |= {type(one) for one in some}
        stamp = Stamp(actor=by, site=DIRECT, thread=thread, batch=batch)
        return await append_directly(self.house.log, stamp, *some, c=c)

    def event(self, kind: type[Event], **given: Any) -> Event:
        """An event with planted words."""
        return event(kind, self.marks, **given)

    async def every_event(self) -> None:
        """Write every type of event, each so that its words stay where they get to."""
        kinds: tuple[type[Event], ...] = (*SITE_EVENTS, *LIST_EVENTS, *IMPORT_EVENTS, *MEMBER_EVENTS)
        await self.record("", *map(self.event, kinds), batch=BATCH)
        for number, kind in enumerate(_THREAD):
            first: list[type[Event]] = [] if kind is ThreadOpened else [ThreadOpened]
            if kind in (AnchorReworded, AnchorClosed, AnchorReopened):
                first.append(AnchorOpened)
            await self.record(f"thread-{number}", *map(self.event, (*first, kind)))
        positions = await self.record(WHOLE, self.event(ThreadOpened))
        for number, kind in enumerate(_COMMENT):
            comment = f"comment-{number}"
            if kind is not CommentPosted:
                posted = self.event(CommentPosted, comment=comment)
                await self.record(WHOLE, posted)
            if kind is RevisionRedacted:
                self.redacted = found_in(json.encode(posted))
                await self.record(WHOLE, self.event(CommentRejected, comment=comment))
            if kind is DecisionReversed:
                await self.record(WHOLE, self.event(CommentRejected, comment=comment), batch=BATCH)
            await self.record(WHOLE, self.event(kind, comment=comment, **await self._before(kind, comment)))
        await self._revised()
        for kind in (*VOTE_EVENTS, *REPORT_EVENTS):
            if kind is VoteVoided:
                await self.record(WHOLE, self.event(VoteCast, comment="comment-0"))
            await self.record(WHOLE, self.event(kind, comment="comment-0"), batch=BATCH)
        await self.record(WHOLE, self.event(EventSkipped, position=str(positions[0])))
        for number in range(FIRST):
            await self.record(WHOLE, self.event(VoteCast, comment="comment-0"), by=Actor(id=f"voter-{number}"))

    async def _before(self, kind: type[Event], comment: str) -> dict[str, Any]:
        """What an event of this type follows on, written; the fields that say so."""
        if kind is CommentEdited:
            return {"revision": 2}
        if kind is CommentScreened:
            return {"verdict": "approve"}
        if kind not in STATEMENT_EVENTS:
            return {}
        (decided,) = await self.record(WHOLE, self.event(CommentRejected, comment=comment))
        if kind is AppealDecided:
            filed = self.event(AppealFiled, comment=comment, revision=1, decision=str(decided))
            await self.record(WHOLE, filed)
            return {"revision": 1}
        return {"revision": 1, "decision": str(decided)}

    async def _revised(self) -> None:
        """A comment with a text that is neither the first, nor stands, nor is the latest; one has a decision."""
        await self.record(
            WHOLE,
            self.event(CommentPosted, comment="revised"),
            self.event(CommentHeld, comment="revised"),
            *(self.event(CommentEdited, comment="revised", revision=number) for number in (2, 3)),
            self.event(CommentApproved, comment="revised", revision=3),
            self.event(CommentEdited, comment="revised", revision=4),
        )

    async def broken(self) -> None:
        """Write events that no fold can apply: one about nothing, and one whose content cannot be read."""
        opened = self.event(ThreadOpened)
        await self.record("about-nothing", opened, self.event(CommentApproved, comment="nothing"))
        await self.record("unreadable", self.event(ThreadOpened))
        content = b'\x00{"body":{"%s":1}}' % self.marks.new("unreadable", "words", "author").encode()
        await self.record("unreadable", CommentPosted(comment="unreadable"), c=content)

    async def every_request(self) -> None:
        """Ask for every operation that takes words, so that it is taken."""
        for operation in taking():
            comment = await self.house.post(self.author)
            await self._prepared(operation, comment)
            thread = "opened-by-a-comment" if operation.name == "postComment" else THREAD
            if operation.name == "setThreadStatus":
                thread = "closed"
                await self.house.open_thread(thread)
            body = self._body(operation, comment)
            path = _path(operation, thread=thread, comment=comment)
            answer = await self._asked(operation, path, body)
            assert answer < 300, (operation.name, answer)

    async def _prepared(self, operation: Operation, comment: str) -> None:
        """Let happen what an operation follows on."""
        ask, why = self.house.ask, {"reason": "Why not?"}
        match operation.name:
            case "decide" | "redact":
                await self.house.decide(comment, "reject")
            case "fileAppeal" | "decideAppeal":
                answers = [await ask("POST", f"{at(comment)}/decisions", OTHER, {"verdict": "reject", "revision": 1})]
                if operation.name == "decideAppeal":
                    answers.append(await ask("POST", f"{at(comment)}/appeal", self.author, {"text": "Why?"}))
                assert all(answer.status_code < 300 for answer in answers)
            case "voidVotes":
                answer = await ask("PUT", f"{at(comment)}/vote", self.reader, {"value": 1})
                assert answer.status_code == 200
            case "fileSuspensionAppeal" | "decideSuspensionAppeal":
                assert (await ask("PUT", "members/eve/suspension", OTHER, why)).status_code == 200
                if operation.name == "decideSuspensionAppeal":
                    # There is one already if the other operation came first.
                    await ask("POST", "members/eve/suspension/appeal", EVE, {"text": "Why?"})
            case _:
                pass

    async def every_refusal(self) -> None:
        """Ask for every operation with words, so that it is refused."""
        for operation in OPERATIONS:
            if operation.body is not None:
                for number in range(3):
                    await self._refused(operation, number)
            for pointer in set(Body(operation.query).texts) - CODES:
                text = self.marks.refuse(f"{operation.name} ?{pointer}")
                path = _path(operation, thread=THREAD, comment=NEVER)
                await self._asked(operation, f"{path}?{pointer.removeprefix('/')}={text}", None)

    async def _refused(self, operation: Operation, number: int) -> None:
        def text(pointer: str) -> str:
            return _text(pointer, self.marks.refuse(f"{operation.name} {pointer}"))

        given = GIVEN.get(operation.name)
        body = {} if given is None else Body(operation.body).build(_given(operation, NEVER), text)
        path = _path(operation, thread=THREAD, comment=NEVER)
        match number:
            case 0:  # nobody asks
                answer = (await self.house.ask(operation.method, path, body=body)).status_code
            case 1:  # a field that there is not
                body |= {self.marks.refuse(operation.name): self.marks.refuse(operation.name)}
                answer = await self._asked(operation, path, body)
            case _:  # about nothing
                if COMMENT not in operation.path:
                    return
                answer = await self._asked(operation, path, body)
        assert answer >= 400, (operation.name, number)

    async def keyed(self) -> None:
        """Post under a key that has a planted text."""
        key = self.marks.refuse("Idempotency-Key")
        path, body = f"threads/{THREAD}/comments", {"body": "Words under a key."}
        answer = await self.house.ask("POST", path, self.author, body, Idempotency_Key=key)
        assert answer.status_code == 201

    async def votes(self) -> None:
        """Let many vote on one comment, one after the other."""
        comment = await self.house.post(self.author, f"Some {self.marks.new('voted', 'words', 'author')} words.")
        for number in range(VOTERS):
            answer = await self.house.ask("PUT", f"{at(comment)}/vote", Who(f"voter-{number}"), {"value": 1})
            assert answer.status_code == 200

    async def reads(self) -> None:
        """Read everything that there is, twice, and the past."""
        comment = await self._commented()
        notice = {"thread": THREAD, "comment": comment, "explanation": "It lies.", "good_faith": True}
        reference = (await self.house.ask("POST", "notices", None, notice)).json()["reference"]
        assert (await self.house.ask("PUT", "screening", ADMIN, GIVEN["putScreener"])).status_code == 200
        for operation in OPERATIONS:
            if operation.method != "GET" or operation.handler is None or operation.path == "/problems/{slug}":
                continue
            query = _QUERIES.get(operation.name, "")
            path = _path(operation, thread=THREAD, comment=comment, reference=reference)
            for _ in range(2):
                assert await self._asked(operation, path + query, None) == 200, operation.name
        page = await self.house.get(f"threads/{THREAD}")
        position = page.json()["thread"]["position"]
        assert (await self.house.get(f"threads/{THREAD}?at={position}", self.moderator)).status_code == 200

    async def _commented(self) -> str:
        """A comment with two texts that are public."""
        comment = await self.house.post(self.author)
        body = {"body": f"Some *{self.marks.new('second text', 'words', 'author')}* words."}
        answer = await self.house.ask("PATCH", at(comment), self.author, body, If_Match='"1"')
        assert answer.status_code == 200
        await self.house.settled(answer.json()["position"])
        return comment

    def _body(self, operation: Operation, comment: str) -> Any:
        def text(pointer: str) -> str:
            owner = _owner(operation, pointer)
            return _text(pointer, self.marks.new(f"{operation.name} {pointer}", "words", owner))

        return Body(operation.body).build(_given(operation, comment), text)

    async def _asked(self, operation: Operation, path: str, body: Any) -> int:
        """The status of the answer to whoever may ask."""
        who = {
            Access.EVERYONE: None,
            Access.STAFF: AUDITOR,
            Access.MODERATOR: self.moderator,
            Access.ADMIN: ADMIN,
            Access.AUDITOR: AUDITOR,
            Access.OPERATOR: None,
            Access.ADMIN_OR_OPERATOR: ADMIN,
            Access.ADMIN_OR_AUDITOR: AUDITOR,
            Access.MODERATOR_OR_ADMIN: self.moderator,
        }.get(operation.access, self.author)
        if operation.name == "reportComment":
            who = self.reader
        if "{member}" in operation.path:
            who = EVE if operation.name == "fileSuspensionAppeal" else self.moderator
        more = {"If_Match": '"1"'} if operation.edits else {}
        is_operator = operation.access is Access.OPERATOR
        answer = await self.house.ask(operation.method, path, who, body, operator=is_operator, **more)
        return answer.status_code


def taking() -> list[Operation]:
    """The operations that take any words and keep them, keys apart."""
    kept = [one for one in OPERATIONS if one.name != "rehearsePolicy"]
    return [one for one in kept if one.body is not None and texts_of(one)]


def texts_of(operation: Operation) -> list[str]:
    """The fields of an operation's body that take any words."""
    if operation.body is EitherKeys:
        return []
    given = GIVEN.get(operation.name, {})
    return [text for text in Body(operation.body).texts if not given.keys() & set(text.split("/"))]


def _given(operation: Operation, comment: str) -> dict[str, Any]:
    given = GIVEN[operation.name]
    if operation.name == "voidVotes":
        given = given | {"voter": Pseudonyms(ADMIN_SECRET, time.time).maker(SITE)("ben")}
    # A policy has a field of the same name.
    return given | ({"comment": comment} if operation.name in ("decideMany", "fileNotice", "voidVotes") else {})


def _text(pointer: str, text: str) -> str:
    if pointer.endswith(("/url", "/rules_url")):
        return f"https://kew.example/{text}"
    return f"Some *{text}* words." if pointer.endswith("/body") else text


def _owner(operation: Operation, pointer: str) -> Owner:
    if operation.name in (
        "openThread",
        "putAnchor",
        "putSighting",
        "openSite",
        "changePolicy",
        "putWordList",
    ) or pointer in (
        "/url",
        "/title",
    ):
        return "publisher"
    return "author" if operation.name in _BY_AUTHORS else "staff"


def _path(operation: Operation, **named: str) -> str:
    site = "another" if operation.name == "openSite" else SITE
    usual = {"anchor": "q1", "member": "eve", "revision": 1, "slug": "not-found", "list": "insults"}
    return operation.path.format(site=site, **usual | {"reference": NEVER} | named)
