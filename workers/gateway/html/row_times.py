"""The times of rows as HTML, in the time zone of the site and the words of a language."""

from datetime import UTC, datetime, tzinfo
from html import escape
from typing import Final, NamedTuple

from workers.gateway.html.words import Words

_CLOCK: Final = "{clock}"
"""Place of the hour in the sentence `exact`."""


class _Day(NamedTuple):
    """The HTML that all times of a day in a zone have in common."""

    key: str
    small: str
    """The day, for rows where it is shown."""
    before: str
    """The exact time up to its hour."""
    after: str


class RowTimes:
    """Writes the times of the rows of one page. A page has few days, so each is put into words once."""

    def __init__(self, words: Words, zone: tzinfo, now: datetime) -> None:
        """`now` is the time of the request: a time in another year is written with its year."""
        self._words = words
        self._zone = zone
        self._year = now.astimezone(zone).year
        self._days: dict[tuple[int, int, int, str | None], _Day] = {}

    def posted(self, at: str, above: str) -> tuple[str, str]:
        """Return a time as HTML, and its day as a key. The day is written where it is not that of `above`."""
        moment = moment_of(at, self._zone)
        if moment is None:
            return f'<time datetime="{escape(at)}">{escape(at)}</time>', above
        # The zone of a summer is called otherwise than that of a winter, and a day may have both.
        of_day = moment.year, moment.month, moment.day, moment.tzname()
        day = self._days.get(of_day)
        if day is None:
            day = self._days[of_day] = self._day(*of_day)
        clock = f"{moment.hour:02}:{moment.minute:02}"
        return (
            f'<time datetime="{at}">{"" if day.key == above else day.small}<b>{clock}</b>'
            f'<span class="sr">, {day.before}{clock}:{moment.second:02}{day.after}</span></time>'
        ), day.key

    def edited(self, at: str) -> str:
        """Return the time of an edit as HTML: the day in words, and the hour."""
        told = escape(at)
        moment = moment_of(at, self._zone)
        if moment is not None:
            names = self._words.day_names(moment.year, moment.month, moment.day)
            day = names.long_day if moment.year == self._year else names.long_date
            told = escape(self._words.day_clock(day, f"{moment.hour:02}:{moment.minute:02}"))
        return f'<time datetime="{escape(at)}">{told}</time>'

    def _day(self, year: int, month: int, day: int, zone: str | None) -> _Day:
        names = self._words.day_names(year, month, day)
        exact = escape(self._words.say("exact", date=names.long_date, zone=zone or ""))
        before, _, after = exact.partition(_CLOCK)
        small = escape(names.day if year == self._year else names.date)
        return _Day(f"{year}-{month}-{day}", f"<small>{small}</small>", before, after)


def moment_of(at: str, zone: tzinfo) -> datetime | None:
    """Return a time of a row in a zone; in UTC where the zone has no such time. None if it is malformed."""
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return None
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return moment.astimezone(UTC)
