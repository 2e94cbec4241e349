"""What others do, on the same fixes: fences, Traccar's two logics, stay points.

Each takes the fixes of now and says who alarms (detection.md, Protocol, Baselines). Positions are
metres about the true place of parking, which no baseline knows.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Slots = NDArray[np.int64]

PARKED_MPS = 1.2
"""Above the fastest Doppler speed of a parked receiver (measured 1.13 m/s): Traccar's threshold is
the operator's."""
MEAN_OF_S = 600.0
"""Mean anchors are the mean of the first ten minutes."""


class Baseline(Protocol):
    """One detector of others."""

    name: str

    def step(self, now_s: float, who: Slots, east: Floats, north: Floats, speed: Floats) -> Flags:
        """Who of ``who`` alarms by the fixes of now."""


class _Anchors:
    """The first fix, or the mean of the first ten minutes, per vehicle."""

    def __init__(self, vehicles: int, mean_of_s: float) -> None:
        self.east, self.north, self._n, self._first_s = np.zeros((4, vehicles))
        self._mean_of_s = mean_of_s

    def away(self, now_s: float, who: Slots, east: Floats, north: Floats) -> Floats:
        """Metres from the anchor; 0 while it is still being made."""
        new = self._n[who] == 0
        self._first_s[who[new]] = now_s
        making = now_s - self._first_s[who] <= self._mean_of_s
        m = who[making]
        self._n[m] += 1
        self.east[m] += (east[making] - self.east[m]) / self._n[m]
        self.north[m] += (north[making] - self.north[m]) / self._n[m]
        away = np.hypot(east - self.east[who], north - self.north[who])
        return np.where(making, 0.0, away)


class Fence:
    """A circle about the anchor; ``fixes`` in a row outside alarm."""

    def __init__(
        self, vehicles: int, radius_m: float, *, mean: float = 0.0, fixes: int = 1
    ) -> None:
        """``mean``: seconds the anchor is averaged over; 0 = first fix."""
        kind = f"{fixes} fixes" if fixes > 1 else ("mean anchor" if mean else "first fix")
        self.name = f"fence {radius_m:.0f} m, {kind}"
        self._anchors, self._radius_m, self._fixes = _Anchors(vehicles, mean), radius_m, fixes
        self._n = np.zeros(vehicles, np.int64)

    def step(self, now_s: float, who: Slots, east: Floats, north: Floats, speed: Floats) -> Flags:
        """Outside for so many fixes."""
        del speed
        out = self._anchors.away(now_s, who, east, north) > self._radius_m
        self._n[who] = np.where(out, self._n[who] + 1, 0)
        result: Flags = out & (self._n[who] >= self._fixes)
        return result


class Hysteresis:
    """A fence left at 100 m and entered again at 70 m; only leaving alarms."""

    name = "fence 100/70 m, hysteresis"

    def __init__(self, vehicles: int) -> None:
        """Everyone is inside."""
        self._anchors, self._out = _Anchors(vehicles, MEAN_OF_S), np.zeros(vehicles, np.bool_)

    def step(self, now_s: float, who: Slots, east: Floats, north: Floats, speed: Floats) -> Flags:
        """Leaves."""
        del speed
        away, was = self._anchors.away(now_s, who, east, north), self._out[who]
        self._out[who] = np.where(was, away > 70.0, away > 100.0)  # noqa: PLR2004 - its name
        result: Flags = self._out[who] & ~was
        return result


class TraccarOld:
    """In motion by speed for 300 s or 500 m."""

    name = "Traccar, old (speed, 500 m or 300 s)"

    def __init__(self, vehicles: int) -> None:
        """Nobody moves."""
        self._since_s = np.full(vehicles, np.inf)
        self._east, self._north = np.zeros((2, vehicles))

    def step(self, now_s: float, who: Slots, east: Floats, north: Floats, speed: Floats) -> Flags:
        """Has moved long or far enough."""
        moving = speed > PARKED_MPS
        begins = moving & np.isinf(self._since_s[who])
        b = who[begins]
        self._since_s[b], self._east[b], self._north[b] = now_s, east[begins], north[begins]
        self._since_s[who[~moving]] = np.inf
        far = np.hypot(east - self._east[who], north - self._north[who]) >= 500.0  # noqa: PLR2004
        result: Flags = moving & (far | (now_s - self._since_s[who] >= 300.0))  # noqa: PLR2004
        return result


class StayPoint:
    """Leaves the mean of a stay (100 m, 5 min); the mean is of all fixes of the stay."""

    name = "stay point (100 m, 5 min)"

    def __init__(self, vehicles: int) -> None:
        """No stay yet."""
        self._east, self._north, self._n, self._since_s = np.zeros((4, vehicles))

    def step(self, now_s: float, who: Slots, east: Floats, north: Floats, speed: Floats) -> Flags:
        """Is out of a stay that lasted."""
        del speed
        n = self._n[who]
        near = np.hypot(east - self._east[who], north - self._north[who]) <= 100.0  # noqa: PLR2004
        stays = (n > 0) & near
        stood = (n > 0) & (now_s - self._since_s[who] >= 300.0)  # noqa: PLR2004
        leaves: Flags = stood & ~near
        self._since_s[who] = np.where(stays, self._since_s[who], now_s)
        n = np.where(stays, n + 1, 1.0)
        self._east[who] = np.where(stays, self._east[who] + (east - self._east[who]) / n, east)
        self._north[who] = np.where(stays, self._north[who] + (north - self._north[who]) / n, north)
        self._n[who] = n
        return leaves


def traccar_new(vehicles: int) -> Fence:
    """200 m from the stop."""
    fence = Fence(vehicles, 200.0)
    fence.name = "Traccar, new (200 m from the stop)"
    return fence


def all_of(vehicles: int) -> list[Baseline]:
    """Every baseline of the protocol."""
    fences: list[Baseline] = []
    for radius_m in (50.0, 100.0, 150.0, 200.0):
        fences += [
            Fence(vehicles, radius_m),
            Fence(vehicles, radius_m, mean=MEAN_OF_S),
            Fence(vehicles, radius_m, mean=MEAN_OF_S, fixes=3),
        ]
    rest: list[Baseline] = [
        Hysteresis(vehicles),
        TraccarOld(vehicles),
        traccar_new(vehicles),
        StayPoint(vehicles),
    ]
    return fences + rest
