"""What the engine saw of a fix, for those who ask why: it hands its numbers to an observer.

The engine looks at ``observer`` once a batch; without one nothing of this is made. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from alerts.batches import Lane, lane_of_fix
from alerts.detection import leaps, shapes
from alerts.detection.anchor import ARMED, SETTLING
from alerts.detection.evidence import WEIGHTS
from alerts.detection.statistic import Moved
from alerts.detection.witnessed import Witnessed, reason_of_witness
from alerts.model import Group
from alerts.policy import DetectionPolicy
from alerts.watch import Watch
from devices.admitted import Record
from devices.control import AnyControl, OwnerAnswer
from devices.entry import Entry
from devices.readings import Fix

_DIGITS = 9
"""Of a difference of two sums: what is beyond is the machine's."""
_MODES = {ARMED: "armed", SETTLING: "settling"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One round of fixes as the engine judged it; arrays in the order of ``records``.

    Attributes:
        total: Statistic plus evidence, nats.
        owner_threshold, police_threshold: What statistic plus evidence was compared with, nats.
        site: Class of site, ``alerts.detection.thresholds.CLASS_OF``.
        owner, police: Whether the level's shape and sum hold; ``kept`` after what denies it.
        watch: As the round left it.
    """

    records: Sequence[Record]
    moved: Moved
    total: NDArray[np.float64]
    owner_threshold: NDArray[np.float64]
    police_threshold: NDArray[np.float64]
    site: NDArray[np.uint8]
    owner: NDArray[np.bool_]
    police: NDArray[np.bool_]
    kept: NDArray[np.bool_]
    watch: Watch
    policy: DetectionPolicy


class Observer(Protocol):
    """Looks at an engine and changes nothing of it."""

    def heard(self, records: list[Record]) -> None:
        """Accepted records, before they are judged."""
        ...

    def saw(self, look: Look) -> None:
        """One round of live fixes, judged."""
        ...

    def acted(self, control: AnyControl, entry: Entry) -> None:
        """What a person, the API or the dispatcher did, after it took effect."""
        ...


class SignSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A witness at one fix.

    Attributes:
        nats: Its weight.
        counted: Nats in the sum; 0 with a ``why`` when it is discounted or its time is over.
        lives_s: So long such a sign counts, seconds.
        ends_s: Until it expires, seconds; below zero: since it did.
    """

    code: str
    group: Group
    nats: float
    counted: float
    lives_s: float
    ends_s: float
    why: str
    text_en: str
    text_zh: str


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """One fix of one tracker as the engine judged it. Times ms UTC, metres, nats.

    Attributes:
        lane: ``live``; ``late`` (judged with its upload) or ``never``, without numbers then.
        mode: ``armed``, ``settling`` or ``disarmed``, after the fix.
        anchor: Latitude and longitude of the anchor after the fix, when armed.
        accepted: In order and not held back.
        held: Held back as a leap until a second fix agrees.
        scored: Armed, in order, not held back: the numbers below are of this fix.
        moved_m, sigma_m: Distance from the anchor and the vehicle's parked noise.
        owner_radius_m, police_radius_m: Beyond these a level's displacement holds.
        alone_radius_m: ... and beyond this the owner's without any witness; ``alone`` = it is.
        excused: Something explains a movement (a ticket, the owner's phone): nobody is told.
        outside, farther: Fixes in a row beyond the owner's radius, new farthest ones.
        score: The statistic S.
        total: S and the evidence: what is compared with the thresholds.
        evidence: Sum of the signs, clipped; ``evidence_raw`` before that.
        reached: ``police``, ``owner``, or "": what this fix by itself reaches.
        rules: Other rules that hold: ``slow``, ``kept``, ``towed``.
        signs: The witnesses, those that count nothing with their reason.
    """

    t_ms: int
    recv_ms: int
    device_id: str
    lat_deg: float | None
    lon_deg: float | None
    acc_m: float | None
    speed_mps: float | None
    hdop: float | None
    sat: int | None
    ignition: bool | None
    lane: str = "live"
    mode: str = "disarmed"
    anchor: tuple[float, float] | None = None
    accepted: bool = False
    held: bool = False
    scored: bool = False
    at_anchor: bool = False
    moved_m: float = 0.0
    sigma_m: float = 0.0
    owner_radius_m: float = 0.0
    alone_radius_m: float = 0.0
    police_radius_m: float = 0.0
    outside: int = 0
    farther: int = 0
    alone: bool = False
    excused: bool = False
    owner_shape: bool = False
    police_shape: bool = False
    score: float = 0.0
    total: float = 0.0
    evidence: float = 0.0
    evidence_raw: float = 0.0
    owner_threshold: float = 0.0
    police_threshold: float = 0.0
    reached: str = ""
    rules: tuple[str, ...] = ()
    signs: tuple[SignSeen, ...] = ()

    @property
    def groups(self) -> set[Group]:
        """Independent witnesses that speak for a theft; level 2 needs two."""
        return {Group.POSITION} | {sign.group for sign in self.signs if sign.counted > 0}


def plain_sight(record: Record, fix: Fix) -> Sight:
    """A fix as it was reported; its lane says whether the live detector looks at it."""
    lane = lane_of_fix(fix)
    return Sight(
        t_ms=fix.t_ms,
        recv_ms=record.entry.recv_ms,
        device_id=record.device.id,
        lat_deg=fix.lat_deg,
        lon_deg=fix.lon_deg,
        acc_m=fix.acc_m,
        speed_mps=fix.speed_mps,
        hdop=fix.hdop,
        sat=fix.sat,
        ignition=fix.ignition,
        lane={Lane.LIVE: "live", Lane.LATE: "late"}.get(lane, "never"),
    )


def sight_of(look: Look, k: int) -> Sight | None:
    """Everything about the ``k``-th fix of a round; None when its record is no fix."""
    record, moved = look.records[k], look.moved
    fix = record.reading
    if not isinstance(fix, Fix):
        return None
    slot, arrays = record.device.slot, look.watch.anchors
    slots, now = np.array([slot]), np.array([record.entry.elapsed_ms])
    score, total, radii = float(moved.score[k]), float(look.total[k]), _radii(look, slots, k)
    signs = look.watch.witnessed(slot, record.entry.elapsed_ms)
    rules = {"slow": moved.slow[k], "kept": look.kept[k], "towed": moved.towed[k]}
    return msgspec.structs.replace(
        plain_sight(record, fix),
        mode=_MODES.get(int(arrays.mode[slot]), "disarmed"),
        anchor=_anchor(look.watch, slot),
        accepted=bool(moved.accepted[k]),
        held=int(arrays.held_t[slot]) == fix.t_ms,
        scored=bool(moved.scored[k]),
        at_anchor=bool(moved.at_anchor[k]),
        moved_m=float(moved.moved_m[k]),
        sigma_m=float(moved.sigma_m[k]),
        owner_radius_m=radii.owner,
        alone_radius_m=radii.alone,
        police_radius_m=radii.police,
        alone=bool(moved.alone[k]),
        excused=bool(look.watch.evidence.excused(slots, now)[0]),
        outside=int(arrays.outside[slot]),
        farther=int(arrays.farther[slot]),
        owner_shape=bool(moved.owner_shape[k]),
        police_shape=bool(moved.police_shape[k]),
        score=score,
        total=total,
        evidence=round(total - score, _DIGITS),
        evidence_raw=sum(sign.counted for sign in signs),
        owner_threshold=float(look.owner_threshold[k]),
        police_threshold=float(look.police_threshold[k]),
        reached="police" if look.police[k] else "owner" if look.owner[k] or look.kept[k] else "",
        rules=tuple(name for name, holds in rules.items() if holds),
        signs=tuple(map(_sign_seen, signs)),
    )


def _sign_seen(one: Witnessed) -> SignSeen:
    reason = reason_of_witness(one)
    return SignSeen(
        code=reason.code,
        group=reason.group,
        nats=WEIGHTS[one.sign].nats,
        counted=one.counted,
        lives_s=WEIGHTS[one.sign].lives_s,
        ends_s=one.ends_s,
        why=one.why,
        text_en=reason.text_en,
        text_zh=reason.text_zh,
    )


class _Radii(NamedTuple):
    """Beyond these a level's displacement holds, metres; as the round left what was learnt."""

    owner: float
    alone: float
    police: float


def _radii(look: Look, slots: NDArray[np.int64], k: int) -> _Radii:
    policy, arrays, sigma = look.policy, look.watch.anchors, look.moved.sigma_m[k : k + 1]
    reach = leaps.reach_m(arrays, slots, policy)
    return _Radii(
        owner=float(shapes.owner_m(sigma, policy)[0]),
        alone=float(leaps.alone_m(arrays, slots, reach, policy)[0]),
        police=float(shapes.police_m(arrays, slots, reach, sigma, policy)[0]),
    )


def _anchor(watch: Watch, slot: int) -> tuple[float, float] | None:
    """Where it is watched, degrees; None when it is not armed."""
    return None if watch.anchor(slot) is None else watch.home(slot)


class Sights:
    """An observer of one vehicle.

    Attributes:
        fixes: In the order they were judged; late and unusable ones as they came.
        events: Records of the vehicle's trackers that are no fixes.
        acts: What people did to it, in order.
    """

    def __init__(self, vehicle_id: str) -> None:
        """Nothing was seen yet."""
        self._vehicle_id = vehicle_id
        self.fixes: list[Sight] = []
        self.events: list[Record] = []
        self.acts: list[tuple[AnyControl, Entry]] = []

    def heard(self, records: list[Record]) -> None:
        """Keep its events, and fixes that no round takes."""
        for record in records:
            if record.device.vehicle_id == self._vehicle_id:
                reading = record.reading
                if not isinstance(reading, Fix):
                    self.events.append(record)
                elif lane_of_fix(reading) is not Lane.LIVE:
                    self.fixes.append(plain_sight(record, reading))

    def saw(self, look: Look) -> None:
        """Keep its fixes with everything that was made of them."""
        for k, record in enumerate(look.records):
            if record.device.vehicle_id == self._vehicle_id:
                sight = sight_of(look, k)
                if sight is not None:
                    self.fixes.append(sight)

    def acted(self, control: AnyControl, entry: Entry) -> None:
        """Keep what people did to this vehicle; what they said of its alerts, those know."""
        named = getattr(control, "vehicle_id", None) == self._vehicle_id
        if named and not isinstance(control, OwnerAnswer):
            self.acts.append((control, entry))
