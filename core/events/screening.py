"""Words of external screening as events store them: when a text is screened, and the hold of one that waits for it."""

from typing import Final, Literal

SCREENING: Final = "screening"
"""Name of the hold of a text that waits for the screener, of the rule that decides by what the screener said, and id of
the `system` actor that does."""
SCREENING_FAILED: Final = "screening-failed"
"""Name of the rule that holds a text because the screener gave no verdict."""

ScreeningTime = Literal["before", "after"]
"""A text is screened before it is published, or after."""
ScreeningVerdict = Literal["approve", "hold", "reject"]
