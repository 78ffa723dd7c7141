"""Rule `closed_hours`: texts that are written while no moderator is there."""

from datetime import datetime
from functools import lru_cache
from typing import Annotated, Final, Literal

from msgspec import Meta, field

from core.domain.context import Context
from core.domain.rules.premoderation import Hold
from core.domain.rules.rule import Rule
from core.policy import TimeOfDay
from core.time_zones import zone_of

CLOSED_HOURS: Final = "closed_hours"
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_DAYS: Final[tuple[Day, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class ClosedHours(Rule, frozen=True, kw_only=True, tag=CLOSED_HOURS):
    """Matches a text that is written from `from` until `to`, in the site's time zone; over midnight if `to` is earlier.

    Equal times are the whole day. `days` are those on which the hours begin; without them, every day.
    """

    begins: TimeOfDay = field(name="from")
    ends: TimeOfDay = field(name="to")
    days: Annotated[tuple[Day, ...], Meta(max_length=7)] = ()

    def match(self, _: str, context: Context, /) -> Hold | None:
        """The hold of a text in closed hours."""
        today, time = _local(context.now // 1000, context.policy.timezone)
        if self.begins < self.ends:
            closed = self.begins <= time < self.ends and self._on(today)
        else:
            closed = (time >= self.begins and self._on(today)) or (time < self.ends and self._on(today - 1))
        return Hold(CLOSED_HOURS) if closed else None

    def _on(self, day: int) -> bool:
        return not self.days or _DAYS[day] in self.days


@lru_cache(maxsize=64)  # the texts of a second share it
def _local(seconds: int, timezone: str) -> tuple[int, str]:
    """The day of the week and the time of day in a time zone."""
    now = datetime.fromtimestamp(seconds, zone_of(timezone))
    return now.weekday(), f"{now.hour:02}:{now.minute:02}"
