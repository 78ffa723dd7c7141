"""A moment in the log, given as a time or a position."""

from core.position import START, Position
from core.times import parse_rfc3339


def parse_moment(text: str) -> Position | int:
    """Parse a position, or a time (returned in milliseconds since 1970). Raises ValueError."""
    if "T" in text.upper():
        return parse_rfc3339(text)
    try:
        return Position.parse(text)
    except ValueError:
        raise ValueError("a time must be RFC 3339, a position <ms>-<n>") from None


def place_of(moment: Position | int) -> Position:
    """Return the position at which a moment begins. Nothing was recorded before 1970."""
    return max(START, Position(moment, 0)) if isinstance(moment, int) else moment
