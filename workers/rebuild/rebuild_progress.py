"""Progress of a rebuild over all partitions, in events."""

from collections.abc import Callable


class RebuildProgress:
    """Counts the events done and their total. `report` receives both after each change."""

    def __init__(self, report: Callable[[int, int], object]) -> None:
        self._report = report
        self._done: dict[int, float] = {}
        self._of: dict[int, int] = {}

    def begin(self, partition: int, of: int, done: int) -> None:
        """Set the number of events of a partition, and how many of them are done already."""
        self._of[partition] = of
        self.count(partition, done)

    def count(self, partition: int, done: float) -> None:
        """Set the number of events of a partition that are done."""
        self._done[partition] = done
        self._of[partition] = max(self._of.get(partition, 0), int(done))
        self._report(int(sum(self._done.values())), sum(self._of.values()))

    def total(self, partition: int) -> int:
        """Number of events of a partition."""
        return self._of[partition]
