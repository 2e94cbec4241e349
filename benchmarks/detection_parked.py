"""Parked vehicle-days through the real statistic: every false alarm, for all thresholds at once.

An alarm at threshold h is a fix whose shape holds while S > h; alarms of one vehicle within
``EPISODE_S`` are one, and so are those until it is back at its anchor: one alert. So the largest
S of each episode says for every h whether it alarms.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alerts.detection import statistic
from alerts.detection.anchor import SETTLING, AnchorArrays
from alerts.detection.evidence import EvidenceArrays
from alerts.detection.leaps import SITE_M
from alerts.detection.signs import Sign
from alerts.detection.statistic import Fixes, Moved
from alerts.detection.thresholds import CODE_OF
from alerts.policy import DetectionPolicy
from benchmarks.detection_baselines import Baseline
from benchmarks.parked import T0_MS
from devices.geo import M_PER_DEG_LAT
from devices.model import SiteClass
from simulators.noise_families import FAMILIES, seed_of
from simulators.noise_field import Errors, NoiseField

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Slots = NDArray[np.int64]

EPISODE_S = 300.0
"""Alarms of one vehicle nearer than this are one. Source: detection.md, Protocol 3."""
LAT_DEG, LON_DEG = 31.8, 117.2
KEPT_SITES = frozenset({"open"})
"""Where the kept rule tells: ``Scope.is_open_site``."""
SURE = math.inf
"""The strength of an alarm that has no threshold (slow and kept rules)."""
TOUCHES_A_DAY = 8.0
"""How often a parked vehicle's sensor feels somebody pass: assumed."""
Tell = Callable[[float], None]


class Yard:
    """Vehicles parked at one true place each, watched from their first fix on."""

    def __init__(self, family: str, vehicles: int, seed: int, policy: DetectionPolicy) -> None:
        """Park them; they arm by rule."""
        self.field = NoiseField(FAMILIES[family], vehicles, seed)
        self.policy, self.now_s = policy, 0.0
        self.arrays = AnchorArrays.empty(vehicles)
        self.arrays.mode[:] = SETTLING
        self.arrays.site_m[:] = SITE_M[CODE_OF[SiteClass(FAMILIES[family].site)]]
        self._all = np.arange(vehicles)

    def report(
        self,
        seconds: float,
        east_m: Floats | float = 0.0,
        north_m: Floats | float = 0.0,
        speed_mps: Floats | float = 0.0,
    ) -> "Seen":
        """The next fixes: who had one, and what the statistic says; true places in metres."""
        self.now_s += seconds
        errors = self.field.after(seconds)
        who = self._all if errors.heard.all() else np.flatnonzero(errors.heard)
        east, north = errors.east_m + east_m, errors.north_m + north_m
        doppler = np.abs(errors.doppler_mps + speed_mps)
        fixes = fixes_of(errors, (east, north), doppler, who, self.now_s)
        moved = statistic.step(self.arrays, fixes, self.policy)
        return Seen(
            who=who,
            moved=moved,
            east_m=east[who],
            north_m=north[who],
            speed=doppler[who],
            left_ms=fixes.t_ms - self.arrays.left_t[who],
        )


@dataclass(frozen=True, slots=True)
class Seen:
    """One report of everyone who had a fix; arrays in the order of ``who``.

    ``left_ms`` is for how long the slow rule has seen it outside.
    """

    who: Slots
    moved: Moved
    east_m: Floats
    north_m: Floats
    speed: Floats
    left_ms: Slots

    def raw(self) -> tuple[Slots, Floats, Floats, Floats]:
        """What baselines get."""
        return self.who, self.east_m, self.north_m, self.speed


def fixes_of(
    errors: Errors, at_m: tuple[Floats, Floats], speed_mps: Floats, who: Slots, now_s: float
) -> Fixes:
    """One fix of each of ``who`` as the engine gets it."""
    east_per_deg = M_PER_DEG_LAT * math.cos(math.radians(LAT_DEG))
    return Fixes(
        slot=who,
        t_ms=np.full(len(who), T0_MS + round(now_s * 1000)),
        lat_deg=LAT_DEG + at_m[1][who] / M_PER_DEG_LAT,
        lon_deg=LON_DEG + at_m[0][who] / east_per_deg,
        acc_m=errors.acc_m[who],
        speed_mps=speed_mps[who],
        hdop=errors.hdop[who],
        sat=errors.sat[who],
        ignition=np.zeros(len(who), np.int64),
    )


