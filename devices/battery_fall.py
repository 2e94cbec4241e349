"""Whose battery will be empty within days, from how it fell since its last charge.

Looked at once an hour at ticks, all slots at once: two numbers and a time per device. Coarser than
``devices.trends``, which reads the telemetry store for a date with an interval; this warns.
"""

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
HOUR_MS = 3_600_000
MINUTE_MS = 60_000
DAY_MIN = 1_440
CHARGED_PCT = 5.0
"""A rise of this much above the least is a charge. Trackers tell steps of 1 to 5 %. Ours."""
WATCHED_DAYS = 2.0
"""Nothing is said earlier after a charge: a day of rides is no trend. Ours."""
FALLEN_PCT = 5.0
"""... nor before it fell by so much: one step of a coarse gauge. Ours."""
EMPTY_DAYS = 3.0
"""Told when it would be empty within this. Source: our choice; time to send somebody."""
SAFE_DAYS = 4.0
"""... and over when it would last longer than this, or was charged."""


class BatteryFallState(msgspec.Struct):
    """For checkpoints: float32 and int32 by slot."""

    full_pct: bytes = b""
    least_pct: bytes = b""
    full_min: bytes = b""
    hour: int = -1
    falling: list[int] = []


class BatteryFall:
    """Of every slot the level after its last charge and when that was, on the steady clock."""

    def __init__(self) -> None:
        """Start with nothing known."""
        self._full_pct = np.zeros(0, np.float32)
        self._least_pct = np.zeros(0, np.float32)
        self._full_min = np.zeros(0, np.int32)
        self._hour = -1
        self._falling: set[int] = set()

    def tick(self, elapsed_ms: int, battery_pct: Floats) -> dict[int, bool]:
        """Slots whose verdict changed: whether they will be empty soon.

        Args:
            elapsed_ms: The steady clock.
            battery_pct: Last known level of every slot; NaN = unknown.
        """
        hour = elapsed_ms // HOUR_MS
        if hour == self._hour:
            return {}
        self._hour = hour
        self._grow(len(battery_pct))
        now_min = np.int32(elapsed_ms // MINUTE_MS)
        anew = np.isnan(self._full_pct) | (battery_pct >= self._least_pct + CHARGED_PCT)
        anew |= battery_pct > self._full_pct
        anew &= ~np.isnan(battery_pct)
        self._full_pct[anew] = self._least_pct[anew] = battery_pct[anew]
        self._full_min[anew] = now_min
        self._least_pct = np.fmin(self._least_pct, battery_pct)
        days = (now_min - self._full_min) / DAY_MIN
        fallen = self._full_pct - battery_pct
        told = (days >= WATCHED_DAYS) & (fallen >= FALLEN_PCT)
        left = np.full(len(days), np.inf)
        np.divide(battery_pct * days, fallen, out=left, where=told)
        before = np.zeros(len(days), np.bool_)
        before[list(self._falling)] = True
        falling = left <= np.where(before, SAFE_DAYS, EMPTY_DAYS)
        changed = np.flatnonzero(falling != before).tolist()
        self._falling = set(np.flatnonzero(falling).tolist())
        return {slot: slot in self._falling for slot in changed}

    def forget(self, slot: int) -> None:
        """A device is gone for good."""
        self._falling.discard(slot)
        if slot < len(self._full_pct):
            self._full_pct[slot] = self._least_pct[slot] = np.nan

    def dump(self) -> BatteryFallState:
        """State for a checkpoint."""
        return BatteryFallState(
            full_pct=self._full_pct.tobytes(),
            least_pct=self._least_pct.tobytes(),
            full_min=self._full_min.tobytes(),
            hour=self._hour,
            falling=sorted(self._falling),
        )

    def load(self, state: BatteryFallState) -> None:
        """Take the state of a checkpoint."""
        self._full_pct = np.frombuffer(state.full_pct, np.float32).copy()
        self._least_pct = np.frombuffer(state.least_pct, np.float32).copy()
        self._full_min = np.frombuffer(state.full_min, np.int32).copy()
        self._hour = state.hour
        self._falling = set(state.falling)

    def _grow(self, size: int) -> None:
        old = len(self._full_pct)
        if size > old:
            for name in ("_full_pct", "_least_pct"):
                grown = np.full(size, np.nan, np.float32)
                grown[:old] = getattr(self, name)
                setattr(self, name, grown)
            times = np.zeros(size, np.int32)
            times[:old] = self._full_min
            self._full_min = times
