"""What the oracle found, as data."""

from typing import Literal

from msgspec import Struct

What = Literal[
    "lost",  # acknowledged at the level of the deployment, and not in the log
    "duplicated",  # one key, more than one effect
    "answer",  # a repeat was answered otherwise than the first time, or what was refused has an effect
    "log",  # numbers, times, back pointers, revisions, heads, key records: the log is not what it must be
    "view",  # what is served is not the fold of the log
    "cursor",  # the views did not catch up, or are beyond the log
    "feed",  # a client's record is not the visible history
    "screening",  # a text that waited for a screener was not judged, or not once, or not as the screener said
    "zombie",  # who lost the partition wrote to it
    "defect",  # an answer that nobody may get: 500, a problem that makes no sense here
    "silence",  # a deed that was never answered, long after the fault was over
]


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that must not be, and how to see it again."""

    what: What
    detail: str
    fault: str = ""
    seed: str = ""
    round: int = 0

    def __str__(self) -> str:
        """One line, with what replays it."""
        return f"{self.what}: {self.detail} (--fault '{self.fault}' --seed {self.seed}, round {self.round})"