class Strengths(NamedTuple):
    """Nats by which fixes tell the owner, reach the police's statistic, and are police-ready."""

    owner: Floats
    police: Floats
    ready: Floats


class Sensed:
    """The same vehicles with a working shock sensor: what witnesses add, and what they deny.

    Every vehicle was ridden here, so its sensor is known to work; passers-by touch it now and then.
    Weighed by the real ``EvidenceArrays``, in the way of ``alerts.engine``.
    """

    def __init__(self, vehicles: int, every_s: float, seed: int, policy: DetectionPolicy) -> None:
        """Nobody touches them yet."""
        self._rng, self._chance = np.random.default_rng(seed), TOUCHES_A_DAY * every_s / 86_400.0
        self._evidence, self._policy = EvidenceArrays.empty(vehicles), policy
        self._evidence.shaken[:] = 0

    def shake(self, who: Slots, now_s: float) -> None:
        """Somebody handles these: their sensors tell it."""
        for slot in who.tolist():
            self._evidence.witness(slot, Sign.VIBRATION, round(now_s * 1000))

    def pass_by(self, now_s: float) -> None:
        """Passers-by touch some of them."""
        touched = self._rng.random(len(self._evidence.shaken)) < self._chance
        self.shake(np.flatnonzero(touched), now_s)

    def strengths(self, now_s: float, seen: "Seen", *, kept_counts: bool) -> Strengths:
        """Nats by which each fix reaches each level."""
        evidence, policy, moved = self._evidence, self._policy, seen.moved
        elapsed = np.full(len(seen.who), round(now_s * 1000))
        away = moved.scored & (moved.moved_m > policy.owner_min_m)
        evidence.from_fixes(
            seen.who, elapsed, moved.fast & moved.scored, moved.standing & moved.scored, away
        )
        if not (away.any() or moved.towed.any()):
            return Strengths(*np.zeros((3, len(seen.who))))
        nats = evidence.total(seen.who, elapsed, policy.evidence_min, policy.evidence_max)
        total = np.maximum(moved.score + nats, 0.0)
        far = moved.owner_shape & (moved.alone | (nats > 0))
        sure = moved.towed | (moved.slow & ~evidence.unmoved(seen.who, elapsed, seen.left_ms))
        if kept_counts:
            sure = sure | (moved.kept & ~evidence.denied(seen.who, elapsed))
        felt = evidence.expires[Sign.VIBRATION, seen.who] > elapsed
        police = np.where(moved.police_shape, total, 0.0)
        owner = np.where(sure, SURE, np.where(far, total, 0.0))
        return Strengths(owner, police, np.where(felt, police, 0.0))


class Episodes:
    """Gathers the largest strength of each episode of each vehicle."""

    def __init__(self, vehicles: int) -> None:
        """None yet."""
        self._last_s = np.full(vehicles, -math.inf)
        self._peak, self._back = np.zeros(vehicles), np.ones(vehicles, np.bool_)
        self._done: list[float] = []

    def back(self, who: Slots) -> None:
        """Those are at their anchors: what they do next is another episode."""
        self._back[who] = True

    def take(self, now_s: float, who: Slots, strength: Floats) -> None:
        """Fixes of now by the nats with which they alarm; 0 = they do not."""
        loud = strength > 0
        if not loud.any():
            return
        who, strength = who[loud], strength[loud]
        old = (now_s - self._last_s[who] > EPISODE_S) & self._back[who]
        self._done += self._peak[who[old & (self._peak[who] > 0)]].tolist()
        self._peak[who[old]] = 0.0
        self._peak[who] = np.maximum(self._peak[who], strength)
        self._last_s[who], self._back[who] = now_s, False

    def peaks(self) -> list[float]:
        """All of them, of the open ones as well."""
        still: list[float] = self._peak[self._peak > 0].tolist()
        return self._done + still


