"""Accepted records as rows of the telemetry store, and which of them add nothing."""

import math
from dataclasses import dataclass

import msgspec

from devices.admission import Record
from devices.geo import M_PER_DEG_LAT
from devices.readings import (
    AnyReading,
    CameraHeartbeat,
    ChargerStatus,
    Event,
    Fix,
    PortState,
    StateReport,
)
from devices.telemetry import Row

MOVING_MPS = 1.4
"""Faster than any parked receiver's Doppler (max 1.13 m/s). Source: detection.md."""

_BUSY = {PortState.CHARGING, PortState.FLOAT, PortState.FINISHING, PortState.OCCUPIED}
_BITS = ("ignition", "motion", "armed", "ext_power", "charging")


def state_bits(fix: Fix) -> int:
    """Two bits per state of ``ignition motion armed ext_power charging``: known, true."""
    bits = 0
    for k, name in enumerate(_BITS):
        value = getattr(fix, name)
        if value is not None:
            bits |= (1 | int(value) << 1) << 2 * k
    return bits


def to_row(record: Record) -> Row:
    """One record as one row, its fields in the column order of ``MEASUREMENTS``."""
    reading, recv_ms = record.reading, record.entry.recv_ms
    measurement, fields = _fields(reading)
    seq = reading.key or reading.seq or 0
    return Row(measurement, record.device.id, reading.t_ms, seq, (*fields, reading.flags, recv_ms))


def _fields(reading: AnyReading) -> tuple[str, tuple[float | int | str | None, ...]]:
    """Measurement and its fields but for the last two, ``flags`` and ``recv_ms``."""
    match reading:
        case Fix():
            return "fix", (
                reading.lat_deg,
                reading.lon_deg,
                reading.acc_m,
                reading.speed_mps,
                reading.course_deg,
                reading.hdop,
                reading.sat,
                str(reading.source),
                reading.battery_pct,
                reading.ext_mv,
                None if reading.rssi_dbm is None else round(reading.rssi_dbm),
                state_bits(reading),
            )
        case Event():
            return "event", (
                str(reading.type),
                reading.ev_id,
                int(reading.on),
                reading.level,
                reading.lat_deg,
                reading.lon_deg,
            )
        case ChargerStatus():
            states = [port.state for port in reading.ports]
            ports = [(p.n, str(p.state), p.w, p.session, p.err) for p in reading.ports]
            return "charger", (
                None if reading.rssi_dbm is None else round(reading.rssi_dbm),
                reading.temp_c,
                reading.mains_v,
                reading.coins_total,
                reading.amount_total_fen,
                reading.energy_total_wh,
                sum(state in _BUSY for state in states),
                states.count(PortState.FAULTED),
                msgspec.json.encode(ports).decode(),
            )
        case CameraHeartbeat():
            channels = reading.channels
            fps = [channel.fps for channel in channels if channel.fps is not None]
            kbps = [channel.kbps for channel in channels if channel.kbps is not None]
            return "camera", (
                min(fps) if fps else None,
                sum(channel.frames or 0 for channel in channels),
                round(sum(kbps)),
                sum(channel.online is True for channel in channels),
                sum(channel.recording is True for channel in channels),
                reading.disk_used_gb,
                None if reading.clock_off_ms is None else round(reading.clock_off_ms),
                reading.temp_c,
            )
        case StateReport():
            return "state", (str(reading.state), reading.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class ThinningPolicy:
    """A parked vehicle inside its noise gets one row per ``row_s``.

    Source: architecture.md, measured facts (few rows). ``radius_m`` is what counts as inside.
    """

    row_s: float = 300.0
    radius_m: float = 25.0


class Thinner:
    """Tells which fixes add nothing: parked, inside the noise, nothing changed, just said."""

    def __init__(self, policy: ThinningPolicy) -> None:
        """Start without a kept row."""
        self._policy = policy
        self._kept: dict[int, tuple[int, float, float, int]] = {}

    def keeps(self, record: Record) -> bool:
        """Whether this record becomes a row; events and everything but fixes always do."""
        fix = record.reading
        if not isinstance(fix, Fix) or fix.lat_deg is None or fix.lon_deg is None:
            return True
        slot, bits = record.device.slot, state_bits(fix)
        kept = self._kept.get(slot)
        moving = bool(fix.ignition) or (fix.speed_mps or 0.0) > MOVING_MPS
        if kept is not None and not moving and bits == kept[3]:
            near = _near(kept, fix.lat_deg, fix.lon_deg, self._policy.radius_m)
            if near and 0 <= fix.t_ms - kept[0] < self._policy.row_s * 1000:
                return False
        if kept is None or fix.t_ms > kept[0]:
            self._kept[slot] = (fix.t_ms, fix.lat_deg, fix.lon_deg, bits)
        return True

    def dump(self) -> list[tuple[int, tuple[int, float, float, int]]]:
        """State for a checkpoint."""
        return list(self._kept.items())

    def load(self, state: list[tuple[int, tuple[int, float, float, int]]]) -> None:
        """Take the state of a checkpoint."""
        self._kept = dict(state)


def _near(
    kept: tuple[int, float, float, int], lat_deg: float, lon_deg: float, radius_m: float
) -> bool:
    north = (lat_deg - kept[1]) * M_PER_DEG_LAT
    east = (lon_deg - kept[2]) * M_PER_DEG_LAT * math.cos(math.radians(kept[1]))
    return north * north + east * east <= radius_m * radius_m
