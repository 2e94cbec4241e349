"""What noise makes us ask: questions and false alarms of parked vehicles, asked and not.

Vectorised over vehicles on a grid of 5 s; the statistic, the evidence and the decision to ask are
the real ones. The pipeline around them is left out: no alert opens, so no question is renewed.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alerts.asking import Asking, Why
from alerts.detection import statistic
from alerts.detection.anchor import SETTLING, AnchorArrays
from alerts.detection.evidence import EvidenceArrays, Sign
from alerts.detection.leaps import SITE_M
from alerts.detection.thresholds import CODE_OF, Thresholds
from alerts.open_alert import Cause
from alerts.policy import DetectionPolicy
from benchmarks.detection_parked import KEPT_SITES, Episodes, fixes_of
from benchmarks.intervals import poisson
from benchmarks.parked import T0_MS
from devices.admitted import Record
from devices.command import CommandKind
from devices.entry import Entry
from devices.model import Device, DeviceClass, SiteClass
from devices.readings import DeviceInfo, Fix
from simulators.noise_families import FAMILIES, seed_of
from simulators.noise_field import NoiseField

GRID_S = 5.0
"""A tracker that is asked answers at the next step: 2.5 s later on average, as its radio does."""
ARMS_AFTER = 6
"""Heartbeats before the count begins: anchor learnt, armed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """What happened to parked vehicles."""

    vehicle_days: float
    asks: int
    dense_share: float
    owner: int
    police: int

    def figures(self) -> dict[str, object]:
        """Per vehicle-day."""
        days = self.vehicle_days
        return {
            "vehicle_days": round(days, 1),
            "asks_per_day": round(self.asks / days, 4),
            "dense_min_per_day": round(1_440 * self.dense_share, 3),
            "owner_n": self.owner,
            "owner_per_day": round(self.owner / days, 5),
            "owner_95": [round(bound, 5) for bound in poisson(self.owner, days)],
            "police_n": self.police,
            "police_per_day": round(self.police / days, 5),
            "police_95": [round(bound, 5) for bound in poisson(self.police, days)],
        }


def parked(
    family: str,
    *,
    vehicles: int,
    hours: float,
    heartbeat_s: float,
    asks: bool,
    number: int,
    policy: DetectionPolicy,
    thresholds: Thresholds,
) -> Quiet:
    """Vehicles of one family stand; nothing ever moves."""
    lot = _Lot(family, vehicles, heartbeat_s, number, policy)
    site = CODE_OF[SiteClass(FAMILIES[family].site)]
    high = float(thresholds.owner[site]), float(thresholds.police[site])
    begins_s = ARMS_AFTER * heartbeat_s
    owner, police = Episodes(vehicles), Episodes(vehicles)
    counted, dense = 0, 0.0
    steps = round((begins_s + hours * 3_600) / GRID_S)
    for _ in range(steps):
        loud = lot.step(high, asks=asks)
        if lot.now_s < begins_s:
            continue
        counted += lot.asked
        dense += float(np.count_nonzero(lot.until_s > lot.now_s))
        for episodes, found in zip((owner, police), loud, strict=True):
            if len(found):
                episodes.take(lot.now_s, found, np.ones(len(found)))
    return Quiet(
        vehicle_days=vehicles * hours / 24,
        asks=counted,
        dense_share=dense / (vehicles * hours * 3_600 / GRID_S),
        owner=len(owner.peaks()),
        police=len(police.peaks()),
    )


class _Lot:
    def __init__(
        self, family: str, size: int, heartbeat_s: float, number: int, policy: DetectionPolicy
    ) -> None:
        seed = seed_of(family, number)
        rng = np.random.default_rng(seed + 1)
        self.now_s, self.asked = 0.0, 0
        self.until_s = np.zeros(size)
        self._heartbeat_s, self._policy = heartbeat_s, policy
        self._field = NoiseField(FAMILIES[family], size, seed)
        self._due_s = rng.uniform(0.0, heartbeat_s, size)
        self._arrays, self._evidence = AnchorArrays.empty(size), EvidenceArrays.empty(size)
        self._arrays.mode[:] = SETTLING
        self._arrays.site_m[:] = SITE_M[CODE_OF[SiteClass(FAMILIES[family].site)]]
        self._kept = FAMILIES[family].site in KEPT_SITES
        self._asking = Asking(policy)
        self._devices = [
            Device(id=str(slot), slot=slot, cls=DeviceClass.TRACKER, vehicle_id=str(slot))
            for slot in range(size)
        ]
        info = DeviceInfo(t_ms=T0_MS, caps=("interval", "locate"), interval_s=heartbeat_s)
        for device in self._devices:
            self._asking.learn(device, info)

    def step(
        self, high: tuple[float, float], *, asks: bool
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Let 5 s pass; slots that would tell the owner, and reach the police's statistic."""
        self.now_s += GRID_S
        errors = self._field.after(GRID_S)
        self.asked = 0
        who = np.flatnonzero((self._due_s <= self.now_s) & errors.heard)
        now_ms = round(self.now_s * 1_000)
        if asks:
            self._asking.tick(now_ms, T0_MS + now_ms, ())
        if not len(who):
            return who, who
        places = (errors.east_m, errors.north_m)
        fixes = fixes_of(errors, places, errors.doppler_mps, who, self.now_s)
        moved = statistic.step(self._arrays, fixes, self._policy)
        elapsed = np.full(len(who), now_ms, np.int64)
        away = moved.scored & (moved.moved_m > self._policy.owner_min_m)
        self._evidence.from_fixes(
            who, elapsed, moved.fast & moved.scored, moved.standing & moved.scored, away
        )
        evidence = self._evidence.total(
            who, elapsed, self._policy.evidence_min, self._policy.evidence_max
        )
        if asks:
            self._ask(who, moved, moved.score + evidence, now_ms)
        dense = self.until_s[who] > self.now_s
        self._due_s[who] = self.now_s + np.where(dense, GRID_S, self._heartbeat_s)
        total = moved.score + evidence
        far = moved.owner_shape & (moved.alone | (evidence > 0))  # as alerts.engine
        kept = moved.kept & self._kept & ~self._evidence.denied(who, elapsed)
        owner = (far & (total > high[0])) | moved.slow | moved.towed | kept
        return who[owner], who[moved.police_shape & (total > high[1])]

    def _ask(
        self,
        who: NDArray[np.int64],
        moved: statistic.Moved,
        total: NDArray[np.float64],
        now_ms: int,
    ) -> None:
        asking, cause = self._asking, Cause(T0_MS + now_ms, T0_MS + now_ms, now_ms)
        loud, told = asking.suspicious(moved, total)
        for k in np.flatnonzero(loud | told).tolist():
            device = self._devices[who[k]]
            next_s = self._policy.ask_every_s if self.until_s[who[k]] > self.now_s else None
            fix = Fix(t_ms=cause.t_ms, next_s=next_s or self._heartbeat_s)
            record = Record(Entry(0, 0, cause.recv_ms, now_ms, 0, "", b""), device, fix)
            asking.ask(record, cause, Why.SUSPICION)
        for k in np.flatnonzero(moved.at_anchor).tolist():
            if asking.answered(int(who[k]), cause, has_alert=False):
                self._evidence.witness(int(who[k]), Sign.LOCATED, now_ms)
        for wish in asking.take():
            if wish.order.kind is CommandKind.INTERVAL:
                slot, order = int(wish.device_id), wish.order
                self.until_s[slot] = self.now_s + order.for_s if order.every_s else 0.0
                self.asked += bool(order.every_s)
