"""Which records add nothing to a history: said a moment ago, and nothing has changed since.

Events, sessions, coins and answers to commands are never thinned. What is left out is counted, and
the journal has it.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from devices.admitted import Record
from devices.geo import M_PER_DEG_LAT
from devices.readings import (
    CameraHeartbeat,
    ChargerStatus,
    DeviceInfo,
    Fix,
    StateReport,
)
from devices.rows import state_bits

MOVING_MPS = 1.4
"""Faster than any parked receiver's Doppler (max 1.13 m/s). Source: detection.md."""
TEMP_NOISE_C, MAINS_NOISE_V, PORTS_NOISE_W = 10.0, 5.0, 50.0
FPS_NOISE, CLOCK_NOISE_MS, START_NOISE_S = 3.0, 1_000.0, 60.0
"""Measures that moved by less are the same as before: at most half of the way from one warning to
the next (health.md: 65 and 85 °C, 220 V and 198 or 242, clock 5 s, 0.6 of 25 frames/s), and a third
of what one e-bike takes."""

TURNS = 2
"""A turn is so many of the longer ``..row_s``, by the steady clock. What was kept is forgotten
after one to two turns: nothing that comes in time is compared with it any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThinningPolicy:
    """Settings ``project.parked_row_s``, ``.parked_radius_m``, ``.status_row_s``; 0 s = all rows.

    Attributes:
        row_s: A parked vehicle inside its noise gets one row per this. Source: architecture.md,
            measured facts.
        radius_m: What counts as inside its noise.
        status_row_s: A charger, a camera, a state or a description that says what it said before
            gets one row per this.
    """

    row_s: float = 300.0
    radius_m: float = 25.0
    status_row_s: float = 300.0


class KeptFix(NamedTuple):
    """What a fix that became a row said; None = no position."""

    t_ms: int
    lat_deg: float | None
    lon_deg: float | None
    bits: int


class KeptStatus(NamedTuple):
    """What a status that became a row said: words that must be equal, measures that have noise."""

    t_ms: int
    words: bytes
    measures: tuple[float | None, ...]


_Key = tuple[int, str]
_K = TypeVar("_K")
_V = TypeVar("_V")


class _Recent(Generic[_K, _V]):
    """What was kept of late: forgotten at the second turn after it, so that memory is bounded."""

    def __init__(
        self, now: Iterable[tuple[_K, _V]] = (), before: Iterable[tuple[_K, _V]] = ()
    ) -> None:
        self.now, self.before = dict(now), dict(before)

    def get(self, key: _K) -> _V | None:
        found = self.now.get(key)
        return self.before.get(key) if found is None else found

    def turn(self) -> None:
        self.now, self.before = {}, self.now

    def dump(self) -> tuple[list[tuple[_K, _V]], list[tuple[_K, _V]]]:
        return list(self.now.items()), list(self.before.items())


class Thinned(msgspec.Struct):
    """State of the thinner for a checkpoint, by slot.

    Attributes:
        live: The newest fix of each tracker that became a row.
        late: The last one that came after a newer one, a buffered upload; of this turn and of the
            one before.
        said: Statuses by the name of the reading; the same.
        turned_ms: When the turn began, steady clock.
    """

    live: list[tuple[int, KeptFix]] = []
    late: tuple[list[tuple[int, KeptFix]], list[tuple[int, KeptFix]]] = ([], [])
    said: tuple[list[tuple[_Key, KeptStatus]], list[tuple[_Key, KeptStatus]]] = ([], [])
    turned_ms: int = 0


class Thinner:
    """Tells which records become rows."""

    def __init__(self, policy: ThinningPolicy) -> None:
        """Start without a kept row."""
        self._policy = policy
        self._live: dict[int, KeptFix] = {}
        self._late = _Recent[int, KeptFix]()
        self._said = _Recent[_Key, KeptStatus]()
        self._turned_ms = 0
        self._turn_ms = TURNS * 1000 * max(policy.row_s, policy.status_row_s)

    def keeps(self, record: Record) -> bool:
        """Whether this record becomes a row."""
        reading, now_ms = record.reading, record.entry.elapsed_ms
        if now_ms - self._turned_ms > self._turn_ms:
            self._turned_ms = now_ms
            self._late.turn()
            self._said.turn()
        if isinstance(reading, Fix):
            return self._keeps_fix(record.device.slot, reading)
        told = _STATUSES.get(type(reading))
        if told is None:
            return True
        key, status = (record.device.slot, type(reading).__name__), told(reading)
        kept = self._said.get(key)
        if kept is not None and _same(kept, status, self._policy.status_row_s * 1000):
            return False
        if kept is None or status.t_ms > kept.t_ms:
            self._said.now[key] = status
        return True

    def _keeps_fix(self, slot: int, fix: Fix) -> bool:
        """Parked, near the kept place or without one, nothing changed, and just said: no row."""
        now = KeptFix(fix.t_ms, fix.lat_deg, fix.lon_deg, state_bits(fix))
        kept = self._live.get(slot)
        lane = self._live
        if kept is not None and now.t_ms < kept.t_ms:  # a buffer, in whatever order
            lane, kept = self._late.now, self._late.get(slot)
        moving = bool(fix.ignition) or (fix.speed_mps or 0.0) > MOVING_MPS
        if kept is not None and not moving and now.bits == kept.bits:
            just = abs(now.t_ms - kept.t_ms) < self._policy.row_s * 1000
            if just and _near(kept, now, self._policy.radius_m):
                return False
        lane[slot] = now
        return True

    def dump(self) -> Thinned:
        """State for a checkpoint."""
        return Thinned(
            live=list(self._live.items()),
            late=self._late.dump(),
            said=self._said.dump(),
            turned_ms=self._turned_ms,
        )

    def load(self, state: Thinned) -> None:
        """Take the state of a checkpoint."""
        self._live = dict(state.live)
        self._late, self._said = _Recent(*state.late), _Recent(*state.said)
        self._turned_ms = state.turned_ms


def _near(kept: KeptFix, now: KeptFix, radius_m: float) -> bool:
    """Whether the place adds nothing: unknown, or within ``radius_m`` of the kept one."""
    if now.lat_deg is None or now.lon_deg is None:
        return True
    if kept.lat_deg is None or kept.lon_deg is None:
        return False
    north = (now.lat_deg - kept.lat_deg) * M_PER_DEG_LAT
    east = (now.lon_deg - kept.lon_deg) * M_PER_DEG_LAT * math.cos(math.radians(kept.lat_deg))
    return north * north + east * east <= radius_m * radius_m


def _same(kept: KeptStatus, now: KeptStatus, row_ms: float) -> bool:
    """Whether a status says what the kept one said, soon after it."""
    return (
        0 <= now.t_ms - kept.t_ms < row_ms
        and now.words == kept.words
        and len(now.measures) == len(kept.measures)
        and all(map(_as_before, kept.measures, now.measures))
    )


def _as_before(kept: float | None, now: float | None) -> bool:
    """Whether a measure, in units of its noise, is what it was; known and unknown differ."""
    if kept is None or now is None:
        return kept is now
    return abs(now - kept) < 1.0


def _charger(status: ChargerStatus) -> KeptStatus:
    powers_w = [port.w for port in status.ports if port.w is not None]
    words = (
        status.boot,
        status.flags,
        [(port.n, port.state, port.session, port.err) for port in status.ports],
        (status.smoke, status.door_open, status.box_coins, status.box_amount_fen),
        (status.coins_total, status.amount_total_fen, status.sessions_total),
    )
    measures = (
        _units(status.temp_c, TEMP_NOISE_C),
        _units(status.mains_v, MAINS_NOISE_V),
        _units(sum(powers_w) if powers_w else None, PORTS_NOISE_W),
    )
    return _status(status.t_ms, words, measures)


def _camera(heartbeat: CameraHeartbeat) -> KeptStatus:
    fps = [channel.fps for channel in heartbeat.channels if channel.fps is not None]
    words = (
        heartbeat.boot,
        heartbeat.flags,
        [
            (
                channel.n,
                channel.online,
                channel.recording,
                channel.occluded,
                channel.tampered,
                channel.video_loss,
            )
            for channel in heartbeat.channels
        ],
        (heartbeat.fw, heartbeat.disk_ok),
    )
    up_s = heartbeat.up_s
    measures = (
        _units(min(fps) if fps else None, FPS_NOISE),
        _units(heartbeat.clock_off_ms, CLOCK_NOISE_MS),
        _units(heartbeat.temp_c, TEMP_NOISE_C),
        _units(None if up_s is None else heartbeat.t_ms / 1000 - up_s, START_NOISE_S),
    )
    return _status(heartbeat.t_ms, words, measures)


def _state(said: StateReport) -> KeptStatus:
    return _status(said.t_ms, (said.boot, said.flags, said.state, said.reason), ())


def _info(info: DeviceInfo) -> KeptStatus:
    words = (info.boot, info.flags, info.model, info.fw, info.hw, info.caps, info.interval_s)
    return _status(info.t_ms, (*words, info.receipts), ())


def _status(t_ms: int, words: object, measures: tuple[float | None, ...]) -> KeptStatus:
    return KeptStatus(t_ms, msgspec.msgpack.encode(words), measures)


def _units(value: float | None, noise: float) -> float | None:
    return None if value is None else value / noise


_STATUSES: dict[type, Callable[[Any], KeptStatus]] = {
    ChargerStatus: _charger,
    CameraHeartbeat: _camera,
    StateReport: _state,
    DeviceInfo: _info,
}
