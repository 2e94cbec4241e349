"""The owner's phone: with the vehicle, far from it, or stale and without a say.

Only the newest place of each vehicle's phone is kept, and no longer than it is fresh; it stands in
no table, no alert and no export, but for the distance in words.
"""

import math
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from alerts.around_words import word
from alerts.detection.anchor import ARMED, SETTLING
from alerts.detection.signs import Sign
from alerts.detection.statistic import Fixes, Moved
from alerts.model import AlertKind, AlertState, Effects, Level
from alerts.scope import Scope
from alerts.witness_policy import WitnessPolicy
from devices.admitted import Record
from devices.control import PhoneAt
from devices.entry import Entry
from devices.geo import M_PER_DEG_LAT, distance_m
from devices.model import Device

AHEAD_MS = 120_000
"""A phone whose clock is farther ahead of ours says nothing (decisions.md 12)."""
LAG_MPS = 12.0
"""Between a phone's place and the vehicle's fix the two may have gone on so fast, m/s: the moving
rider is with his vehicle although the two were measured some seconds apart. Ours."""
ACC_MAX_M = 20.0
"""So much of a phone's accuracy is granted when it is asked whether it is near, metres. Ours."""
LAG_MAX_S = 10.0
"""... for measurements at most so far apart, seconds. Ours."""
STEPS_M = 20.0
"""... of a phone that went farther than this: two places of a phone that lies still are farther
apart in one case of five (8 m of error an axis), metres. Ours."""
GOES_SHARE = 1.5
"""A phone that went so many times ``phone_near_m`` went: two places of one that lies still are 45 m
apart in one case of 2,700 (the same error). Ours."""
DEPARTS_SHARE = 2.0
"""Up to so many times the owner's least displacement from the anchor a phone near the vehicle may
as well ride as be passed: it keeps its say until its next place tells. Ours."""


class Phone(msgspec.Struct, frozen=True):
    """The newest place of one phone.

    Attributes:
        until_ms: Steady clock at which it is stale.
        stood_lat_deg, stood_lon_deg: Where it was when the vehicle was heard at its anchor last.
    """

    lat_deg: float
    lon_deg: float
    acc_m: float
    t_ms: int
    until_ms: int
    stood_lat_deg: float
    stood_lon_deg: float


class Sight(NamedTuple):
    """A phone and its vehicle, metres and seconds.

    Attributes:
        apart_m: The phone from the vehicle's last fix; NaN = there is none.
        moved_m: The vehicle from there.
        lag_s: Between the two measurements.
        went_m: How far the phone went since the vehicle stood at its anchor.
        acc_m: How good the phone's place is.
    """

    apart_m: float
    moved_m: float
    lag_s: float
    went_m: float
    acc_m: float


class Phones:
    """Fresh phones by vehicle."""

    def __init__(self, policy: WitnessPolicy, fresh: dict[str, Phone] | None = None) -> None:
        """Start from these or from none."""
        self._policy = policy
        self.fresh: dict[str, Phone] = dict(fresh or {})

    def take(self, said: PhoneAt, entry: Entry, scope: Scope, effects: Effects) -> None:
        """A phone says where it is: what that says of the vehicle lives as long as it is fresh."""
        policy = self._policy
        age_ms = entry.recv_ms - said.t_ms
        left_ms = round(policy.phone_fresh_s * 1000) - max(age_ms, 0)
        known = self.fresh.get(said.vehicle_id)
        older = known is not None and said.t_ms <= known.t_ms
        if left_ms <= 0 or age_ms < -AHEAD_MS or said.acc_m > policy.phone_acc_m or older:
            return
        until_ms = entry.elapsed_ms + left_ms
        place = (said.lat_deg, said.lon_deg)
        stood = place if known is None else (known.stood_lat_deg, known.stood_lon_deg)
        phone = Phone(*place, said.acc_m, said.t_ms, until_ms, *stood)
        self.fresh[said.vehicle_id] = phone
        for device in scope.watch.trackers(said.vehicle_id):
            self._weigh(phone, device, entry=entry, scope=scope, effects=effects)

    def _weigh(
        self, phone: Phone, device: Device, *, entry: Entry, scope: Scope, effects: Effects
    ) -> None:
        sight, slot = _sight_of(phone, device.slot, scope), device.slot
        evidence = scope.watch.evidence
        near, far = self._is_near(sight), self._is_far(sight)
        departs = sight.moved_m <= DEPARTS_SHARE * scope.policy.owner_min_m
        near = near and (departs or self._rides(sight, scope))
        evidence.hold(slot, Sign.PHONE_NEAR, phone.until_ms if near else 0)
        evidence.hold(slot, Sign.PHONE_FAR, phone.until_ms if far else 0)
        if scope.watch.anchors.mode[slot] == ARMED and self._rides(sight, scope):
            _owner_rides(device, entry, scope, effects)

    def _is_near(self, sight: Sight) -> bool:
        """With the vehicle: near its fix, or as far behind as both went on in between."""
        apart_m = sight.apart_m - min(sight.acc_m, ACC_MAX_M)
        return apart_m <= self._policy.phone_near_m + _slack_m(sight)

    def _is_far(self, sight: Sight) -> bool:
        return sight.apart_m > self._policy.phone_far_m + LAG_MPS * sight.lag_s

    def _rides(self, sight: Sight, scope: Scope) -> bool:
        """Both moved: a phone that stayed where it was rides nowhere, however near they pass."""
        moved = sight.moved_m > scope.policy.owner_min_m
        went = sight.went_m > GOES_SHARE * self._policy.phone_near_m
        return moved and went and self._is_near(sight)

    def fixes(
        self, records: list[Record], fixes: Fixes, moved: Moved, *, scope: Scope, effects: Effects
    ) -> None:
        """The vehicle's fixes against the phone: it goes with its owner, or without him."""
        if not self.fresh:
            return
        modes = scope.watch.anchors.mode[fixes.slot]
        self._stand(records, moved.at_anchor)
        away = moved.accepted & (moved.moved_m > scope.policy.owner_min_m) & (modes == ARMED)
        driven = moved.accepted & moved.fast & (modes == SETTLING)
        for k in np.flatnonzero(away | driven).tolist():
            device, entry = records[k].device, records[k].entry
            phone = self.fresh.get(device.vehicle_id or "")
            if phone is None or phone.until_ms <= entry.elapsed_ms:
                continue
            sight = _sight_of(phone, device.slot, scope)
            if away[k] and self._rides(sight, scope):
                _owner_rides(device, entry, scope, effects)
            elif self._is_far(sight):
                evidence = scope.watch.evidence
                evidence.hold(device.slot, Sign.PHONE_NEAR, 0)
                evidence.hold(device.slot, Sign.PHONE_FAR, phone.until_ms)
                if driven[k]:
                    _gone_without(records[k], scope, effects)

    def _stand(self, records: list[Record], home: NDArray[np.bool_]) -> None:
        """Where the phones of vehicles are that stand at their anchors."""
        for k in np.flatnonzero(home).tolist():
            vehicle_id = records[k].device.vehicle_id or ""
            phone = self.fresh.get(vehicle_id)
            if phone is not None and records[k].reading.t_ms >= phone.t_ms:
                self.fresh[vehicle_id] = msgspec.structs.replace(
                    phone, stood_lat_deg=phone.lat_deg, stood_lon_deg=phone.lon_deg
                )

    def tick(self, now_ms: int) -> None:
        """Forget what is stale."""
        if self.fresh:
            self.fresh = {v: phone for v, phone in self.fresh.items() if phone.until_ms > now_ms}


