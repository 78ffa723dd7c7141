"""Runs of revisions: sets of numbers as spans, short however many the numbers are."""

from collections.abc import Iterable

from core.events.comment_events import Span


def runs_of(numbers: Iterable[int]) -> tuple[Span, ...]:
    """The numbers as runs, in order."""
    found: list[Span] = []
    for number in sorted(set(numbers)):
        if found and found[-1][1] == number:
            found[-1] = found[-1][0], number + 1
        else:
            found.append((number, number + 1))
    return tuple(found)


def numbers_in(runs: Iterable[Span]) -> set[int]:
    """The numbers of runs."""
    return {number for begin, end in runs for number in range(begin, end)}
