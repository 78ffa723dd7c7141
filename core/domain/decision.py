"""A decision on a revision of a comment, its appeal, and what is kept for its reversal. Stored with the comment."""

from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct, field
from msgspec.structs import replace

from core.caller import ActorKind
from core.domain.appeal import Appeal, after_decision
from core.events.envelope import Recorded
from core.events.statement_events import AppealDecided, AppealFiled, StatementTold
from core.policy import Ground
from core.position import Position
from core.refusals import BadField

VerdictStatus = Literal["published", "pending", "rejected"]
Verdict = Literal["approve", "hold", "reject"]

STATUS_BY: Final[dict[Verdict, VerdictStatus]] = {"approve": "published", "hold": "pending", "reject": "rejected"}
"""Status of a text after a verdict."""

KEPT_BATCHES: Final = 8
"""Batches per comment whose items can be named. The decision of an earlier one has been replaced since."""


class Decision(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A verdict on a text after the text was written. `reason` is for author and staff, `note` for staff only.

    `code` is one of the reasons that the policy had then. With `spam`, the author is told neither it nor its ground.
    """

    verdict: Verdict
    by: str
    kind: ActorKind = "staff"
    """Kind of the deciding actor: `staff`, or `system` for a rule."""
    reason: str | None = None
    note: str | None = None
    code: str | None = None
    ground: Ground | None = None
    spam: bool = False
    rule: str | None = None
    """The rule that decided; None if a moderator did."""
    at: int
    """Time of the decision, in milliseconds since 1970."""
    position: Position
    told: Position | None = None
    """Position of the event that records that the author was told."""
    appeal: Appeal | None = None
    """The author's appeal. An open one outlives a later decision on the same text."""

    @property
    def automated(self) -> bool:
        """True if no person decided."""
        return self.kind == "system"

    def with_statement(self, recorded: Recorded, event: StatementTold | AppealFiled | AppealDecided) -> "Decision":
        """Return the decision after its author was told, appealed, or the appeal was decided.

        Raises ValueError if the event does not follow on this decision.
        """
        appeal, position = self.appeal, recorded.position
        match event:
            case StatementTold(decision=decision) if decision == str(self.position):
                return replace(self, told=position)
            case StatementTold(decision=decision) if appeal is not None and decision == str(appeal.decided):
                return replace(self, appeal=replace(appeal, told=position))
            case AppealFiled() if appeal is None:
                by = None if self.automated else self.by
                return replace(self, appeal=Appeal(text=event.text, filed=position, by=by))
            case AppealDecided() if appeal is not None and appeal.is_open:
                return replace(self, appeal=after_decision(appeal, recorded, event))
            case _:
                raise ValueError("there is no such decision or appeal")


class BatchItem(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The decision of a batch on a comment."""

    decided: Position
    reversed: Position | None = None
    """Position of the event that undid the decision."""


class Replaced(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The part of a comment that its last decision replaced. The defaults are those of a comment as it is posted."""

    batch: str
    """Batch of the decision that replaced it."""
    revision: int = 1
    """Revision that the decision was about."""
    standing: int | None = 1
    verdict_status: VerdictStatus = field(default="published", name="verdict")
    decision: Decision | None = None
    """The decision before on that revision."""
    notice: str | None = None
    """Reference of the notice that the decision closed."""


def require_first(batches: Mapping[str, BatchItem], batch: str | None, otherwise: str) -> None:
    """Raise BadField, with the words `otherwise`, if a batch has acted already. One reversal then undoes all it did."""
    item = None if batch is None else batches.get(batch)
    if item is not None and item.reversed is None:
        raise BadField("/batch", otherwise)


def with_item(batches: Mapping[str, BatchItem], batch: str, decided: Position) -> dict[str, BatchItem]:
    """Return the batches of a comment after a decision of one, without those that are too many."""
    others = [(name, item) for name, item in batches.items() if name != batch]
    return {**dict(others[1 - KEPT_BATCHES :]), batch: BatchItem(decided=decided)}