@dataclass(frozen=True, slots=True, kw_only=True)
class Peaks:
    """False alarms of parked vehicle-days; strengths in nats, one per episode.

    Attributes:
        owner: Owner's shape held, by position alone; infinite = slow or kept rule, whatever the
            threshold.
        police: Police shape held, by position alone.
        sensed: Owner's shape held for a vehicle with a shock sensor (``Sensed``).
        ready: Police shape held while a touch lived: police-ready, two groups of witnesses.
        others: Episodes of each baseline.
    """

    vehicle_days: float
    owner: list[float] = field(default_factory=list)
    police: list[float] = field(default_factory=list)
    sensed: list[float] = field(default_factory=list)
    ready: list[float] = field(default_factory=list)
    others: dict[str, int] = field(default_factory=dict)

    def owner_n(self, threshold: float) -> int:
        """Owner notices at a threshold, by position alone."""
        return above(self.owner, threshold)

    def police_n(self, threshold: float) -> int:
        """Alarms of the police's statistic at a threshold."""
        return above(self.police, threshold)

    def __add__(self, other: "Peaks") -> "Peaks":
        """Both together."""
        return Peaks(
            vehicle_days=self.vehicle_days + other.vehicle_days,
            owner=self.owner + other.owner,
            police=self.police + other.police,
            sensed=self.sensed + other.sensed,
            ready=self.ready + other.ready,
            others=dict(Counter(self.others) + Counter(other.others)),
        )


def above(peaks: list[float], threshold: float) -> int:
    """Episodes that alarm at a threshold."""
    return int(np.count_nonzero(np.array(peaks) > threshold))


def parked(
    family: str,
    *,
    vehicles: int,
    hours: float,
    every_s: float,
    number: int,
    policy: DetectionPolicy,
    tell: Tell | None = None,
    also: Sequence[Baseline] = (),
) -> Peaks:
    """Vehicles park, settle and stand; ``tell`` gets the share done now and then."""
    yard = Yard(family, vehicles, seed_of(family, number), policy)
    kept_counts = FAMILIES[family].site in KEPT_SITES
    sensors = Sensed(vehicles, every_s, seed_of(family, number) + 3, policy)
    owner, police, sensed, ready = (Episodes(vehicles) for _ in range(4))
    others = [Episodes(vehicles) for _ in also]
    steps = round(hours * 3600 / every_s)
    for k in range(steps):
        seen = yard.report(every_s)
        at_anchor = seen.who[seen.moved.at_anchor]
        for episodes in (owner, police, sensed, ready):
            episodes.back(at_anchor)
        by_position = owner_strength(seen.moved, kept_counts=kept_counts)
        owner.take(yard.now_s, seen.who, by_position)
        police.take(yard.now_s, seen.who, police_strength(seen.moved))
        sensors.pass_by(yard.now_s)
        weighed = sensors.strengths(yard.now_s, seen, kept_counts=kept_counts)
        sensed.take(yard.now_s, seen.who, weighed.owner)
        ready.take(yard.now_s, seen.who, weighed.ready)
        for episodes, baseline in zip(others, also, strict=True):
            alarms = baseline.step(yard.now_s, *seen.raw())
            episodes.back(seen.who)
            episodes.take(yard.now_s, seen.who, alarms.astype(np.float64))
        if tell and k % 240 == 0:
            tell(k / steps)
    return Peaks(
        vehicle_days=vehicles * hours / 24,
        owner=owner.peaks(),
        police=police.peaks(),
        sensed=sensed.peaks(),
        ready=ready.peaks(),
        others={b.name: len(e.peaks()) for b, e in zip(also, others, strict=True)},
    )


def owner_strength(moved: Moved, *, kept_counts: bool) -> Floats:
    """Nats by which each fix would tell the owner; 0 = at no threshold."""
    sure = moved.slow | moved.towed
    if kept_counts:
        sure = sure | moved.kept
    strength: Floats = np.where(
        sure, SURE, np.where(moved.owner_shape & moved.alone, moved.score, 0.0)
    )
    return strength


def police_strength(moved: Moved) -> Floats:
    """Nats by which each fix would reach the police level's statistic."""
    strength: Floats = np.where(moved.police_shape, moved.score, 0.0)
    return strength


def chunks(vehicle_days: int, at_once: int = 4_000) -> Iterator[int]:
    """Vehicles of each run of a day."""
    while vehicle_days > 0:
        yield min(vehicle_days, at_once)
        vehicle_days -= at_once
