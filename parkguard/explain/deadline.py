"""When an explanation is given up: somebody waits for it."""

from collections.abc import Callable


class OutOfTime(Exception):
    """It took too long.

    Attributes:
        read: What of the journal was read by then, 0 to 1.
    """

    def __init__(self, read: float) -> None:
        """Say how far it came."""
        super().__init__(f"{read:.0%} of the journal was read")
        self.read = read


class Deadline:
    """A time on a steady clock, and how far the work has come."""

    def __init__(self, ends_s: float, now_s: Callable[[], float]) -> None:
        """It ends when ``now_s`` gives more than ``ends_s``; infinity: never."""
        self._ends_s, self._now_s = ends_s, now_s
        self._read = 0.0

    def come(self, done: int, total: int) -> None:
        """Note how far it came, and look at the clock.

        Raises:
            OutOfTime: It has passed.
        """
        self._read = done / max(total, 1)
        self.check()

    def check(self) -> None:
        """Look at the clock.

        Raises:
            OutOfTime: It has passed.
        """
        if self._now_s() > self._ends_s:
            raise OutOfTime(self._read)
