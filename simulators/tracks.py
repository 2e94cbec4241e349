"""Ways through a city in metres: a local frame, a path over time, and routes along streets."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ONSET_M = 10.0
"""First true displacement that counts as a theft's onset (docs/detection.md, Protocol)."""
CORNER_S, CORNER_M = 2.0, 3.0
"""A corner is taken at a walk: seconds and metres, assumed."""
_STEPS = ((0.0, 1.0), (1.0, 0.0), (0.0, -1.0), (-1.0, 0.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalFrame:
    """Metres east and north of a point, flat; good to 0.1 % within 20 km.

    Attributes:
        lat_deg: Origin, WGS 84, [-89, 89].
        lon_deg: Origin, WGS 84.
    """

    lat_deg: float
    lon_deg: float

    def to_degrees(self, east_m: float, north_m: float) -> tuple[float, float]:
        """Give latitude and longitude, degrees."""
        per_lat_m, per_lon_m = self._metres_per_degree()
        return self.lat_deg + north_m / per_lat_m, self.lon_deg + east_m / per_lon_m

    def to_metres(self, lat_deg: float, lon_deg: float) -> tuple[float, float]:
        """Give metres east and north of the origin."""
        per_lat_m, per_lon_m = self._metres_per_degree()
        return (lon_deg - self.lon_deg) * per_lon_m, (lat_deg - self.lat_deg) * per_lat_m

    def _metres_per_degree(self) -> tuple[float, float]:
        """Lengths of a degree of latitude and longitude: the usual series of WGS 84."""
        phi = math.radians(self.lat_deg)
        per_lat_m = 111_132.92 - 559.82 * math.cos(2 * phi) + 1.175 * math.cos(4 * phi)
        per_lon_m = 111_412.84 * math.cos(phi) - 93.5 * math.cos(3 * phi)
        return per_lat_m, per_lon_m


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A square of streets: metres east and north, both within [-half_m, half_m]."""

    half_m: float

    def holds(self, east_m: float, north_m: float) -> bool:
        """Whether a point is inside."""
        return max(abs(east_m), abs(north_m)) <= self.half_m


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something is at one moment, and how it moves.

    Attributes:
        course_deg: Over ground, clockwise from north, [0, 360); 0 while still.
    """

    east_m: float
    north_m: float
    speed_mps: float
    course_deg: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """A way through time: straight between its corners, still before and after.

    Attributes:
        at_s: Ascending moments of the corners, seconds since the run's start, shape (n,), n >= 1.
        east_m: Shape (n,).
        north_m: Shape (n,).
    """

    at_s: NDArray[np.float64]
    east_m: NDArray[np.float64]
    north_m: NDArray[np.float64]

    @property
    def start_s(self) -> float:
        """When the first step is taken."""
        return float(self.at_s[0])

    @property
    def end_s(self) -> float:
        """When the last step is done."""
        return float(self.at_s[-1])

    def place(self, at_s: float) -> Place:
        """Give place and motion at one moment."""
        east_m = float(np.interp(at_s, self.at_s, self.east_m))
        north_m = float(np.interp(at_s, self.at_s, self.north_m))
        leg = int(np.searchsorted(self.at_s, at_s, side="right"))
        if leg in {0, len(self.at_s)}:
            return Place(east_m=east_m, north_m=north_m, speed_mps=0.0, course_deg=0.0)
        took_s = self.at_s[leg] - self.at_s[leg - 1]
        d_east = float(self.east_m[leg] - self.east_m[leg - 1])
        d_north = float(self.north_m[leg] - self.north_m[leg - 1])
        speed_mps = math.hypot(d_east, d_north) / float(took_s)
        course_deg = math.degrees(math.atan2(d_east, d_north)) % 360.0 if speed_mps else 0.0
        return Place(east_m=east_m, north_m=north_m, speed_mps=speed_mps, course_deg=course_deg)

    def onset_s(self) -> float:
        """Give the first moment more than ``ONSET_M`` from the start; infinity = never."""
        fine_s = np.arange(self.start_s, self.end_s + 0.1, 0.1)
        away_m = np.hypot(
            np.interp(fine_s, self.at_s, self.east_m) - self.east_m[0],
            np.interp(fine_s, self.at_s, self.north_m) - self.north_m[0],
        )
        out = np.flatnonzero(away_m > ONSET_M)
        return float(fine_s[out[0]]) if out.size else math.inf


def standing(east_m: float, north_m: float) -> Path:
    """Give the path of something that never moves."""
    return Path(at_s=np.zeros(1), east_m=np.array([east_m]), north_m=np.array([north_m]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How somebody moves: speeds drawn evenly per street, metres per second."""

    slow_mps: float
    fast_mps: float


def street_path(
    rng: np.random.Generator,
    *,
    start_s: float,
    start: tuple[float, float],
    length_m: float,
    pace: Pace,
    box: Box,
) -> Path:
    """Draw a way along a grid of streets: legs of 80-200 m, right angles, two headings.

    Args:
        rng: Decides every turn.
        start_s: When the first step is taken.
        start: Metres east and north; inside the box.
        length_m: Whole length; the way never leaves the box.
        pace: Speed per leg.
        box: The streets.
    """
    moments, easts, norths = [start_s], [start[0]], [start[1]]
    heading = int(rng.integers(4))
    towards = (heading, (heading + int(rng.choice([1, 3]))) % 4)  # never loops back by itself
    left_m = length_m
    while left_m > 0.0:
        leg_m = min(left_m, float(rng.uniform(80.0, 200.0)))
        wished = [towards[i] for i in rng.permutation(2)]
        for way in (*wished, (wished[0] + 2) % 4, (wished[1] + 2) % 4):
            step_east, step_north = _STEPS[way]
            east_m, north_m = easts[-1] + leg_m * step_east, norths[-1] + leg_m * step_north
            if box.holds(east_m, north_m):
                break
        else:
            raise ValueError(f"a leg of {leg_m:.0f} m does not fit into {box}")
        if way != heading and len(moments) > 1:
            moments.append(moments[-1] + CORNER_S)
            easts.append(easts[-1] + CORNER_M * step_east)
            norths.append(norths[-1] + CORNER_M * step_north)
        speed_mps = float(rng.uniform(pace.slow_mps, pace.fast_mps))
        ahead_m = math.hypot(east_m - easts[-1], north_m - norths[-1])
        moments.append(moments[-1] + ahead_m / speed_mps)
        easts.append(east_m)
        norths.append(north_m)
        heading, left_m = way, left_m - leg_m
    return Path(at_s=np.array(moments), east_m=np.array(easts), north_m=np.array(norths))
