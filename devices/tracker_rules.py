"""What is wrong with a tracker only after a time: power, satellites, signal.

Judged at live fixes, on the steady clock of their receipt: what a fix leaves out stays as it was,
and silence between fixes is presence's matter. Only trackers that something is wrong with are
remembered.
"""

import msgspec

from devices.causes import Cause
from devices.readings import Fix, FixSource, Flag

UNPOWERED_MS = 600_000
"""External power absent with ignition for longer is told. Source: health.md, Tracker."""
UNPLACED_MS = 1_800_000
"""No valid GNSS for so long while moving is told. Source: health.md, Tracker. The time of several
rides adds up, because a ride in a city is shorter; one valid position ends it."""
LEG_MS = 300_000
"""Between two fixes that moved at most so much counts as moving. Our choice."""
WEAK_DBM = -110
"""A mobile signal below is weak, dBm ... Source: health.md, Tracker."""
WEAK_MS = 3_600_000
"""... and told after so long. Source: health.md, Tracker."""

_FUTURE = int(Flag.FUTURE)


class TrackerRulesState(msgspec.Struct):
    """For checkpoints, by slot: since when; for places (moved so long, at the last fix or -1)."""

    unpowered: dict[int, int] = {}
    weak: dict[int, int] = {}
    unplaced: dict[int, tuple[int, int]] = {}


class TrackerRules:
    """All trackers that something may be wrong with."""

    def __init__(self, state: TrackerRulesState | None = None) -> None:
        """Start with nothing wrong, or from a checkpoint."""
        state = state or TrackerRulesState()
        self._unpowered = dict(state.unpowered)
        self._weak = dict(state.weak)
        self._unplaced = dict(state.unplaced)

    def step(self, slot: int, fix: Fix, elapsed_ms: int) -> int:
        """Take a live fix; gives the ``Cause`` bits that hold now."""
        st, rssi_dbm = fix.st, fix.net.rssi_dbm
        if st.ext_power is False and st.ign:
            self._unpowered.setdefault(slot, elapsed_ms)
        elif st.ext_power or st.ign is False:
            self._unpowered.pop(slot, None)
        if rssi_dbm is not None:
            if rssi_dbm < WEAK_DBM:
                self._weak.setdefault(slot, elapsed_ms)
            else:
                self._weak.pop(slot, None)
        bits = self._place(slot, fix, elapsed_ms)
        if elapsed_ms - self._unpowered.get(slot, elapsed_ms) > UNPOWERED_MS:
            bits |= Cause.NO_EXTERNAL_POWER
        if elapsed_ms - self._weak.get(slot, elapsed_ms) >= WEAK_MS:
            bits |= Cause.SIGNAL_WEAK
        return int(bits)

    def _place(self, slot: int, fix: Fix, elapsed_ms: int) -> int:
        """Whether it moved for too long without a satellite position."""
        pos, st, unplaced = fix.pos, fix.st, self._unplaced
        if pos.lat is not None and pos.src is FixSource.GNSS and not fix.flags & _FUTURE:
            unplaced.pop(slot, None)
            return 0
        moved_ms, at_ms = unplaced.get(slot, (0, -1))
        if st.ign or st.motion:
            if at_ms >= 0:
                moved_ms += min(elapsed_ms - at_ms, LEG_MS)
            unplaced[slot] = (moved_ms, elapsed_ms)
        elif slot in unplaced:
            unplaced[slot] = (moved_ms, -1)
        return int(Cause.NO_POSITION) if moved_ms >= UNPLACED_MS else 0

    def forget(self, slot: int) -> None:
        """A device is gone for good."""
        for memory in (self._unpowered, self._weak, self._unplaced):
            memory.pop(slot, None)

    def dump(self) -> TrackerRulesState:
        """State for a checkpoint."""
        return TrackerRulesState(dict(self._unpowered), dict(self._weak), dict(self._unplaced))
