"""What the load knows of the threads that it writes in: enough to find something to do that will mostly be allowed."""

import random
from typing import Final

from msgspec import Struct

from core import ids
from tests.faults.people import MEMBERS, MODERATOR, ROOT, SITE
from tests.faults.record import Deed, Kind

SHARES: Final[dict[Kind, int]] = {"vote": 45, "post": 30, "edit": 10, "decide": 9, "withdraw": 3, "restore": 3}
"""Percent of the deeds."""
MOST_ROOTS: Final = 150
MOST_ROWS: Final = 700
"""A thread that has so many (top-level) comments gets no more: a client reads it in one page, of 200 and 1,000."""
ANSWERS: Final = 0.6
"""So many posts of all answer another."""
_WORDS: Final = ("the", "train", "never", "came", "back", "because", "nobody", "had", "told", "its", "driver")


class Known(Struct):
    """A comment that was posted, as far as the load knows."""

    id: str
    author: str
    latest: int = 1


class Scene:
    """Some threads of one round, and what to do next in them. Its dice are those of a seed."""

    def __init__(self, threads: tuple[str, ...], series: str) -> None:
        self.threads = threads
        self.comments: dict[str, list[Known]] = {thread: [] for thread in threads}
        self._roots = dict.fromkeys(threads, 0)
        self._series = series
        self._made = 0

    def next(self, dice: random.Random) -> Deed:
        """Something to do."""
        thread = dice.choice(self.threads)
        (kind,) = dice.choices(list(SHARES), list(SHARES.values()))
        there = self.comments[thread]
        if kind == "post" and len(there) < MOST_ROWS and (there or self._roots[thread] < MOST_ROOTS):
            return self._post(thread, dice)
        if not there:
            return self._post(thread, dice)
        return self._about("vote" if kind == "post" else kind, thread, dice.choice(there), dice)

    def root(self, thread: str, dice: random.Random) -> Deed:
        """A comment of its own there, which nothing that is known of others can keep out."""
        return self._post(thread, dice, answers=0)

    def learn(self, deed: Deed, current: object = None) -> None:
        """Take in that a deed was done, or that it was refused because the latest revision is `current`."""
        there = self.comments[deed.thread]
        if deed.kind == "post" and not isinstance(current, int):
            if not any(one.id == deed.comment for one in there):
                there.append(Known(id=deed.comment, author=deed.member))
            return
        told = current if isinstance(current, int) else (deed.revision or 0) + 1
        for one in there:
            if one.id == deed.comment:
                one.latest = max(one.latest, told)

    def _post(self, thread: str, dice: random.Random, answers: float = ANSWERS) -> Deed:
        member, key = dice.choice(MEMBERS), self._key()
        facts: dict[str, object] = {"body": self._words(dice)}
        there = self.comments[thread]
        if there and answers and (dice.random() < answers or self._roots[thread] >= MOST_ROOTS):
            facts["parent"] = dice.choice(there).id
        else:
            self._roots[thread] += 1
        return Deed(
            key=key,
            kind="post",
            member=member,
            method="POST",
            path=f"{ROOT}/threads/{thread}/comments",
            thread=thread,
            comment=ids.comment_id(SITE, thread, member, key),
            facts=facts,
        )

    def _about(self, kind: Kind, thread: str, comment: Known, dice: random.Random) -> Deed:
        path = f"{ROOT}/threads/{thread}/comments/{comment.id}"
        method, member, revision = "POST", comment.author, None
        facts: dict[str, object] = {}
        match kind:
            case "vote":
                member = dice.choice([name for name in MEMBERS if name != comment.author])
                method, path = "PUT", f"{path}/vote"
                facts = {"value": dice.choice((1, 1, 1, -1, 0))}
            case "edit":
                method, facts, revision = "PATCH", {"body": self._words(dice)}, comment.latest
            case "decide":
                verdict = dice.choice(("approve", "approve", "hold", "reject"))
                member, path = MODERATOR, f"{path}/decisions"
                facts = {"verdict": verdict, "revision": comment.latest, "reason": "manners"}
            case "withdraw":
                method = "DELETE"
            case _:
                path = f"{path}/restoration"
        return Deed(
            key=self._key(),
            kind=kind,
            member=member,
            method=method,
            path=path,
            thread=thread,
            comment=comment.id,
            facts=facts,
            revision=revision,
        )

    def _key(self) -> str:
        self._made += 1
        return f"{self._series}-{self._made}"

    @staticmethod
    def _words(dice: random.Random) -> str:
        return " ".join(dice.choices(_WORDS, k=dice.randint(3, 30)))
