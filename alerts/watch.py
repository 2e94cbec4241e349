"""What is known of every tracker slot: anchor, evidence, and whether it arms by rule."""

import math
from dataclasses import replace

import msgspec
import numpy as np

from alerts.detection.anchor import ARMED, DISARMED, SETTLING, AnchorArrays
from alerts.detection.evidence import Discount, EvidenceArrays, Sign, reason_of
from alerts.detection.statistic import Fixes
from alerts.detection.witnessed import Witnessed, reason_of_witness, witnessed
from alerts.model import Reason
from alerts.open_alert import Cause
from alerts.past import Past, Spot, Word
from alerts.policy import DetectionPolicy
from devices.geo import M_PER_DEG_LAT
from devices.model import AdminState, Device, DeviceClass
from devices.registry import Registry


class WatchState(msgspec.Struct):
    """For checkpoints; arrays as raw little-endian bytes by name."""

    size: int
    anchors: dict[str, bytes]
    expires: bytes
    shaken: bytes
    missed: bytes
    by_rule: bytes
    discounts: dict[int, dict[Sign, Discount]] = {}
    words: dict[int, list[Word]] = {}
    bound_ms: dict[int, int] = {}
    held_back: dict[int, bool] = {}


class Watch:
    """State per tracker slot, and which trackers a vehicle has.

    Attributes:
        rearmed: Slots whose arming may have changed without a fix of their own, until taken.
        carried: Vehicles whose alert is part of another's, which is open (``alerts.identity``).
        off_hours: Vehicles outside of their owner's hours: no rule arms them (``alerts.schedule``).
    """

    def __init__(self) -> None:
        """Nothing is watched."""
        self.anchors = AnchorArrays.empty(0)
        self.evidence = EvidenceArrays.empty(0)
        self._by_rule = np.zeros(0, np.bool_)
        self._past = Past()
        self._bound_ms: dict[int, int] = {}
        self._trackers_of: dict[str, list[Device]] = {}
        self._bound: dict[int, str] = {}
        self._held_back: dict[int, bool] = {}
        self.rearmed: set[int] = set()
        self.carried: dict[str, str] = {}
        self.off_hours: set[str] = set()

    def follow(self, registry: Registry) -> None:
        """Take over every tracker of a registry; what is known of its slot is kept."""
        self._trackers_of, self._bound = {}, {}
        for device in registry.devices.values():
            self.bind(device, registry)

    def bind(self, device: Device, registry: Registry, at_ms: int = 0) -> None:
        """Bind a tracker to its vehicle from ``at_ms`` on; 0 = it was on it all the time.

        On another vehicle than before it begins afresh: what is known of its slot is of that one.
        A revoked tracker is on no vehicle.
        """
        if device.cls is not DeviceClass.TRACKER:
            return
        slot = device.slot
        self._room_for(slot)
        vehicle_id = None if device.admin is AdminState.RETIRED else device.vehicle_id
        before = self._bound.pop(slot, None)
        if before is not None:
            others = [other for other in self._trackers_of[before] if other.slot != slot]
            self._trackers_of[before] = others
        comes = bool(at_ms) and vehicle_id != before
        if comes and (before is not None or slot in self._bound_ms):
            self._bound_ms[slot] = at_ms
            self._leave(slot)
        if vehicle_id:
            if comes:
                self._come(slot, vehicle_id, registry)
            self._bound[slot] = vehicle_id
            self._trackers_of.setdefault(vehicle_id, []).append(device)
            self.arm_by_rule(vehicle_id, registry)

    def _leave(self, slot: int) -> None:
        """Not on its vehicle any more; its last place stays known until it is on another."""
        self._past.forget(slot)
        self._held_back.pop(slot, None)
        self.evidence.clear(slot)
        self.anchors.unsettle(slot, DISARMED)
        self._by_rule[slot] = False
        self.rearmed.add(slot)

    def _come(self, slot: int, vehicle_id: str, registry: Registry) -> None:
        """New on a vehicle: it is watched as the other trackers there are; alone, by rule."""
        if slot in self._bound_ms:
            self.anchors.clear(slot)
        others = [other.slot for other in self.trackers(vehicle_id)]
        vehicle = registry.vehicles.get(vehicle_id)
        if not others or vehicle is None:
            return
        modes = self.anchors.mode[others]
        self._by_rule[slot] = vehicle.auto_arm and vehicle_id not in self.off_hours
        self.anchors.mode[slot] = SETTLING if modes.any() else DISARMED
        self.anchors.wish[slot] = bool((modes == ARMED).any() or self.anchors.wish[others].any())
        self.rearmed.add(slot)

    def is_on(self, slot: int, vehicle_id: str | None) -> bool:
        """Whether a tracker is on that vehicle now; its late records may be of an earlier one."""
        return self._bound.get(slot) == vehicle_id

    def vehicle_at(self, slot: int) -> str:
        """The vehicle a slot is on now, "" = none."""
        return self._bound.get(slot, "")

    def trackers(self, vehicle_id: str) -> list[Device]:
        """The trackers bound to a vehicle, perhaps none."""
        return self._trackers_of.get(vehicle_id, [])

    def arm_by_rule(self, vehicle_id: str, registry: Registry) -> None:
        """Vehicles that arm by rule begin to settle."""
        vehicle = registry.vehicles.get(vehicle_id)
        if vehicle is None:
            return
        arms = vehicle.auto_arm and vehicle_id not in self.off_hours
        for device in self.trackers(vehicle_id):
            slot = device.slot
            begins = arms and not self._by_rule[slot]
            if slot in self._held_back:
                continue
            self._by_rule[slot] = arms
            never_heard = self.anchors.last_t[slot] == 0
            if begins and never_heard and self.anchors.mode[slot] == DISARMED:
                self.anchors.mode[slot] = SETTLING
                self.rearmed.add(slot)

    def by_rule(self, slot: int, *, arms: bool) -> None:
        """Whether it arms by rule from now on."""
        self._by_rule[slot] = arms

    def hold_back(self, slot: int, at_ms: int) -> None:
        """Not watched until a person arms it: nobody knows whose tracker speaks."""
        self._held_back.setdefault(slot, bool(self._by_rule[slot]))
        self._by_rule[slot] = False
        self.disarm(slot, at_ms)

    def is_held_back(self, slot: int) -> bool:
        """Whether only a person may arm it."""
        return slot in self._held_back

    def arm(self, slot: int, at_ms: int) -> None:
        """Someone armed it: watch from where it settles next."""
        if slot in self._held_back:
            self._by_rule[slot] = self._held_back.pop(slot)
        if self.anchors.mode[slot] != ARMED:
            self._change(slot, "arm", SETTLING, at_ms)
            self.anchors.wish[slot] = 1

    def disarm(self, slot: int, at_ms: int) -> None:
        """The owner or the key: nothing is watched."""
        self.evidence.forget(slot)
        self._change(slot, "disarm", DISARMED, at_ms)

    def settle_anew(self, slot: int, at_ms: int) -> None:
        """An alert ended: the vehicle settles wherever it comes to rest."""
        self.evidence.forget(slot)
        self._change(slot, "anew", SETTLING, at_ms)

    def let_ride(self, slot: int, at_ms: int) -> None:
        """The owner rides it: it settles where it comes to rest if it arms by rule."""
        self.evidence.forget(slot)
        self._change(slot, "ride", SETTLING if self._by_rule[slot] else DISARMED, at_ms)

    def _change(self, slot: int, what: str, mode: int, at_ms: int) -> None:
        self._past.say(slot, Word(at_ms, what))
        self.anchors.unsettle(slot, mode)
        self.rearmed.add(slot)

    def sigma_m(self, slot: int, policy: DetectionPolicy) -> float:
        """Standard deviation of the slot's parked noise per axis, learnt so far."""
        a = self.anchors
        weight, samples = policy.prior_weight, float(a.samples[slot])
        learnt = samples * float(a.noise_var[slot])
        return math.sqrt((weight * policy.prior_sd_m**2 + learnt) / (weight + samples))

    def bound_ms(self, slot: int) -> int:
        """Since when the tracker is on its vehicle, when it was on another before; else 0."""
        return self._bound_ms.get(slot, 0)

    def said_since(self, slot: int, t_ms: int) -> list[Word]:
        """Words about arming after a time."""
        return self._past.since(slot, t_ms)

    def stood(self, slot: int, t_ms: int) -> int:
        """How it was watched at a time that is past: the mode.

        An anchor that was given up since is not asked for: the word that ended it ends whatever
        came before it, too.
        """
        a = self.anchors
        if a.mode[slot] == ARMED and a.armed_t[slot] <= t_ms:
            return ARMED
        last = self._past.before(slot, t_ms)
        if last is None or last.what == "ride":
            return SETTLING if self._by_rule[slot] else DISARMED
        return DISARMED if last.what == "disarm" else SETTLING

    def anchor(self, slot: int) -> Spot | None:
        """Where it is watched now, when it is armed."""
        a = self.anchors
        if a.mode[slot] != ARMED:
            return None
        return Spot(float(a.anchor_x[slot]), float(a.anchor_y[slot]))

    def ignitions(
        self, fixes: Fixes, elapsed_ms: np.ndarray[tuple[int], np.dtype[np.int64]]
    ) -> None:
        """An ignition that goes on: without a key while armed, the end of rest while not."""
        on = (fixes.ignition == 1) & (self.anchors.ignition[fixes.slot] != 1)
        on &= fixes.t_ms > self.anchors.last_t[fixes.slot]
        if not on.any():
            return
        slots = fixes.slot[on]
        mode = self.anchors.mode[slots]
        armed = mode == ARMED
        for slot, now_ms in zip(slots[armed].tolist(), elapsed_ms[on][armed].tolist(), strict=True):
            self.evidence.witness(slot, Sign.ILLEGAL_IGNITION, now_ms)
        ridden = slots[(mode == DISARMED) & self._by_rule[slots]]
        self.anchors.mode[ridden] = SETTLING
        self.anchors.near_n[ridden] = 0

    def witnesses(self, slot: int, now_ms: int) -> list[Reason]:
        """The living evidence of a slot as reasons."""
        return [
            replace(reason_of(sign), nats=nats)
            for sign, nats in self.evidence.counted(slot, now_ms).items()
            if nats
        ]

    def witnessed(self, slot: int, now_ms: int) -> list[Witnessed]:
        """Every sign of a slot and what it counts, those that count nothing any more, too."""
        discounts = self.evidence.discounts_of(slot, now_ms)
        return witnessed(self.evidence, slot, now_ms, discounts)

    def discounted(self, slot: int, now_ms: int) -> list[Reason]:
        """What was witnessed lately and counts nothing, as reasons that say why."""
        found = self.witnessed(slot, now_ms)
        return [reason_of_witness(one) for one in found if one.why and not one.counted]

    def home(self, slot: int) -> tuple[float, float]:
        """Where the slot's anchor is, WGS 84 degrees."""
        a = self.anchors
        east_m = M_PER_DEG_LAT * math.cos(math.radians(float(a.origin_lat[slot])))
        lat_deg = float(a.origin_lat[slot] + a.anchor_y[slot] / M_PER_DEG_LAT)
        return lat_deg, float(a.origin_lon[slot] + a.anchor_x[slot] / east_m)

    def moved_m(self, slot: int) -> float:
        """Distance of the last accepted fix from the anchor, metres."""
        a = self.anchors
        return float(np.hypot(a.last_x[slot] - a.anchor_x[slot], a.last_y[slot] - a.anchor_y[slot]))

    def place(self, slot: int, cause: Cause) -> Cause:
        """``cause`` at the slot's last accepted fix; unchanged when there was none."""
        a = self.anchors
        if not a.last_t[slot]:
            return cause
        lat_deg = float(a.origin_lat[slot] + a.last_y[slot] / M_PER_DEG_LAT)
        east_m = M_PER_DEG_LAT * float(np.cos(np.radians(a.origin_lat[slot])))
        lon_deg = float(a.origin_lon[slot] + a.last_x[slot] / east_m)
        return cause._replace(lat_deg=lat_deg, lon_deg=lon_deg, moved_m=self.moved_m(slot))

    def _room_for(self, slot: int) -> None:
        size = len(self._by_rule)
        if slot >= size:
            size = max(slot + 1, size * 2, 64)
            self.anchors = self.anchors.grown(size)
            self.evidence = self.evidence.grown(size)
            by_rule = np.zeros(size, np.bool_)
            by_rule[: len(self._by_rule)] = self._by_rule
            self._by_rule = by_rule

    def dump(self) -> WatchState:
        """State for a checkpoint."""
        return WatchState(
            size=len(self._by_rule),
            anchors={n: getattr(self.anchors, n).tobytes() for n in self.anchors.__slots__},
            expires=self.evidence.expires.tobytes(),
            shaken=self.evidence.shaken.tobytes(),
            missed=self.evidence.missed.tobytes(),
            discounts=self.evidence.discounts,
            by_rule=self._by_rule.tobytes(),
            words=self._past.words,
            bound_ms=self._bound_ms,
            held_back=self._held_back,
        )

    def load(self, state: WatchState) -> None:
        """Take the state of a checkpoint; ``follow`` its registry afterwards."""
        self.anchors = AnchorArrays.empty(state.size)
        for name, raw in state.anchors.items():
            column = getattr(self.anchors, name)
            column[:] = np.frombuffer(raw, column.dtype)
        self.evidence = EvidenceArrays.empty(state.size)
        self.evidence.expires[:] = np.frombuffer(state.expires, np.int64).reshape(
            len(Sign), state.size
        )
        self.evidence.shaken[:] = np.frombuffer(state.shaken, np.int64)
        self.evidence.missed[:] = np.frombuffer(state.missed, np.uint8)
        self.evidence.discounts = {slot: dict(signs) for slot, signs in state.discounts.items()}
        self._by_rule = np.frombuffer(state.by_rule, np.bool_).copy()
        self._past = Past({slot: list(said) for slot, said in state.words.items()})
        self._bound_ms = dict(state.bound_ms)
        self._held_back = dict(state.held_back)
