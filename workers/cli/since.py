"""The option `--since`: a date, or a time."""

import re
from datetime import UTC, datetime
from typing import Final

from core.times import parse_rfc3339
from workers.cli.exit_status import UsedWrongly

_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")


def start_of(text: str) -> int:
    """The time that `--since` names, in milliseconds since 1970: that of a date is its beginning in UTC.

    Raises UsedWrongly.
    """
    try:
        if _DATE.fullmatch(text) is not None:
            return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)
        return parse_rfc3339(text)
    except ValueError as error:
        raise UsedWrongly(f"--since takes a date such as 2020-01-31, not {text!r}") from error
