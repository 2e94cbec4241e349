"""The simulated clock: a steady time that follows ``recv_t``, and a wall clock that may step."""

from typing import NamedTuple


class _Stretch(NamedTuple):
    start_ms: int
    offset_ms: int


class SteppedClock:
    """``elapsed_ms`` never falls; the wall clock is ``elapsed_ms`` plus the steps so far.

    Before the first step both are ``recv_t``.
    """

    def __init__(self) -> None:
        """Stand at zero, no step yet."""
        self.elapsed_ms = 0
        self.offset_ms = 0
        self._stretches = [_Stretch(0, 0)]

    @property
    def wall_ms(self) -> int:
        """The wall clock now, ms UTC."""
        return self.elapsed_ms + self.offset_ms

    def step(self, seconds: float) -> None:
        """Move the wall clock; the steady one stays."""
        self.offset_ms += round(seconds * 1000)
        self._stretches.append(_Stretch(self.elapsed_ms, self.offset_ms))

    def latest_at(self, wall_ms: int) -> int:
        """The last steady time at which the wall clock showed ``wall_ms`` or was before it.

        After a step back a time of day comes twice: the second one counts.
        """
        end = 1 << 60
        for stretch in reversed(self._stretches):
            elapsed_ms = wall_ms - stretch.offset_ms
            if elapsed_ms >= stretch.start_ms:
                return min(elapsed_ms, end)
            end = stretch.start_ms
        return -1
