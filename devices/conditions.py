"""What is wrong with a device, by its newest word: ``Cause`` bits. Bounds are health.md's."""

import msgspec

from devices.causes import Cause
from devices.readings import Fix, Flag

CLOCK_OFF_MS = 60_000
"""A clock off by more is said. Source: health.md, Tracker."""
BATTERY_LOW_PCT, BATTERY_CRITICAL_PCT = 20, 10
"""A battery below is low, critical; per cent. Source: health.md, Tracker."""
NO_CLOCK = int(Flag.BACKFILL | Flag.NO_TIME | Flag.RETAINED | Flag.REQUEUED)
"""Records whose time against the receive time says nothing of the device's clock."""
_WRONG_CLOCK = int(Flag.TIME_LEARNT | Flag.WEEK_ROLLOVER)


def clock_condition(off_ms: int, flags: int) -> int:
    """Whether the clock is off, or was until we corrected it.

    Args:
        off_ms: The record's time minus its receive time; sign as it is.
        flags: The record's flags; none of ``NO_CLOCK``.
    """
    wrong = abs(off_ms) > CLOCK_OFF_MS or flags & _WRONG_CLOCK
    return int(Cause.CLOCK_OFF) if wrong else 0


def tracker_condition(fix: Fix, recv_ms: int) -> int:
    """Battery and clock; what needs time is in ``devices.tracker_rules``."""
    bits = 0 if fix.flags & NO_CLOCK else clock_condition(fix.t_ms - recv_ms, fix.flags)
    battery_pct = fix.bat.pct
    if battery_pct is not None:
        if battery_pct < BATTERY_CRITICAL_PCT:
            bits |= Cause.BATTERY_CRITICAL
        elif battery_pct < BATTERY_LOW_PCT:
            bits |= Cause.BATTERY_LOW
    return int(bits)


class ConditionState(msgspec.Struct):
    """For checkpoints: what conditions remember between messages.

    Attributes:
        lags: By slot of a tracker whose newest fix was late: the delay, and the steady clock of the
            first one with it.
        conflicts: By slot: steady clock of the newest contradiction of numbers.
        farewells: Slots whose retained state says they are gone.
    """

    lags: dict[int, tuple[int, int]] = {}
    conflicts: dict[int, int] = {}
    farewells: set[int] = set()

    def forget(self, slot: int) -> None:
        """A device is gone for good."""
        for memory in (self.lags, self.conflicts):
            memory.pop(slot, None)
        self.farewells.discard(slot)
