"""Independent witnesses as log-likelihood ratios that expire (detection.md, Evidence).

One array of expiry times per kind; a sum is clipped, so that sensors alone never reach the
police without displacement. Times are the journal's steady clock (``elapsed_ms``).
"""

from dataclasses import dataclass, field

import msgspec
import numpy as np
from numpy.typing import NDArray

from alerts.detection.signs import (
    EXCUSES,
    MISSED_MAX,
    SHAKING,
    SIGN_OF,
    WEIGHTS,
    Sign,
    Weight,
    reason_of,
)

__all__ = [
    "SHAKING",
    "SIGN_OF",
    "WEIGHTS",
    "Discount",
    "EvidenceArrays",
    "Sign",
    "Weight",
    "reason_of",
]

UNSHAKEN_AFTER_MS = 300_000
"""A working sensor that felt nothing for so long denies motion. Trackers repeat a shock alarm
at most every 3 to 5 minutes (domain.md 1.2)."""

_NATS = np.array([WEIGHTS[sign].nats for sign in Sign])
_LIVES_MS = {sign: int(WEIGHTS[sign].lives_s * 1000) for sign in Sign}
_EXCUSES = list(EXCUSES)
_LASTING = (*EXCUSES, Sign.PHONE_FAR)
"""What is said of the surroundings, not of the vehicle: it outlives an arming."""


class Discount(msgspec.Struct, frozen=True):
    """A sign of one slot counts nothing until then (steady clock); ``why`` is a stable word."""

    until_ms: int
    why: str


