"""What is right to be said of a scenario, as data. Who checks it reads it and nothing else."""

import math
from dataclasses import dataclass

from simulators.tracks import Path

FAST_S, FAST_M = 60.0, 150.0
"""Police-ready is fast within so many seconds of the onset, or before so many metres. Source:
docs/detection.md, Scenarios."""
QUIET, OWNER, READY, POLICE = 0, 1, 2, 3
"""Levels: nothing said, the owner told, police-ready, confirmed and dispatched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What is right to be said of one vehicle.

    Attributes:
        at_most: No alert of it goes above this level.
        at_least: Some alert of it reaches this level ...
        by_s: ... at the latest so long after the scene's start, seconds.
        is_fast: It is police-ready within ``FAST_S`` of its onset or before ``FAST_M``.
        alerts: Fewest and most different alerts.
        incidents: Fewest and most incidents.
        ends: The last change of its last alert is one of these; empty = any.
        late_s: Its alerts say that they are at least so late, seconds.
        reasons: At least one of these codes is given; empty = any.
        unarmed: At the end nobody watches it.
    """

    vehicle: str
    at_most: int = QUIET
    at_least: int = QUIET
    by_s: float = math.inf
    is_fast: bool = False
    alerts: tuple[int, int] = (0, 1)
    incidents: tuple[int, int] = (0, 0)
    ends: tuple[str, ...] = ()
    late_s: float = 0.0
    reasons: tuple[str, ...] = ()
    unarmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """How often an owner's notice that is no theft may come: a share of runs or of days.

    Attributes:
        per_day: Per vehicle-day; ``per_run`` per run. None = not bounded so.
    """

    per_day: float | None = None
    per_run: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Where a stolen vehicle truly goes.

    Attributes:
        onset_s: Its first displacement over 10 m.
        begins_s: The first sign of the theft; who is alarmed before is alarmed falsely.
    """

    path: Path
    onset_s: float
    begins_s: float

    def away_m(self, at_s: float) -> float:
        """True displacement from where it was parked, metres."""
        place = self.path.place(at_s)
        return math.hypot(
            place.east_m - float(self.path.east_m[0]), place.north_m - float(self.path.north_m[0])
        )

    def fast_until_s(self) -> float:
        """The later of the two ends of "fast", seconds after the scene's start."""
        at_s = self.onset_s + FAST_S
        while at_s < self.path.end_s and self.away_m(at_s) < FAST_M:
            at_s += 1.0
        return at_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One scenario of one seed.

    Attributes:
        lines: A replay file, one JSON object each, in the order of ``recv_t``.
        expected: One per vehicle that matters; of every other vehicle nothing is said.
        ways: By vehicle, of those that are stolen.
        groups: Fewest and most incidents of a whole area or site.
        incidents: Fewest and most over all vehicles; None = each vehicle's own say so.
        conflicts: Devices whose identity must be doubted.
        twin: The same without the trouble: the alerts of both must be the same. Empty = none.
        delay_s: ... and come later than the twin's by at most this.
        same_ids: ... and have the same ids.
        vehicle_days: How long nobody stole anything, over all vehicles.
    """

    number: int
    seed: int
    start_ms: int
    lines: tuple[bytes, ...]
    expected: tuple[Expected, ...]
    ways: dict[str, Way]
    groups: tuple[int, int] = (0, 0)
    incidents: tuple[int, int] | None = None
    conflicts: tuple[str, ...] = ()
    twin: tuple[bytes, ...] = ()
    delay_s: float = 0.0
    same_ids: bool = False
    vehicle_days: float = 0.0
