"""How many of a tracker's fixes of the last day were refused or are no place on earth.

Counted in four blocks of six hours by slot, so the window is 18 to 24 h. Blocks change and
verdicts fall at ticks alone, so batches change nothing.
"""

import msgspec
import numpy as np
from numpy.typing import NDArray

from devices.model import Device, DeviceClass
from devices.readings import Flag

Slots = NDArray[np.int64]
BLOCK_MS = 21_600_000
BLOCKS = 4
REJECTED_SHARE = 0.2
"""More than this share is told. Source: health.md, Tracker (20 % in 24 h)."""
REJECTED_MIN = 10
"""... and at least so many: two bad fixes of a tracker's first five are no verdict. Our choice."""
UNUSABLE = int(Flag.NULL_ISLAND | Flag.FUTURE)
"""Accepted fixes that count as rejected: 0/0, and a time that is not yet. One that says that it
has no position (``valid:false``) is honest and no reject."""
_NO_FIX = frozenset({"event", "state", "info", "ack"})
_MOST = np.iinfo(np.uint16).max


def is_fix_of(device: Device, topic: str) -> bool:
    """Whether what was refused of a tracker under a topic was a fix, or may have been one."""
    return device.cls is DeviceClass.TRACKER and topic.rsplit("/", 1)[-1] not in _NO_FIX


class FixQualityState(msgspec.Struct):
    """For checkpoints: uint16 counts by block and slot."""

    counts: bytes = b""
    rejected: bytes = b""
    block: int = -1
    asked: list[int] = []
    suspects: list[int] = []


class FixQuality:
    """Counts of all slots, and who has too many rejects."""

    def __init__(self) -> None:
        """Start with no fixes."""
        self._counts = np.zeros((BLOCKS, 0), np.uint16)
        self._rejected = np.zeros((BLOCKS, 0), np.uint16)
        self._block = -1
        self._asked: set[int] = set()
        self._suspects: set[int] = set()

    def grow(self, size: int) -> None:
        """Make room for ``size`` slots."""
        self._counts, self._rejected = _grown(self._counts, size), _grown(self._rejected, size)

    def fixes(self, slots: Slots) -> None:
        """Fixes that came, good or not; a slot may stand several times."""
        _add(self._counts[self._block % BLOCKS], slots)

    def rejected(self, slots: list[int]) -> None:
        """Those among them that are of no use."""
        _add(self._rejected[self._block % BLOCKS], np.array(slots, np.int64))
        self._asked.update(slots)

    def tick(self, elapsed_ms: int) -> dict[int, bool]:
        """Slots whose verdict changed: whether too many were rejected."""
        block, asked = elapsed_ms // BLOCK_MS, self._asked
        if block != self._block:
            for new in range(max(self._block + 1, block - BLOCKS + 1), block + 1):
                self._counts[new % BLOCKS] = 0
                self._rejected[new % BLOCKS] = 0
            self._block = block
            asked |= self._suspects
        if not asked:
            return {}
        slots = np.array(sorted(asked), np.int64)
        asked.clear()
        rejected = self._rejected[:, slots].sum(axis=0, dtype=np.int64)
        total = self._counts[:, slots].sum(axis=0, dtype=np.int64)
        bad = (rejected >= REJECTED_MIN) & (rejected > REJECTED_SHARE * total)
        verdicts = dict(zip(slots.tolist(), bad.tolist(), strict=True))
        changed = {slot: is_ for slot, is_ in verdicts.items() if is_ != (slot in self._suspects)}
        self._suspects |= {slot for slot, is_ in changed.items() if is_}
        self._suspects -= {slot for slot, is_ in changed.items() if not is_}
        return changed

    def forget(self, slot: int) -> None:
        """A device is gone for good."""
        self._counts[:, slot] = 0
        self._rejected[:, slot] = 0
        self._asked.discard(slot)
        self._suspects.discard(slot)

    def dump(self) -> FixQualityState:
        """State for a checkpoint."""
        return FixQualityState(
            counts=self._counts.tobytes(),
            rejected=self._rejected.tobytes(),
            block=self._block,
            asked=sorted(self._asked),
            suspects=sorted(self._suspects),
        )

    def load(self, state: FixQualityState) -> None:
        """Take the state of a checkpoint."""
        self._counts = np.frombuffer(state.counts, np.uint16).reshape(BLOCKS, -1).copy()
        self._rejected = np.frombuffer(state.rejected, np.uint16).reshape(BLOCKS, -1).copy()
        self._block = state.block
        self._asked, self._suspects = set(state.asked), set(state.suspects)


def _grown(counts: NDArray[np.uint16], size: int) -> NDArray[np.uint16]:
    grown = np.zeros((BLOCKS, size), np.uint16)
    grown[:, : counts.shape[1]] = counts
    return grown


def _add(counts: NDArray[np.uint16], slots: Slots) -> None:
    """Count slots; a count that is full stays so."""
    which, more = np.unique(slots, return_counts=True)
    counts[which] = np.minimum(counts[which] + more, _MOST)
