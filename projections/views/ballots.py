"""Members of `ballots`: the vote of each member on each comment, and the last voiding of it.

`<member> <comment> <value> <revision>`: the vote that counts, value 0 if none does. If it was ever voided, there follow
`<batch> <value> <revision> <texts> <state>`: those of the void vote, the runs of its texts as `1-3,5-6` with `-` for
none, and `v` (void), `r` (restored), `vt` or `rt` (and the voter retracted it).
"""

from typing import Final, NamedTuple

from core.events.comment_events import Span
from projections.thread.state import CommentState, Void

Cast = tuple[int, int]
"""Value and revision of a vote that counts."""

_NO_TEXTS: Final = "-"
_PLAIN: Final = 4
"""Words of a member that was never voided."""


class Ballot(NamedTuple):
    """The vote of a member on a comment, as far as it counts, and its last voiding."""

    cast: Cast | None
    void: Void | None


class BallotEntry(NamedTuple):
    """A member of `ballots`, decoded."""

    member: str
    comment: str
    ballot: Ballot


NO_BALLOT: Final = Ballot(None, None)


def ballot_of(comment: CommentState, member: str) -> Ballot:
    """The ballot of a member."""
    return Ballot(comment.ballots.get(member), comment.voids.get(member))


def encode(comment: str, member: str, ballot: Ballot) -> str:
    """The member of `ballots` for a vote."""
    cast, void = ballot
    value, revision = cast or (0, 0 if void is None else void.revision)
    plain = f"{member} {comment} {value} {revision}"
    if void is None:
        return plain
    texts = ",".join(f"{begin}-{end}" for begin, end in void.texts) or _NO_TEXTS
    state = ("r" if void.restored else "v") + ("t" if void.retracted else "")
    return f"{plain} {void.batch} {void.value} {void.revision} {texts} {state}"


def decode(listed: str) -> BallotEntry:
    """Decode a member of `ballots`."""
    member, comment, value, revision, *void = listed.split(" ")
    cast = (int(value), int(revision)) if value != "0" else None
    return BallotEntry(member, comment, Ballot(cast, _void(*void) if void else None))


def _void(batch: str, value: str, revision: str, texts: str, state: str) -> Void:
    return Void(
        batch=batch,
        value=int(value),
        revision=int(revision),
        texts=() if texts == _NO_TEXTS else tuple(map(_run, texts.split(","))),
        retracted=state.endswith("t"),
        restored=state.startswith("r"),
    )


def _run(text: str) -> Span:
    begin, _, end = text.partition("-")
    return int(begin), int(end)
