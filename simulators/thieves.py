"""Three ways to lose an e-bike, and what only looks like one.

Speeds and signs: docs/detection.md, Scenarios 14, 15, 17 and 2.
"""

import math

import numpy as np

from simulators.scripts import Cue, Glitch, Script
from simulators.tracks import Box, Pace, Path, standing, street_path

RIDER_PACE = Pace(slow_mps=5.0, fast_mps=7.0)
VAN_PACE = Pace(slow_mps=8.0, fast_mps=12.0)
WALKER_PACE = Pace(slow_mps=1.3, fast_mps=1.8)
LOOT_M = 2_400.0
"""How far thieves go before they stop, metres: assumed."""
LIFT_S, LIFT_M = 12.0, 4.0
"""Two people lift an e-bike into a van: seconds, and metres to its door; assumed."""
BAIT_MAX_S = 90.0


def ridden_away(
    rng: np.random.Generator, *, start_s: float, start: tuple[float, float], box: Box
) -> Script:
    """Force the lock, bridge the ignition, ride away at 5-7 m/s."""
    path = street_path(
        rng, start_s=start_s + 6.0, start=start, length_m=LOOT_M, pace=RIDER_PACE, box=box
    )
    return Script(
        path=path,
        cues=(
            Cue(at_s=start_s, event="vibration", level=3, lasts_s=4.0),
            Cue(at_s=start_s + 4.0, event="illegal_ignition", level=3, switches={"ign": True}),
            Cue(at_s=path.end_s + 1.0, switches={"ign": False}),
        ),
    )


def lifted_into_van(
    rng: np.random.Generator, *, start_s: float, start: tuple[float, float], box: Box
) -> Script:
    """Tilt it, shake it, pull the battery, and drive it away at 8-12 m/s."""
    at_door = (start[0] + math.copysign(LIFT_M, -start[0]), start[1])
    drive = street_path(
        rng,
        start_s=start_s + 2.0 * LIFT_S,
        start=at_door,
        length_m=LOOT_M,
        pace=VAN_PACE,
        box=box,
    )
    path = Path(
        at_s=np.concatenate([[start_s, start_s + LIFT_S], drive.at_s]),
        east_m=np.concatenate([[start[0], at_door[0]], drive.east_m]),
        north_m=np.concatenate([[start[1], at_door[1]], drive.north_m]),
    )
    return Script(
        path=path,
        cues=(
            Cue(at_s=start_s, event="vibration", level=2, lasts_s=6.0),
            Cue(at_s=start_s + 3.0, event="tilt", level=3),
            Cue(at_s=start_s + 10.0, event="power_cut", level=3, switches={"ext_power": False}),
            Cue(at_s=start_s + 2.0 * LIFT_S, event="vibration", level=2, lasts_s=3.0),
        ),
    )


def rolled_away(
    rng: np.random.Generator, *, start_s: float, start: tuple[float, float], box: Box
) -> Script:
    """Roll it away on foot at 1.3-1.8 m/s, shaking it now and then."""
    path = street_path(
        rng, start_s=start_s + 1.0, start=start, length_m=LOOT_M / 4, pace=WALKER_PACE, box=box
    )
    shakes_s = np.arange(start_s, path.end_s, 25.0)
    return Script(
        path=path,
        cues=tuple(
            Cue(at_s=float(at_s), event="vibration", level=2, lasts_s=3.0) for at_s in shakes_s
        ),
    )


def multipath_bait(
    rng: np.random.Generator,
    *,
    start_s: float,
    start: tuple[float, float],
    lasts_s: float,
) -> Script:
    """Let the position wander off 60-120 m for at most 90 s while the vehicle stands still."""
    away_m, angle = float(rng.uniform(60.0, 120.0)), float(rng.uniform(0.0, 2.0 * math.pi))
    return Script(
        path=standing(*start),
        cues=(),
        glitch=Glitch(
            start_s=start_s,
            lasts_s=min(lasts_s, BAIT_MAX_S),
            east_m=away_m * math.sin(angle),
            north_m=away_m * math.cos(angle),
            hdop=float(rng.uniform(2.0, 4.0)),
        ),
    )
