"""What happens to one vehicle: a way, cues on a timeline, and perhaps a glitch of the receiver."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from simulators.tracks import Box, Pace, Path, street_path

EventType = Literal[
    "vibration",
    "tilt",
    "illegal_ignition",
    "power_cut",
    "unlock",
    "arm",
    "disarm",
    "tamper",
    "wake",
]
Switch = Literal["ign", "armed", "ext_power"]

OWNER_PACE = Pace(slow_mps=4.0, fast_mps=7.0)
OWNER_RIDE_M = (300.0, 900.0)
SHAKE_S = 5.0
"""A tracker calls itself moving so long after a shake, seconds: assumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """One moment of a script.

    Attributes:
        event: Sent as an event message; None = only switches change.
        level: 1 a touch, 2 a shake, 3 violence; 0 = the event has no strength.
        lasts_s: How long the shaking lasts, seconds.
        switches: New values, seen in every later message.
    """

    at_s: float
    event: EventType | None = None
    level: int = 0
    lasts_s: float = 0.0
    switches: Mapping[Switch, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Glitch:
    """A long multipath excursion: rises for 8 s, stays, falls for 8 s. Nothing truly moves.

    Attributes:
        hdop: What the receiver says meanwhile; docs/detection.md saw about 4.
    """

    start_s: float
    lasts_s: float
    east_m: float
    north_m: float
    hdop: float

    def share(self, at_s: float) -> float:
        """How much of the offset is there, [0, 1]."""
        since_s, left_s = at_s - self.start_s, self.start_s + self.lasts_s - at_s
        return float(np.clip(min(since_s, left_s) / 8.0, 0.0, 1.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A way and what is heard on it. ``cues`` ascend in time."""

    path: Path
    cues: tuple[Cue, ...]
    glitch: Glitch | None = None


def owner_ride(
    rng: np.random.Generator,
    *,
    start_s: float,
    start: tuple[float, float],
    box: Box,
) -> Script:
    """Let the owner unlock, disarm, ride 300-900 m, park and arm."""
    path = street_path(
        rng,
        start_s=start_s + 4.0,
        start=start,
        length_m=float(rng.uniform(*OWNER_RIDE_M)),
        pace=OWNER_PACE,
        box=box,
    )
    return Script(
        path=path,
        cues=(
            Cue(at_s=start_s, event="unlock"),
            Cue(at_s=start_s + 0.5, event="disarm", switches={"armed": False}),
            Cue(at_s=start_s + 2.0, switches={"ign": True}),
            Cue(at_s=path.end_s + 1.0, switches={"ign": False}),
            Cue(at_s=path.end_s + 4.0, event="arm", switches={"armed": True}),
        ),
    )


def forgetful_ride(
    rng: np.random.Generator,
    *,
    start_s: float,
    start: tuple[float, float],
    box: Box,
) -> Script:
    """Let the owner ride off with the key but without disarming: looks like a theft."""
    path = street_path(
        rng,
        start_s=start_s + 4.0,
        start=start,
        length_m=OWNER_RIDE_M[1],
        pace=OWNER_PACE,
        box=box,
    )
    return Script(
        path=path,
        cues=(
            Cue(at_s=start_s, event="vibration", level=1, lasts_s=2.0),
            Cue(at_s=start_s + 2.0, switches={"ign": True}),
            Cue(at_s=path.end_s + 1.0, switches={"ign": False}),
        ),
    )
