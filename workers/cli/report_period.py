"""Options for the period that a command looks at."""

import time
from datetime import tzinfo
from typing import Annotated

from cyclopts import Parameter

from projections.figures.period import BadPeriod, Period, period_of
from workers.cli.exit_status import UsedWrongly

From = Annotated[
    str | None,
    Parameter(name="--from", help="First day, such as 2026-10-01, or a time. Default: 30 days before the end."),
]
To = Annotated[str | None, Parameter(help="The day, or the time, before which the period ends. Default: now.")]


def period_asked_for(from_: str | None, to: str | None, zone: tzinfo) -> Period:
    """The period between two bounds, as `projections.figures.period.period_of`. Raises UsedWrongly."""
    try:
        return period_of(from_, to, zone, int(time.time() * 1000))
    except BadPeriod as error:
        raise UsedWrongly(f"--{error.bound}: {error}") from error