@dataclass(slots=True)
class EvidenceArrays:
    """``expires`` is (signs, slots) on the steady clock; ``shaken`` the last shake, -1 never.

    ``missed`` counts the promised reports that did not come, while ``SILENT`` lives; ``discounts``
    are the signs that count nothing, by slot (few have any).
    """

    expires: NDArray[np.int64]
    shaken: NDArray[np.int64]
    missed: NDArray[np.uint8]
    discounts: dict[int, dict[Sign, Discount]] = field(default_factory=dict)

    @classmethod
    def empty(cls, size: int) -> "EvidenceArrays":
        """Nothing witnessed."""
        never = np.full(size, -1, np.int64)
        return cls(np.zeros((len(Sign), size), np.int64), never, np.zeros(size, np.uint8))

    def grown(self, size: int) -> "EvidenceArrays":
        """The same with room for ``size`` slots."""
        new = EvidenceArrays.empty(size)
        old = len(self.shaken)
        new.expires[:, :old] = self.expires
        new.shaken[:old] = self.shaken
        new.missed[:old] = self.missed
        new.discounts = self.discounts
        return new

    def witness(self, slot: int, sign: Sign, now_ms: int) -> None:
        """Let a sign live from now on."""
        self.hold(slot, sign, now_ms + _LIVES_MS[sign])
        if sign in SHAKING:
            self.shaken[slot] = now_ms

    def hold(self, slot: int, sign: Sign, until_ms: int) -> None:
        """Let a sign live until then."""
        self.expires[sign, slot] = until_ms

    def silence(self, slot: int, missed: int, now_ms: int) -> None:
        """So many promised reports did not come."""
        self.missed[slot] = min(missed, MISSED_MAX)
        self.witness(slot, Sign.SILENT, now_ms)

    def discount(self, slot: int, sign: Sign, why: str, until_ms: int) -> None:
        """Count a sign of a slot as nothing until then; ``why`` stands in ``witnessed.WHY``."""
        self.discounts.setdefault(slot, {})[sign] = Discount(until_ms, why)

    def forget(self, slot: int, *signs: Sign) -> None:
        """End signs early; without arguments all that are of the vehicle itself."""
        for sign in signs or (sign for sign in Sign if sign not in _LASTING):
            self.expires[sign, slot] = 0

    def clear(self, slot: int) -> None:
        """Begin afresh: nothing is witnessed, and nobody knows whether its sensor works."""
        self.expires[:, slot] = 0
        self.shaken[slot] = -1
        self.discounts.pop(slot, None)

    def from_fixes(
        self,
        slots: NDArray[np.int64],
        now_ms: NDArray[np.int64],
        fast: NDArray[np.bool_],
        standing: NDArray[np.bool_],
        away: NDArray[np.bool_],
    ) -> None:
        """What fixes themselves witness; ``away`` marks fixes beyond the owner's radius."""
        self._live(Sign.DOPPLER, fast, slots, now_ms)
        self._live(Sign.STANDING, standing, slots, now_ms)
        calm = away & ~fast
        if calm.any():
            shaken = self.shaken[slots]
            calm &= (shaken >= 0) & (now_ms - shaken > UNSHAKEN_AFTER_MS)
            self._live(Sign.UNSHAKEN, calm, slots, now_ms)

    def _live(
        self,
        sign: Sign,
        shown: NDArray[np.bool_],
        slots: NDArray[np.int64],
        now_ms: NDArray[np.int64],
    ) -> None:
        if shown.any():
            self.expires[sign, slots[shown]] = now_ms[shown] + _LIVES_MS[sign]

    def total(
        self, slots: NDArray[np.int64], now_ms: NDArray[np.int64], low: float, high: float
    ) -> NDArray[np.float64]:
        """Sum of the living signs per slot, clipped to [low, high] nats."""
        alive = self.expires[:, slots] > now_ms
        total: NDArray[np.float64] = _NATS @ alive
        silent = alive[Sign.SILENT]
        if silent.any():
            missed = np.maximum(self.missed[slots].astype(np.float64), 1.0)
            total += silent * _NATS[Sign.SILENT] * (missed - 1.0)
        if self.discounts:
            for k, slot in enumerate(slots.tolist()):
                if slot in self.discounts:
                    total[k] = sum(self.counted(slot, int(now_ms[k])).values())
        return np.minimum(np.maximum(total, low), high)

    def excused(self, slots: NDArray[np.int64], now_ms: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether something explains a movement (``EXCUSES``): nobody is told of it."""
        expires = self.expires[_EXCUSES][:, slots]
        alive: NDArray[np.bool_] = np.any(expires > now_ms, axis=0)
        return alive

    def counted(self, slot: int, now_ms: int) -> dict[Sign, float]:
        """What each living sign of one slot counts, nats."""
        discounts = self.discounts_of(slot, now_ms)
        counted = {}
        for sign in self.alive(slot, now_ms):
            counted[sign] = discounts[sign][0] if sign in discounts else WEIGHTS[sign].nats
        return counted

    def discounts_of(self, slot: int, now_ms: int) -> dict[Sign, tuple[float, str]]:
        """Signs that count another weight than their own: nats, and why ("" = it is its count)."""
        found = {
            sign: (0.0, one.why)
            for sign, one in self.discounts.get(slot, {}).items()
            if one.until_ms > now_ms
        }
        if Sign.SILENT not in found and self.expires[Sign.SILENT, slot] > now_ms:
            missed = max(int(self.missed[slot]), 1)
            found[Sign.SILENT] = (WEIGHTS[Sign.SILENT].nats * missed, "")
        return found

    def prune(self, now_ms: int) -> None:
        """Forget discounts that are over."""
        for slot, signs in list(self.discounts.items()):
            for sign in [sign for sign, one in signs.items() if one.until_ms <= now_ms]:
                del signs[sign]
            if not signs:
                del self.discounts[slot]

    def denied(self, slots: NDArray[np.int64], now_ms: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether a working sensor felt nothing: multipath does not shake."""
        alive: NDArray[np.bool_] = self.expires[Sign.UNSHAKEN, slots] > now_ms
        return alive

    def unmoved(
        self, slots: NDArray[np.int64], now_ms: NDArray[np.int64], for_ms: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """Whether a working sensor felt nothing since it seems to be gone, nor shortly before."""
        shaken = self.shaken[slots]
        still: NDArray[np.bool_] = (shaken >= 0) & (now_ms - shaken > for_ms + UNSHAKEN_AFTER_MS)
        return still

    def alive(self, slot: int, now_ms: int) -> list[Sign]:
        """The living signs of one slot."""
        return [sign for sign in Sign if self.expires[sign, slot] > now_ms]
