"""State of the movement detector: one element per tracker slot (struct of arrays)."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]

DISARMED, SETTLING, ARMED = 0, 1, 2
"""Values of ``mode``; the same as ``devices.latest.ArmedState``."""
MIN_VAR, MAX_VAR = 1.0, 900.0
"""Floor and cap of a learnt variance, m²: static hold gives zero, canyons 30 m."""


_COUNTS = ("outside", "farther", "left_t", "left_n", "kept_n", "held_t", "fast_n", "towed_n")
"""What one excursion counts up, besides its score and its farthest point."""


def _f8(size: int) -> F8:
    return np.zeros(size, np.float64)


def _i8(size: int) -> I8:
    return np.zeros(size, np.int64)


@dataclass(slots=True)
class AnchorArrays:
    """Per tracker slot. Metres are east and north of the vehicle's own origin.

    Attributes:
        origin_lat, origin_lon: WGS 84 degrees; set at the first fix.
        anchor_x, anchor_y: Where it is parked, metres.
        samples: Effective samples behind the anchor (correlated fixes count less).
        noise_var: Learnt parked variance per axis, m².
        step_var: Learnt white part of a step, m².
        score: The CUSUM S over steps of at least ``lag_s``, nats.
        lag_t, lag_x, lag_y: The fix the next such step is measured from.
        last_t: Time of the last accepted fix, ms UTC; 0 = none yet.
        last_x, last_y: Where that was.
        held_t, held_x, held_y: A teleport held back until a second fix agrees; 0 = none.
        near_t, near_n, near_x, near_y: The cluster of agreeing fixes that settles an anchor.
        outside, farther: Consecutive fixes outside; new farthest points since it left.
        farthest: Largest distance since it left, metres.
        leap_m: Largest excursion that came back to the anchor, metres; fades with ``leap_tau_s``.
        site_m: What the class of its site says of that (``leaps.SITE_M``), metres.
        left_t: Time of the first fix outside the slow radius, ms; 0 = inside.
        left_n: Fixes since then.
        kept_t, kept_n, kept_x, kept_y: Agreeing fixes away from the anchor: time of the first, ms,
            how many (0 = none), and their mean.
        quiet_t: Time of the last fix at the anchor, ms: the onset of what follows.
        armed_t: Time of the fix that armed it, ms.
        towed_n: Consecutive fixes that move fast with the ignition off.
        fast_n: Consecutive fixes with a trustworthy Doppler speed.
        mode: DISARMED, SETTLING, ARMED.
        ignition: -1 unknown, 0 off, 1 on.
        wish: 1 = armed by someone: arm as soon as settled, without the still time.
    """

    origin_lat: F8
    origin_lon: F8
    anchor_x: F8
    anchor_y: F8
    samples: F8
    noise_var: F8
    step_var: F8
    score: F8
    lag_t: I8
    lag_x: F8
    lag_y: F8
    last_t: I8
    last_x: F8
    last_y: F8
    held_t: I8
    held_x: F8
    held_y: F8
    near_t: I8
    near_n: I8
    near_x: F8
    near_y: F8
    outside: I8
    farther: I8
    farthest: F8
    leap_m: F8
    site_m: F8
    left_t: I8
    left_n: I8
    kept_t: I8
    kept_n: I8
    kept_x: F8
    kept_y: F8
    quiet_t: I8
    armed_t: I8
    towed_n: I8
    fast_n: I8
    mode: NDArray[np.uint8]
    ignition: NDArray[np.int8]
    wish: NDArray[np.uint8]

    @classmethod
    def empty(cls, size: int) -> "AnchorArrays":
        """Arrays for ``size`` slots that never had a fix."""
        kinds = {"mode": np.uint8, "ignition": np.int8, "wish": np.uint8}
        made: dict[str, NDArray[np.generic]] = {}
        for field in fields(cls):
            if field.name in kinds:
                made[field.name] = np.zeros(size, kinds[field.name])
            else:
                made[field.name] = _i8(size) if "I8" in str(field.type) else _f8(size)
        arrays = cls(**made)  # type: ignore[arg-type]  # built from the fields' own names
        arrays.ignition[:] = -1
        return arrays

    def grown(self, size: int) -> "AnchorArrays":
        """The same with room for ``size`` slots."""
        new = AnchorArrays.empty(size)
        old = len(self.mode)
        for field in fields(self):
            getattr(new, field.name)[:old] = getattr(self, field.name)
        return new

    def clear(self, slot: int) -> None:
        """Begin afresh, as a slot that never had a fix."""
        for field in fields(self):
            getattr(self, field.name)[slot] = 0
        self.ignition[slot] = -1

    def forget_movement(self, slot: int) -> None:
        """Clear what one excursion left behind; the anchor stays."""
        for name in ("score", "farthest"):
            getattr(self, name)[slot] = 0.0
        for name in _COUNTS:
            getattr(self, name)[slot] = 0

    def unsettle(self, slot: int, mode: int) -> None:
        """Disarm or settle anew: the next agreeing fixes make a fresh anchor."""
        self.forget_movement(slot)
        self.mode[slot] = mode
        self.near_n[slot] = self.wish[slot] = 0
        self.samples[slot] = 0.0
