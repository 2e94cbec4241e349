"""Ways of parked, pushed, carried, ridden and driven vehicles; ``tracks.Path`` put together."""

import math

import numpy as np

from simulators.tracks import Box, Pace, Path, standing, street_path

Spot = tuple[float, float]
STREETS = Box(half_m=4_000.0)
INNER_M = 700.0
"""Vehicles are parked so near the middle: there are streets to flee along on every side."""
RIDER = Pace(slow_mps=4.0, fast_mps=8.0)
WALKER = Pace(slow_mps=1.2, fast_mps=1.4)
VAN = Pace(slow_mps=8.0, fast_mps=12.0)
PUSH_MPS, CARRY_MPS = 0.8, 0.9
"""Pushing it to another rack, and two people who carry it; assumed."""
LOADED_S = 24.0
"""Two people lift it into a van; assumed."""


def a_spot(rng: np.random.Generator) -> Spot:
    """A place to park."""
    return float(rng.uniform(-INNER_M, INNER_M)), float(rng.uniform(-INNER_M, INNER_M))


def parked(spot: Spot) -> Path:
    """It stands."""
    return standing(*spot)


def ride(
    rng: np.random.Generator, spot: Spot, at_s: float, *, pace: Pace = RIDER, length_m: float
) -> Path:
    """Along streets from ``spot``, the first step at ``at_s``."""
    return street_path(rng, start_s=at_s, start=spot, length_m=length_m, pace=pace, box=STREETS)


def shove(
    rng: np.random.Generator, spot: Spot, at_s: float, *, length_m: float, speed_mps: float
) -> Path:
    """Straight on in any direction."""
    angle = float(rng.uniform(0.0, 2.0 * math.pi))
    end = spot[0] + length_m * math.sin(angle), spot[1] + length_m * math.cos(angle)
    return Path(
        at_s=np.array([at_s, at_s + length_m / speed_mps]),
        east_m=np.array([spot[0], end[0]]),
        north_m=np.array([spot[1], end[1]]),
    )


def driven(rng: np.random.Generator, spot: Spot, at_s: float, *, length_m: float) -> Path:
    """Lifted 4 m to the van's door, then driven."""
    lift = shove(rng, spot, at_s, length_m=4.0, speed_mps=4.0 / 12.0)
    return joined(lift, ride(rng, end_of(lift), at_s + LOADED_S, pace=VAN, length_m=length_m))


def end_of(path: Path) -> Spot:
    """Where it stands at last."""
    return float(path.east_m[-1]), float(path.north_m[-1])


def joined(*paths: Path) -> Path:
    """One after the other; each begins where and after the one before it ended."""
    return Path(
        at_s=np.concatenate([path.at_s for path in paths]),
        east_m=np.concatenate([path.east_m for path in paths]),
        north_m=np.concatenate([path.north_m for path in paths]),
    )


def beside(path: Path, east_m: float, north_m: float) -> Path:
    """The same way some metres aside: what stands on the same van or ferry."""
    return Path(at_s=path.at_s, east_m=path.east_m + east_m, north_m=path.north_m + north_m)
