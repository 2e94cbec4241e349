"""Devices that come and go: more changes of presence in a window than a bound.

Vectorised over slots; times are of the listening clock, so our own outage makes nobody flap.
"""

import msgspec
import numpy as np
from numpy.typing import NDArray

from devices.presence import Presence, PresencePolicy
from devices.silences import Named

Slots = NDArray[np.int64]
TICKS_MS = 100
"""Times are kept in units of this, ms: 32 bits last for six years of listening."""
_NEVER = np.iinfo(np.int32).min
_BAD = np.array([word in {Presence.LATE, Presence.OFFLINE} for word in Presence])


class FlappingState(msgspec.Struct):
    """For checkpoints: rows of int32 times, and who flaps."""

    times: bytes
    on: bytes
    began_ms: dict[int, int]


class Flapping:
    """The newest changes of every slot, and who flaps.

    Attributes:
        on: By slot: flaps now.
    """

    def __init__(self, policy: PresencePolicy) -> None:
        """Start with nobody who ever changed."""
        self._window = round(policy.flapping_s * 1000) // TICKS_MS
        self._kept = max(int(policy.flapping_changes), 1)
        self._times = np.full((self._kept, 0), _NEVER, np.int32)
        self._began_ms: dict[int, int] = {}
        self.on = np.zeros(0, np.bool_)

    @property
    def waits(self) -> bool:
        """Whether an episode may end by time alone."""
        return bool(self._began_ms)

    def grow(self, size: int) -> None:
        """Make room for ``size`` slots."""
        old = len(self.on)
        times = np.full((self._kept, size), _NEVER, np.int32)
        times[:, :old] = self._times
        on = np.zeros(size, np.bool_)
        on[:old] = self.on
        self._times, self.on = times, on

    def step(self, slots: Slots, now_ms: int, elapsed_ms: int) -> Named:
        """Take slots that changed now; gives those whose episode begins (on the steady clock)."""
        now, times = now_ms // TICKS_MS, self._times
        oldest = times[-1, slots].astype(np.int64)
        for k in range(self._kept - 1, 0, -1):
            times[k, slots] = times[k - 1, slots]
        times[0, slots] = now
        often = (oldest != _NEVER) & (now - oldest <= self._window) & ~self.on[slots]
        begun = slots[often]
        self.on[begun] = True
        self._began_ms |= dict.fromkeys(begun.tolist(), elapsed_ms)
        return Named(begun, np.full(len(begun), elapsed_ms, np.int64))

    def quiet(self, now_ms: int) -> Named:
        """Slots whose episode is over: no change for the whole window."""
        if not self._began_ms:
            return Named(np.zeros(0, np.int64), np.zeros(0, np.int64))
        slots = np.flatnonzero(self.on)
        newest = self._times[0, slots].astype(np.int64)
        over = slots[now_ms // TICKS_MS - newest >= self._window]
        self.on[over] = False
        began_ms = [self._began_ms.pop(slot) for slot in over.tolist()]
        return Named(over, np.array(began_ms, np.int64))

    def forget(self, slot: int) -> None:
        """A device is in maintenance, or gone for good."""
        self._began_ms.pop(slot, None)
        self.on[slot] = False
        self._times[:, slot] = _NEVER

    def dump(self) -> FlappingState:
        """State for a checkpoint."""
        return FlappingState(
            times=self._times.tobytes(), on=self.on.tobytes(), began_ms=dict(self._began_ms)
        )

    def load(self, state: FlappingState) -> None:
        """Take the state of a checkpoint."""
        self.on = np.frombuffer(state.on, np.bool_).copy()
        times = np.frombuffer(state.times, np.int32).copy()
        self._times = times.reshape(-1, len(self.on)) if len(self.on) else times.reshape(1, 0)
        self._began_ms = dict(state.began_ms)
        if len(self._times) != self._kept:  # another policy: begin anew with those who flap
            self._times = np.full((self._kept, len(self.on)), _NEVER, np.int32)


def counted(before: NDArray[np.uint8], now: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which changes of presence are a coming or going.

    Not those between online and sleeping, which are declared, nor from late to offline, which is
    one going, nor the first word of a device.
    """
    known = (before != Presence.UNKNOWN) & (now != Presence.UNKNOWN)
    turned: NDArray[np.bool_] = known & (_BAD[before] != _BAD[now])
    return turned
