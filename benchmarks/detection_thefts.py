"""Simulated thefts after parking: when each level is reached, for all thresholds at once.

A theft counts as found in time within ``IN_TIME_S`` of passing ``PASSING_M`` or before the distance
of its reporting interval; an alarm in the five minutes before the onset makes it a miss
(detection.md, Protocol 3 and "Numbers to reach").
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from alerts.policy import DetectionPolicy
from benchmarks.detection_baselines import Baseline
from benchmarks.detection_parked import (
    EPISODE_S,
    KEPT_SITES,
    Floats,
    Sensed,
    Slots,
    Yard,
    owner_strength,
    police_strength,
)
from simulators.noise_families import FAMILIES, seed_of

H_GRID = np.array([2.0, 4, 6, 8, 10, 12, 14, 16, 18, 20, 24, 28, 32, 36, 40, 50, 80, 120])
"""Thresholds whose delays are kept, nats; up to those of canyons (35.3) and garages (119)."""
ONSET_M, PASSING_M, IN_TIME_S = 10.0, 30.0, 60.0
SURE_NATS = 1e9
"""Strength of a baseline's alarm: it has no threshold."""
LEG_M = (80.0, 200.0)
"""Straight legs between right angles, two headings, as ``simulators.tracks``."""
PACES: dict[str, tuple[float, float]] = {
    "walk": (1.0, 1.6),
    "slow-ride": (2.0, 3.0),
    "ride": (3.0, 8.0),
    "van": (8.0, 14.0),
}
"""Speeds, m/s: on foot, ridden away, lifted into a van (detection.md, scenarios 14-17)."""


def in_time_m(every_s: float) -> float:
    """Distance before which a theft is found in time. Source: detection.md, Numbers to reach."""
    return 150.0 if every_s <= 10 else 200.0  # noqa: PLR2004


class Ways:
    """Where thieves are, metres; each at its own speed along streets from a moment on.

    Attributes:
        onset_s, passed_s: When each is 10 m and 30 m away.
    """

    def __init__(self, rng: np.random.Generator, speed_mps: Floats, leaves_s: Floats) -> None:
        """They leave at ``leaves_s``."""
        size = len(speed_mps)
        self.onset_s, self.passed_s = (
            leaves_s + ONSET_M / speed_mps,
            leaves_s + PASSING_M / speed_mps,
        )
        self._rng, self.speed_mps, self.leaves_s = rng, speed_mps, leaves_s
        angle = rng.uniform(0.0, 2.0 * np.pi, size)
        self._ways = np.stack([np.sin(angle), np.cos(angle)])
        self._turn = np.stack([self._ways[1], -self._ways[0]]) * rng.choice([-1.0, 1.0], size)
        self.at = np.zeros((2, size))
        self._left_m, self._straight = rng.uniform(*LEG_M, size), np.ones(size, np.bool_)
        self._now_s = 0.0

    def until(self, now_s: float) -> Floats:
        """Places at a later moment, shape (2, vehicles)."""
        gone_s = np.clip(now_s - np.maximum(self.leaves_s, self._now_s), 0.0, None)
        go_m = gone_s * self.speed_mps
        self._now_s = now_s
        while (go_m > 0).any():
            part_m = np.minimum(go_m, self._left_m)
            self.at = self.at + np.where(self._straight, self._ways, self._turn) * part_m
            go_m, self._left_m = go_m - part_m, self._left_m - part_m
            corner = self._left_m <= 0
            self._straight ^= corner
            self._left_m[corner] = self._rng.uniform(*LEG_M, int(corner.sum()))
        return self.at

    def speed(self, now_s: float) -> Floats:
        """Speeds over ground, m/s."""
        return np.where(self.leaves_s < now_s, self.speed_mps, 0.0)


