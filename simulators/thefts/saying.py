"""From a life to its tracker's messages, in its own words and at its own times."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from msgspec import UNSET, UnsetType

from simulators.encode import (
    COORDINATE_DIGITS,
    Batch,
    BatchedFix,
    Battery,
    Event,
    Fix,
    Position,
    VehicleState,
    encode,
)
from simulators.gps_noise import NoiseSample
from simulators.outgoing import boot_id, event_id, generator
from simulators.scripts import SHAKE_S, Switch
from simulators.thefts.lives import Life, Sign, Slip, Spell
from simulators.thefts.receivers import heard
from simulators.tracks import LocalFrame
from simulators.vehicles import DOPPLER_MOVING_SD_MPS, KMH_PER_MPS

FRAME = LocalFrame(lat_deg=31.8206, lon_deg=117.2272)
START_MS = 1_764_032_400_000
"""2025-11-25 01:00:00 UTC: second 0 of every scene."""
JUMP_SHARE, JUMP_MEDIAN_M = 6.3e-4, 395.0
"""Of fixes on the move so many are off by so much. Source: docs/detection.md, moving data."""
LATENCY_MEDIAN_S, LATENCY_SPREAD, LATENCY_MAX_S = 0.35, 0.5, 3.0
"""From tracker to us over a mobile network, log-normal; assumed."""
BATCH_MAX = 200
TOWERS = 3
"""Cell fixes jump between so many places."""
_SHAKES = frozenset({"vibration", "tilt", "fall", "wake"})


class Said(NamedTuple):
    """One message: when it reaches us, seconds; channel; payload."""

    at_s: float
    channel: str
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Motion:
    """True place and motion at the reports; arrays of one length."""

    east_m: np.ndarray[tuple[int], np.dtype[np.float64]]
    north_m: np.ndarray[tuple[int], np.dtype[np.float64]]
    speed_mps: np.ndarray[tuple[int], np.dtype[np.float64]]
    course_deg: np.ndarray[tuple[int], np.dtype[np.float64]]


class Teller:
    """One tracker of one life; everything it says, by ``said``."""

    def __init__(self, device_id: str, life: Life, *, seed: int, boot: str = "") -> None:
        """Draw its first report and its receiver; ``boot`` tells two of one name apart."""
        self._id, self._life = device_id, life
        self._rng = generator(seed, "thefts", "teller", device_id, boot)
        self._air = generator(seed, "thefts", "air", device_id, boot)
        self._boot = boot_id(device_id + boot, START_MS + seed)
        first_s = life.from_s + float(self._rng.uniform(0.0, min(life.every_s, 30.0)))
        self._times_s = np.arange(first_s, life.until_s, life.every_s)
        self._noise = heard(life.noise, self._times_s.tolist(), seed=seed, who=device_id + boot)
        self._signs = sorted(life.signs, key=lambda sign: sign.at_s)
        self._percent = float(self._rng.uniform(45.0, 100.0))
        self._last: Position | None = None
        self._fixed_s = 0.0

    def said(self) -> Iterator[Said]:
        """Every message, in the order in which it is made; not in that of its arrival."""
        life = self._life
        made: list[tuple[float, Sign | int]] = [(s.at_s, s) for s in self._signs if s.event]
        made += [(float(at_s), k) for k, at_s in enumerate(self._times_s)]
        made.sort(key=lambda one: one[0])
        kept: list[BatchedFix] = []
        seq = events = 0
        for at_s, what in made:
            spell = self._spell(at_s)
            if spell is not None and spell.hears == "silent":
                continue
            seq += 1
            arrives_s, held = self._arrival(at_s)
            if isinstance(what, Sign):
                events += 1
                yield Said(arrives_s, "event", self._event(what, seq, events))
                continue
            fix = self._fix(what, at_s, seq, spell)
            if held:
                kept.append(BatchedFix(seq=seq, t=fix.t, pos=fix.pos, st=fix.st))
                continue
            yield Said(arrives_s, "fix", encode(fix))
            if life.twice:
                yield Said(arrives_s + float(self._air.uniform(0.05, 2.0)), "fix", encode(fix))
        if life.buffered is not None:
            yield from self._batches(kept, life.buffered[1])

    def _batches(self, kept: Sequence[BatchedFix], at_s: float) -> Iterator[Said]:
        for k in range(0, len(kept), BATCH_MAX):
            batch = Batch(
                id=self._id, boot=self._boot, backfill=True, fixes=list(kept[k : k + BATCH_MAX])
            )
            yield Said(at_s + 0.2 + 0.4 * k / BATCH_MAX, "batch", encode(batch))

    def _arrival(self, at_s: float) -> tuple[float, bool]:
        """When it reaches us, and whether it waits for the network until then."""
        life, rng = self._life, self._air
        drawn_s = LATENCY_MEDIAN_S * math.exp(LATENCY_SPREAD * float(rng.standard_normal()))
        held = life.buffered is not None and life.buffered[0] <= at_s < life.buffered[1]
        if held and life.buffered is not None:
            return life.buffered[1], True
        late_s = 0.0
        if life.late_share:
            is_late, by_s = float(rng.random()) < life.late_share, float(rng.uniform(10.0, 60.0))
            late_s = by_s if is_late else 0.0
        return life.arrives_s(at_s + min(drawn_s, LATENCY_MAX_S)) + late_s, False

    def _t(self, at_s: float) -> int:
        return START_MS + round((at_s + self._life.clock_s(at_s)) * 1000.0)

    def _switches(self, at_s: float) -> dict[Switch, bool]:
        switches: dict[Switch, bool] = {"ign": False, "armed": True, "ext_power": True}
        for sign in self._signs:
            if sign.at_s > at_s:
                break
            switches.update(sign.switches)
        return switches

    def _event(self, sign: Sign, seq: int, events: int) -> bytes:
        t_ms, switches = self._t(sign.at_s), self._switches(sign.at_s)
        shakes = sign.event == "vibration"
        return encode(
            Event(
                id=self._id,
                boot=self._boot,
                seq=seq,
                ev_id=event_id(t_ms, events),
                t=t_ms,
                type=sign.event or "",
                on=True,
                lvl=sign.level,
                dur_s=sign.lasts_s if shakes else UNSET,
                st=VehicleState(ign=switches["ign"], armed=switches["armed"]),
            )
        )

    def _fix(self, k: int, at_s: float, seq: int, spell: Spell | None) -> Fix:
        switches = self._switches(at_s)
        moving = bool(self._motion.speed_mps[k] > 0.0)
        shaken = any(
            s.event in _SHAKES and s.at_s <= at_s < s.at_s + s.lasts_s + SHAKE_S
            for s in self._signs
        )
        percent = max(5.0, self._percent - at_s / 7_200.0)  # about 12 % a day
        powered = switches["ext_power"]
        return Fix(
            id=self._id,
            boot=self._boot,
            seq=seq,
            t=self._t(at_s),
            pos=self._position(k, at_s, spell),
            st=VehicleState(
                ign=switches["ign"],
                motion=moving or shaken,
                armed=switches["armed"],
                ext_power=powered,
            ),
            bat=Battery(
                pct=round(percent),
                mv=3_500 + round(6.5 * percent),
                ext_mv=46_000 + 80 * round(percent) if powered else UNSET,
            ),
            next_s=self._life.every_s,
        )

    # -- positions --------------------------------------------------------------------------

    @cached_property
    def _motion(self) -> _Motion:
        path, times_s = self._life.path, self._times_s
        legs = np.searchsorted(path.at_s, times_s, side="right")
        inside = (legs > 0) & (legs < len(path.at_s))
        k = np.clip(legs, 1, max(1, len(path.at_s) - 1))
        if len(path.at_s) == 1:
            zeros = np.zeros(len(times_s))
            return _Motion(
                east_m=zeros + path.east_m[0], north_m=zeros + path.north_m[0],
                speed_mps=zeros, course_deg=zeros,
            )  # fmt: skip
        took_s = np.maximum(path.at_s[k] - path.at_s[k - 1], 1e-9)
        d_east, d_north = path.east_m[k] - path.east_m[k - 1], path.north_m[k] - path.north_m[k - 1]
        return _Motion(
            east_m=np.interp(times_s, path.at_s, path.east_m),
            north_m=np.interp(times_s, path.at_s, path.north_m),
            speed_mps=np.where(inside, np.hypot(d_east, d_north) / took_s, 0.0),
            course_deg=np.degrees(np.arctan2(d_east, d_north)) % 360.0,
        )

    def _spell(self, at_s: float) -> Spell | None:
        return next((s for s in self._life.spells if s.from_s <= at_s < s.to_s), None)

    def _position(self, k: int, at_s: float, spell: Spell | None) -> Position:
        if spell is not None and spell.hears != "frozen":
            return self._without_satellites(k, spell)
        motion, noise = self._motion, self._noise
        frozen = spell is not None
        at = k if spell is None else self._begin(spell)
        error_east, error_north = float(noise.east_m[at]), float(noise.north_m[at])
        speed_mps, course = self._speed(k, noise, frozen=frozen)
        hdop, sat, acc_m = float(noise.hdop[k]), int(noise.sat[k]), float(noise.acc_m[k])
        if motion.speed_mps[k] > 0.0 and self._rng.random() < JUMP_SHARE:
            far_m = JUMP_MEDIAN_M * math.exp(0.8 * float(self._rng.standard_normal()))
            angle = float(self._rng.uniform(0.0, 2.0 * math.pi))
            error_east += far_m * math.sin(angle)
            error_north += far_m * math.cos(angle)
        for slip in self._life.slips:
            share = _share(slip, at_s)
            if share > 0.0:
                error_east += share * slip.east_m
                error_north += share * slip.north_m
                acc_m, hdop, sat = np.fmax(acc_m, slip.acc_m), slip.hdop, slip.sat
                speed_mps = speed_mps if motion.speed_mps[k] > 0.0 else 0.0
        lat, lon = FRAME.to_degrees(
            float(motion.east_m[k]) + error_east, float(motion.north_m[k]) + error_north
        )
        self._fixed_s = at_s
        self._last = Position(
            lat=round(lat, COORDINATE_DIGITS),
            lon=round(lon, COORDINATE_DIGITS),
            src="gnss",
            valid=True,
            acc_m=UNSET if math.isnan(acc_m) else round(float(acc_m), 1),
            hdop=round(hdop, 1),
            sat=sat,
            spd_kmh=round(speed_mps * KMH_PER_MPS, 1),
            cog=course,
        )
        return self._last

    def _speed(
        self, k: int, noise: NoiseSample, *, frozen: bool
    ) -> tuple[float, float | UnsetType]:
        true_mps = float(self._motion.speed_mps[k])
        if true_mps > 0.0:
            slip_mps, swing_deg = self._rng.standard_normal(2)
            course = round(float(self._motion.course_deg[k]) + 3.0 * float(swing_deg)) % 360
            return abs(true_mps + DOPPLER_MOVING_SD_MPS * float(slip_mps)), course
        return (0.0 if frozen else float(noise.doppler_mps[k])), UNSET

    def _begin(self, spell: Spell) -> int:
        """The report whose error a static hold keeps: the last before it, or the first."""
        return max(0, int(np.searchsorted(self._times_s, spell.from_s)) - 1)

    def _without_satellites(self, k: int, spell: Spell) -> Position:
        if spell.hears == "last" and self._last is not None:
            last = self._last
            return Position(
                lat=last.lat, lon=last.lon, src="last", valid=True, sat=0, spd_kmh=0.0,
                fix_t=self._t(self._fixed_s),
            )  # fmt: skip
        if spell.hears in {"cell", "wifi"}:
            tower = generator(int(self._rng.integers(TOWERS)), "tower", self._id)
            off_m, angle = float(tower.uniform(*spell.off_m)), float(tower.uniform(0.0, 6.28))
            lat, lon = FRAME.to_degrees(
                float(self._motion.east_m[k]) + off_m * math.sin(angle),
                float(self._motion.north_m[k]) + off_m * math.cos(angle),
            )
            return Position(
                lat=round(lat, 5),
                lon=round(lon, 5),
                src="wifi" if spell.hears == "wifi" else "cell",
                valid=True,
                acc_m=round(max(100.0, off_m), -1),
            )
        return Position(src="gnss", valid=False, sat=0)


def _share(slip: Slip, at_s: float) -> float:
    """How much of a slip's offset is there, [0, 1]."""
    inside_s = min(at_s - slip.from_s, slip.to_s - at_s)
    return float(np.clip(inside_s / max(slip.edge_s, 1e-6), 0.0, 1.0))