def _slack_m(sight: Sight) -> float:
    """What a moving phone may be behind or ahead: never farther than it went at all."""
    if sight.went_m <= STEPS_M or sight.lag_s > LAG_MAX_S:
        return 0.0
    return min(LAG_MPS * sight.lag_s, sight.went_m)


def _sight_of(phone: Phone, slot: int, scope: Scope) -> Sight:
    anchors = scope.watch.anchors
    origin = (float(anchors.origin_lat[slot]), float(anchors.origin_lon[slot]))
    east_m = M_PER_DEG_LAT * math.cos(math.radians(origin[0]))
    x, y = (phone.lon_deg - origin[1]) * east_m, (phone.lat_deg - origin[0]) * M_PER_DEG_LAT
    heard = bool(anchors.last_t[slot])
    return Sight(
        apart_m=math.hypot(x - anchors.last_x[slot], y - anchors.last_y[slot])
        if heard
        else math.nan,
        moved_m=scope.watch.moved_m(slot),
        lag_s=abs(phone.t_ms - int(anchors.last_t[slot])) / 1000,
        acc_m=phone.acc_m,
        went_m=distance_m(phone.lat_deg, phone.lon_deg, phone.stood_lat_deg, phone.stood_lon_deg),
    )


def _owner_rides(device: Device, entry: Entry, scope: Scope, effects: Effects) -> None:
    """It moves with its owner: an unconfirmed alert ends, it settles where it comes to rest."""
    alert = scope.cases.open.get(device.vehicle_id or "")
    if alert is not None:
        cause = alert.cause._replace(
            t_ms=entry.recv_ms, recv_ms=entry.recv_ms, elapsed_ms=entry.elapsed_ms, by="phone"
        )
        if alert.level >= Level.CONFIRMED:
            return
        alert.reasons.append(word("phone_with_it"))
        scope.cases.end(
            alert, state=AlertState.DISMISSED, what="phone_near", cause=cause, effects=effects
        )
    scope.watch.let_ride(device.slot, entry.recv_ms)


def _gone_without(record: Record, scope: Scope, effects: Effects) -> None:
    """Driven off before it settled, its owner's phone far away (scenario 42): he is asked."""
    vehicle = scope.vehicle_of(record.device)
    if vehicle is None or vehicle.id in scope.cases.open:
        return
    cause = scope.cause_of(record, 0.0)
    reasons = [word("gone_without_owner")]
    reasons += scope.watch.witnesses(record.device.slot, cause.elapsed_ms)
    scope.cases.signal(
        vehicle,
        record.device,
        kind=AlertKind.MOVEMENT,
        level=Level.SUSPECTED,
        onset_ms=cause.t_ms,
        reasons=reasons,
        cause=cause,
        what="level",
        effects=effects,
    )