class Moves(Protocol):
    """Thefts to follow: simulated ways, or real rides."""

    onset_s: Floats
    passed_s: Floats

    def until(self, now_s: float) -> Floats:
        """Places at a later moment, shape (2, vehicles), metres."""

    def speed(self, now_s: float) -> Floats:
        """Speeds over ground, m/s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """When thefts reached one level; arrays of (thresholds, thefts), infinite = never.

    Attributes:
        after_s: Since the onset (10 m from its place).
        passed_s: Since it was 30 m away.
        away_m: True distance then.
    """

    after_s: Floats
    passed_s: Floats
    away_m: Floats

    def in_time(self, every_s: float) -> NDArray[np.bool_]:
        """Found in time, by threshold and theft."""
        result: NDArray[np.bool_] = (self.passed_s <= IN_TIME_S) | (
            self.away_m <= in_time_m(every_s)
        )
        return result

    def found(self) -> NDArray[np.bool_]:
        """Found at all."""
        return np.isfinite(self.after_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chased:
    """Both levels of the same thefts: by position alone, and as the engine weighs it with a sensor.

    The sensor feels the thief as he begins and every ``SHAKES_S`` while he goes on.
    """

    every_s: float
    owner: Level
    police: Level
    owner_sensed: Level
    police_sensed: Level
    others: dict[str, Level] = field(default_factory=dict)


SHAKES_S = 240.0
"""A sensor tells of shakes at most every 3 to 5 minutes (domain.md 1.2)."""
PARKED_S, CHASED_S = 14_400.0, 600.0
"""Parked for four hours before the theft, and followed for ten minutes, seconds."""


def chased(
    family: str,
    pace: str,
    *,
    thefts: int,
    every_s: float,
    number: int,
    policy: DetectionPolicy,
    also: Sequence[Baseline] = (),
) -> Chased:
    """Park, leave at once along streets, and follow."""
    rng = np.random.default_rng(seed_of(family, number) + 1)
    leaves_s = PARKED_S + rng.uniform(0.0, every_s, thefts)
    ways = Ways(rng, rng.uniform(*PACES[pace], thefts), leaves_s)
    return follow(family, ways, every_s=every_s, number=number, policy=policy, also=also)


def follow(
    family: str,
    moves: Moves,
    *,
    every_s: float,
    number: int,
    policy: DetectionPolicy,
    also: Sequence[Baseline] = (),
) -> Chased:
    """Watch thefts under a family's noise, and let baselines watch the same fixes."""
    size = len(moves.onset_s)
    yard = Yard(family, size, seed_of(family, number), policy)
    watch = Watching(4 + len(also), moves.onset_s, moves.passed_s)
    kept_counts = FAMILIES[family].site in KEPT_SITES
    sensors, shaken_s = Sensed(size, every_s, seed_of(family, number) + 3, policy), np.zeros(size)
    before = moves.until(0.0)
    for _ in range(int((PARKED_S + CHASED_S) / every_s)):
        now_s = yard.now_s + every_s
        at = moves.until(now_s)
        seen = yard.report(every_s, at[0], at[1], moves.speed(now_s))
        handled = (at != before).any(axis=0) & (now_s - shaken_s > SHAKES_S)
        sensors.shake(np.flatnonzero(handled), now_s)
        shaken_s[handled], before = now_s, at.copy()
        weighed = sensors.strengths(now_s, seen, kept_counts=kept_counts)
        others = [
            baseline.step(now_s, *seen.raw()).astype(np.float64) * SURE_NATS for baseline in also
        ]
        if now_s > PARKED_S - EPISODE_S:
            ours = owner_strength(seen.moved, kept_counts=kept_counts), police_strength(seen.moved)
            witnessed = weighed.owner, weighed.police
            watch.take(now_s, seen.who, [*ours, *witnessed, *others], np.hypot(at[0], at[1]))
    levels = [watch.level(k) for k in range(4 + len(also))]
    return Chased(
        every_s=every_s,
        owner=levels[0],
        police=levels[1],
        owner_sensed=levels[2],
        police_sensed=levels[3],
        others={baseline.name: level for baseline, level in zip(also, levels[4:], strict=True)},
    )


class Watching:
    """First time and place of each level at each threshold."""

    def __init__(self, levels: int, onset_s: Floats, passed_s: Floats) -> None:
        """Nothing seen yet."""
        self._onset_s, self._passed_s = onset_s, passed_s
        self._at_s = np.full((levels, len(H_GRID), len(onset_s)), np.inf)
        self._away_m = np.full_like(self._at_s, np.inf)

    def take(self, now_s: float, who: Slots, strengths: Sequence[Floats], away_m: Floats) -> None:
        """Strengths of the fixes of now by level, in the order of ``who``."""
        for level, strength in enumerate(strengths):
            loud = strength > H_GRID[0]
            if not loud.any():
                continue
            k = who[loud]
            first = (strength[loud] > H_GRID[:, None]) & np.isinf(self._at_s[level][:, k])
            self._at_s[level][:, k] = np.where(first, now_s, self._at_s[level][:, k])
            self._away_m[level][:, k] = np.where(first, away_m[k], self._away_m[level][:, k])

    def level(self, level: int) -> Level:
        """What was reached; what alarmed before the onset is a miss."""
        at_s, away_m = self._at_s[level], self._away_m[level]
        early = at_s < self._onset_s
        return Level(
            after_s=np.where(early, np.inf, at_s - self._onset_s),
            passed_s=np.where(early, np.inf, at_s - self._passed_s),
            away_m=np.where(early, np.inf, away_m),
        )


class Pushes:
    """Pushed at 0.7 m/s for some metres and left there."""

    def __init__(self, rng: np.random.Generator, pushes: int, metres: float) -> None:
        """All at once."""
        angle = rng.uniform(0.0, 2.0 * np.pi, pushes)
        self._way, self._metres = np.stack([np.sin(angle), np.cos(angle)]), metres
        self.onset_s = self.passed_s = np.full(pushes, PARKED_S)

    def until(self, now_s: float) -> Floats:
        """Places."""
        gone: Floats = self._way * min(max(0.7 * (now_s - PARKED_S), 0.0), self._metres)
        return gone

    def speed(self, now_s: float) -> Floats:
        """Too slow for a Doppler speed."""
        return np.zeros(self._way.shape[1]) * now_s


def pushed(
    family: str, *, metres: float, pushes: int, every_s: float, number: int, policy: DetectionPolicy
) -> Chased:
    """Nobody should be told, least of all police."""
    rng = np.random.default_rng(seed_of(family, number) + 2)
    moves = Pushes(rng, pushes, metres)
    return follow(family, moves, every_s=every_s, number=number, policy=policy)
