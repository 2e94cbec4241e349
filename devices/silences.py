"""Single devices that fell silent, came back, or were never heard: when each is told, once.

Vectorised over slots that wait. The wait for a silence is on the listening clock; that for the
first word of a device on the steady one. Nothing is told while an outage of ours has its grace.
"""

from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from devices.presence import Presence, PresencePolicy

Slots = NDArray[np.int64]
Flags = NDArray[np.bool_]
_NOBODY = np.zeros(0, np.int64)


class Named(NamedTuple):
    """Slots, and the steady clock when it began with each: the name of the occurrence."""

    slots: Slots
    began_ms: Slots


class SilencesState(msgspec.Struct):
    """For checkpoints: int64 arrays."""

    waiting: bytes
    told: bytes
    unheard: bytes
    registered: list[int]


class Silences:
    """Who waits to be told of, and who was."""

    def __init__(self, policy: PresencePolicy) -> None:
        """Start with nobody."""
        self._silent_ms = round(policy.silent_s * 1000)
        self._never_ms = round(policy.never_heard_s * 1000)
        self._waiting = np.zeros((3, 0), np.int64)  # slot, due (listening), began (steady)
        self._told = np.zeros((2, 0), np.int64)  # slot, began
        self._unheard = np.zeros((2, 0), np.int64)  # slot, registered (steady), ascending
        self._registered: list[int] = []

    @property
    def waits(self) -> bool:
        """Whether listening on alone brings news."""
        return self._waiting.shape[1] > 0

    @property
    def due_ms(self) -> int | None:
        """Steady clock at which the next device will have been unheard for too long."""
        if not self._unheard.shape[1]:
            return None
        return int(self._unheard[1, 0]) + self._never_ms

    def stirs(self, elapsed_ms: int) -> bool:
        """Whether a tick without a change of presence has something to do."""
        due_ms = self.due_ms
        return self.waits or bool(self._registered) or (due_ms is not None and due_ms <= elapsed_ms)

    def registered(self, slot: int) -> None:
        """A device came into service that was never heard."""
        self._registered.append(slot)

    def gone(self, slots: Slots, now_ms: int, elapsed_ms: int, wait_ms: int | Slots = 0) -> None:
        """These are offline: told when they stay so, for the policy's time or ``wait_ms``."""
        if not len(slots):
            return
        known = np.isin(slots, self._told[0]) | np.isin(slots, self._waiting[0])
        due_ms = now_ms + np.maximum(wait_ms, self._silent_ms)
        new = np.stack(np.broadcast_arrays(slots, due_ms, elapsed_ms))[:, ~known]
        self._waiting = np.concatenate([self._waiting, new], axis=1)

    def silent(
        self,
        presence: NDArray[np.uint8],
        *,
        free: Flags,
        held: Slots,
        now_ms: int,
        calm: bool,
    ) -> Named:
        """Who is told of now. ``free`` are slots in service that nothing explains."""
        slots, due_ms, _ = self._waiting
        if not len(slots):
            return Named(_NOBODY, _NOBODY)
        stays = (presence[slots] == Presence.OFFLINE) & free[slots]
        due = stays & (due_ms <= now_ms) & np.bool_(calm)
        if len(held) and due.any():
            due &= ~np.isin(slots, held)
        told = self._waiting[:, due]
        if not stays.all() or len(told[0]):
            self._waiting = self._waiting[:, stays & ~due]
        if len(told[0]):
            self._told = np.concatenate([self._told, told[[0, 2]]], axis=1)
        return Named(told[0], told[2])

    def back(self, presence: NDArray[np.uint8], *, active: Flags, flapping: Flags) -> Named:
        """Who was told of and speaks again."""
        slots = self._told[0]
        if not len(slots):
            return Named(_NOBODY, _NOBODY)
        well = (presence[slots] == Presence.ONLINE) | (presence[slots] == Presence.SLEEPING)
        back = well & ~flapping[slots] & active[slots]
        ended = back | ~active[slots]
        told = self._told[:, back]
        if ended.any():
            self._told = self._told[:, ~ended]
        return Named(told[0], told[1])

    def unheard(
        self, presence: NDArray[np.uint8], *, active: Flags, elapsed_ms: int, calm: bool
    ) -> Named:
        """Who was registered long ago and never heard."""
        if self._registered:
            slots = np.array(self._registered, np.int64)
            new = np.stack(np.broadcast_arrays(slots, elapsed_ms))
            self._unheard = np.concatenate([self._unheard, new], axis=1)
            self._registered.clear()
        due_ms = self.due_ms
        if due_ms is None or due_ms > elapsed_ms or not calm:
            return Named(_NOBODY, _NOBODY)
        upto = int(np.searchsorted(self._unheard[1], elapsed_ms - self._never_ms, side="right"))
        slots, since_ms = self._unheard[:, :upto]
        self._unheard = self._unheard[:, upto:]
        still = (presence[slots] == Presence.UNKNOWN) & active[slots]
        return Named(slots[still], since_ms[still])

    def dump(self) -> SilencesState:
        """State for a checkpoint."""
        return SilencesState(
            waiting=self._waiting.tobytes(),
            told=self._told.tobytes(),
            unheard=self._unheard.tobytes(),
            registered=list(self._registered),
        )

    def load(self, state: SilencesState) -> None:
        """Take the state of a checkpoint."""
        self._waiting = np.frombuffer(state.waiting, np.int64).reshape(3, -1).copy()
        self._told = np.frombuffer(state.told, np.int64).reshape(2, -1).copy()
        self._unheard = np.frombuffer(state.unheard, np.int64).reshape(2, -1).copy()
        self._registered = list(state.registered)
