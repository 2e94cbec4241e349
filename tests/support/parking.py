"""A lot of parked vehicles whose positions are made by numpy, stepped through the statistic."""

import math

import numpy as np
from numpy.typing import NDArray

from alerts.detection import statistic
from alerts.detection.anchor import ARMED, SETTLING, AnchorArrays
from alerts.detection.statistic import Fixes, Moved
from alerts.detection.thresholds import CODE_OF
from alerts.policy import DetectionPolicy
from devices.geo import M_PER_DEG_LAT
from devices.model import SiteClass
from support.factories import HOME, T0_MS
from support.rates import thresholds

Floats = NDArray[np.float64]
NOWHERE = np.zeros(1)


class Noise:
    """Parked noise per vehicle: correlated (AR(1)), heavy-tailed, with a white part.

    Ranges as measured on real receivers (design page on detection): standard deviation 1.3 to
    10.8 m per axis, correlation time 50 to 620 s, Student-t innovations.
    """

    def __init__(self, size: int, seed: int, *, sd_m: tuple[float, float] = (1.3, 10.8)) -> None:
        self._rng = np.random.default_rng(seed)
        self._sd = self._rng.uniform(*sd_m, (1, size))
        self._tau = self._rng.uniform(50.0, 620.0, (1, size))
        self._state = self._rng.normal(0.0, self._sd, (2, size))

    def after(self, seconds: float) -> Floats:
        """East and north errors of all vehicles so much later."""
        phi = np.exp(-seconds / self._tau)
        shape = self._state.shape
        kick = self._rng.standard_t(5, shape) * math.sqrt(3 / 5)
        self._state = phi * self._state + self._sd * np.sqrt(1 - phi**2) * kick
        return self._state + self._rng.normal(0.0, 1.0, shape)


class Lot:
    """So many vehicles, one slot each; every step is one fix of all of them."""

    def __init__(
        self,
        size: int,
        *,
        policy: DetectionPolicy | None = None,
        origin: tuple[float, float] = HOME,
        first_slot: int = 0,
    ) -> None:
        self.policy = policy or DetectionPolicy()
        nats, site = thresholds(self.policy), CODE_OF[SiteClass.OPEN]
        self.owner_nats, self.police_nats = float(nats.owner[site]), float(nats.police[site])
        self.arrays = AnchorArrays.empty(first_slot + size)
        self.arrays.mode[:] = SETTLING
        self.slots = np.arange(first_slot, first_slot + size)
        self.now_s = 0.0
        self._origin = origin

    def step(self, east_m: Floats, north_m: Floats, *, after_s: float = 10.0) -> Moved:
        """One fix of every vehicle, so many seconds after the last."""
        self.now_s += after_s
        return statistic.step(self.arrays, self.fixes(east_m, north_m), self.policy)

    def fixes(self, east_m: Floats, north_m: Floats) -> Fixes:
        """The fixes of now."""
        size = len(self.slots)
        east_per_deg = M_PER_DEG_LAT * math.cos(math.radians(self._origin[0]))
        return Fixes(
            slot=self.slots,
            t_ms=np.full(size, T0_MS + round(self.now_s * 1000)),
            lat_deg=self._origin[0] + north_m / M_PER_DEG_LAT,
            lon_deg=self._origin[1] + east_m / east_per_deg,
            acc_m=np.full(size, 6.5),
            speed_mps=np.full(size, np.nan),
            hdop=np.full(size, 0.9),
            sat=np.full(size, 12),
            ignition=np.zeros(size, np.int64),
        )

    def park(self, noise: Noise, seconds: float, *, every_s: float = 10.0) -> None:
        """Stand still under noise."""
        for _ in range(round(seconds / every_s)):
            self.step(*noise.after(every_s), after_s=every_s)

    def owner(self, moved: Moved) -> NDArray[np.bool_]:
        """Who reaches the owner's level by position alone."""
        loud = moved.score > self.owner_nats
        return (moved.owner_shape & moved.alone & loud) | moved.slow

    def police(self, moved: Moved) -> NDArray[np.bool_]:
        """Who reaches the police level's threshold by position alone."""
        return moved.police_shape & (moved.score > self.police_nats)


def metres(*of_each: float) -> Floats:
    """One way of so many vehicles."""
    return np.array(of_each, np.float64)


def armed_lot(size: int = 1, *, hour: float = 1.0) -> Lot:
    """A lot that has stood still, exactly, for so many hours."""
    lot = Lot(size)
    for _ in range(round(hour * 360)):
        lot.step(np.zeros(size), np.zeros(size))
    assert (lot.arrays.mode == ARMED).all()
    return lot
