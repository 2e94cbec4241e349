"""Presence, condition and last believed state of every device, from accepted records.

Writes into rows of ``devices.latest``: live these are the shared columns the API reads, in a
replay an ordinary array. Newer evidence of life always wins over a will or a retained word.
"""

from collections.abc import Callable
from operator import itemgetter
from typing import Any, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from devices.admission import Record
from devices.entry import RETAIN, Entry
from devices.model import AdminState, Device
from devices.presence import (
    DEFAULT_INTERVAL_S,
    Cause,
    Presence,
    PresenceArrays,
    PresencePolicy,
    Said,
    assess,
)
from devices.readings import (
    SOURCE_CODE,
    CameraHeartbeat,
    ChargerStatus,
    DeviceState,
    Fix,
    Flag,
    PortState,
    StateReport,
)

Rows = NDArray[np.void]
MAX_TICK_MS = 2_000
"""The listening clock moves at most so much a tick: a longer silence of the journal is our own
outage, not the devices' (ticks come once a second)."""

CLOCK_OFF_MS = 60_000
"""A clock off by more is said. Source: health.md, Tracker and Camera."""
_FUTURE = int(Flag.FUTURE)
_UNTIMELY = int(Flag.FUTURE | Flag.LATE | Flag.BACKFILL | Flag.NO_TIME)

_SAID = {
    DeviceState.ONLINE: Said.NOTHING,
    DeviceState.SLEEPING: Said.SLEEPING,
    DeviceState.DISCONNECTED: Said.DISCONNECTED,
    DeviceState.LOST: Said.LOST,
}


class HealthState(msgspec.Struct):
    """For checkpoints."""

    size: int
    columns: dict[str, bytes]
    condition: bytes
    frames: dict[int, int]
    listening_ms: int
    last_tick_ms: int


class Health:
    """All devices' health. ``rows_for(slot)`` gives rows with room for a slot."""

    def __init__(self, rows_for: Callable[[int], Rows], policy: PresencePolicy) -> None:
        """Start with nothing known."""
        self._rows_for = rows_for
        self._policy = policy
        self._presence = PresenceArrays.empty(0)
        self._condition = np.zeros(0, np.uint64)
        self._frames: dict[int, int] = {}
        self._listening_ms = 0
        self._last_tick_ms = -1

    def register(self, device: Device) -> None:
        """Know a device; a retired one is forgotten."""
        slot = device.slot
        self._room_for(slot)
        self._presence.known[slot] = device.admin is not AdminState.RETIRED
        if self._presence.heard_ms[slot] < 0:
            seconds = device.interval_s or DEFAULT_INTERVAL_S[device.cls]
            self._presence.interval_ms[slot] = int(seconds * 1000)

    def records(self, records: list[Record]) -> None:
        """Take accepted records in journal order; of one device the last word counts."""
        slots: list[int] = []
        recv: list[int] = []
        intervals: dict[int, int] = {}
        conditions: dict[int, int] = {}
        said: dict[int, int] = {}
        fixes = []
        for record in records:
            entry, device, reading = record
            slot = device.slot
            if isinstance(reading, Fix):
                fixes.append(record)
                conditions[slot] = _tracker_condition(reading, entry.recv_ms)
            elif isinstance(reading, ChargerStatus):
                conditions[slot] = _charger_condition(reading)
            elif isinstance(reading, CameraHeartbeat):
                conditions[slot] = self._camera_condition(slot, reading)
            if entry.flags & RETAIN:
                continue  # a word of unknown age may set the condition, but proves no life
            said[slot] = _SAID[reading.state] if isinstance(reading, StateReport) else Said.NOTHING
            if reading.next_s is not None:
                intervals[slot] = int(reading.next_s * 1000)
            slots.append(slot)
            recv.append(entry.recv_ms)
        _assign(self._condition, conditions)
        if not slots:
            return
        _assign(self._presence.said, said)
        _assign(self._presence.interval_ms, intervals)
        self._write(np.array(slots, np.int64), np.array(recv, np.int64), fixes)

    def tick(self, entry: Entry, *, connected: bool) -> int:
        """Let time pass; gives how many devices changed their presence."""
        if self._last_tick_ms >= 0 and connected:
            passed_ms = entry.elapsed_ms - self._last_tick_ms
            self._listening_ms += min(max(passed_ms, 0), MAX_TICK_MS)
        self._last_tick_ms = entry.elapsed_ms
        if not len(self._condition):
            return 0
        presence, causes = assess(self._presence, self._listening_ms, self._policy)
        changed = np.flatnonzero(presence != self._presence.presence)
        self._presence.presence = presence
        rows = self._rows_for(len(presence) - 1)[: len(presence)]
        combined = causes | np.where(self._presence.known, self._condition, np.uint64(0))
        touched = np.flatnonzero((combined != rows["causes"]) | (presence != rows["presence"]))
        if len(touched):
            rows["version"][touched] += 1
            rows["presence"][touched] = presence[touched]
            rows["causes"][touched] = combined[touched]
            rows["since_ms"][changed] = entry.recv_ms
            rows["version"][touched] += 1
        return len(changed)

    def counts(self) -> dict[str, int]:
        """Registered devices by presence word."""
        known = self._presence.presence[self._presence.known]
        numbers = np.bincount(known, minlength=len(Presence))
        return {presence.word: int(numbers[presence]) for presence in Presence}

    def _camera_condition(self, slot: int, heartbeat: CameraHeartbeat) -> int:
        bits = 0
        for channel in heartbeat.channels:
            expected, fps = channel.fps_expected or 0.0, channel.fps
            share = fps / expected if fps is not None and expected > 0 else 1.0
            if channel.online is False or channel.video_loss or share < 0.1:  # noqa: PLR2004
                bits |= Cause.NO_VIDEO
            elif share < 0.6:  # noqa: PLR2004 - health.md, Camera
                bits |= Cause.LOW_FRAME_RATE
            if channel.recording is False:
                bits |= Cause.NOT_RECORDING
            bits |= Cause.OCCLUDED if channel.occluded else 0
            bits |= Cause.TAMPERED if channel.tampered else 0
        frames = sum(channel.frames or 0 for channel in heartbeat.channels)
        if frames and self._frames.get(slot) == frames:
            bits |= Cause.FROZEN
        self._frames[slot] = frames
        total, used = heartbeat.disk_total_gb, heartbeat.disk_used_gb
        if total and used is not None and used > 0.9 * total:
            bits |= Cause.DISK_FULL
        if heartbeat.clock_off_ms is not None and abs(heartbeat.clock_off_ms) > CLOCK_OFF_MS:
            bits |= Cause.CLOCK_OFF
        return int(bits)

    def _write(
        self, slots: NDArray[np.int64], recv_ms: NDArray[np.int64], fixes: list[Record]
    ) -> None:
        self._presence.heard_ms[slots] = self._listening_ms
        rows = self._rows_for(int(slots.max()))
        touched = np.unique(slots)
        rows["version"][touched] += 1
        rows["recv_ms"][slots] = recv_ms
        rows["due_ms"][slots] = recv_ms + self._presence.interval_ms[slots]
        if fixes:
            _write_vitals(rows, fixes)
            _write_positions(rows, fixes)
        rows["version"][touched] += 1

    def _room_for(self, slot: int) -> None:
        size = len(self._condition)
        if slot >= size:
            size = max(slot + 1, size * 2, 1024)
            self._presence = self._presence.grown(size)
            condition = np.zeros(size, np.uint64)
            condition[: len(self._condition)] = self._condition
            self._condition = condition
            self._rows_for(size - 1)

    def dump(self) -> HealthState:
        """State for a checkpoint."""
        arrays = self._presence
        return HealthState(
            size=len(self._condition),
            columns={name: getattr(arrays, name).tobytes() for name in arrays.__slots__},
            condition=self._condition.tobytes(),
            frames=self._frames,
            listening_ms=self._listening_ms,
            last_tick_ms=self._last_tick_ms,
        )

    def load(self, state: HealthState) -> None:
        """Take the state of a checkpoint."""
        self._presence = PresenceArrays.empty(state.size)
        for name, raw in state.columns.items():
            column = getattr(self._presence, name)
            column[:] = np.frombuffer(raw, column.dtype)
        self._condition = np.frombuffer(state.condition, np.uint64).copy()
        self._frames = dict(state.frames)
        self._listening_ms, self._last_tick_ms = state.listening_ms, state.last_tick_ms
        if state.size:
            self._rows_for(state.size - 1)


def _assign(array: NDArray[Any], values: dict[int, int]) -> None:
    if values:
        slots = np.fromiter(values.keys(), np.int64, len(values))
        array[slots] = np.fromiter(values.values(), array.dtype, len(values))


def _write_vitals(rows: Rows, records: list[Record]) -> None:
    """Battery, signal and clock of live fixes; what a fix does not say stays."""
    columns: dict[str, tuple[list[int], list[float]]] = {
        name: ([], []) for name in ("clock_off_ms", "battery_pct", "rssi_dbm")
    }
    for record in records:
        fix, slot = cast(Fix, record.reading), record.device.slot
        if fix.flags & _UNTIMELY:
            continue
        for name, value in (
            ("clock_off_ms", fix.t_ms - record.entry.recv_ms),
            ("battery_pct", fix.battery_pct),
            ("rssi_dbm", fix.rssi_dbm),
        ):
            if value is not None:
                columns[name][0].append(slot)
                columns[name][1].append(value)
    for name, (slots, values) in columns.items():
        rows[name][slots] = values


def _write_positions(rows: Rows, records: list[Record]) -> None:
    """Newest plausible position by fix time, whatever the order of arrival."""
    nan = float("nan")
    table = []
    for record in records:
        fix = cast(Fix, record.reading)
        if fix.lat_deg is not None and not fix.flags & _FUTURE:
            table.append(
                (
                    fix.t_ms,
                    record.device.slot,
                    SOURCE_CODE[fix.source],
                    fix.lat_deg,
                    fix.lon_deg,
                    nan if fix.acc_m is None else fix.acc_m,
                    nan if fix.speed_mps is None else fix.speed_mps,
                    nan if fix.course_deg is None else fix.course_deg,
                )
            )
    if not table:
        return
    table.sort(key=itemgetter(0))
    columns = np.array(table, np.float64)
    t_ms, slots = columns[:, 0].astype(np.int64), columns[:, 1].astype(np.int64)
    newer = t_ms >= rows["fix_t_ms"][slots]
    slots, columns = slots[newer], columns[newer]
    rows["fix_t_ms"][slots] = t_ms[newer]
    names = ("source", "lat_deg", "lon_deg", "acc_m", "speed_mps", "course_deg")
    for k, name in enumerate(names, start=2):
        rows[name][slots] = columns[:, k]


def _tracker_condition(fix: Fix, recv_ms: int) -> int:
    bits = 0
    if not fix.flags & _UNTIMELY and abs(fix.t_ms - recv_ms) > CLOCK_OFF_MS:
        bits |= Cause.CLOCK_OFF
    if fix.battery_pct is not None:
        if fix.battery_pct < 10:  # noqa: PLR2004 - health.md
            bits |= Cause.BATTERY_CRITICAL
        elif fix.battery_pct < 20:  # noqa: PLR2004 - health.md
            bits |= Cause.BATTERY_LOW
    if fix.ext_power is False and fix.ignition:
        bits |= Cause.NO_EXTERNAL_POWER
    if fix.rssi_dbm is not None and fix.rssi_dbm < -110:  # noqa: PLR2004 - health.md
        bits |= Cause.SIGNAL_WEAK
    return int(bits)


def _charger_condition(status: ChargerStatus) -> int:
    bits = 0
    faulted = sum(port.state is PortState.FAULTED for port in status.ports)
    if faulted:
        bits |= Cause.PORT_FAULT
        if faulted >= 0.3 * len(status.ports):
            bits |= Cause.STATION_FAULT
    if status.mains_v is not None and not 198 <= status.mains_v <= 242:  # noqa: PLR2004
        bits |= Cause.MAINS_OUT_OF_RANGE
    if any(port.temp_c is not None and port.temp_c > 65 for port in status.ports):  # noqa: PLR2004
        bits |= Cause.OVERHEATED
    if status.smoke:
        bits |= Cause.SMOKE
    return int(bits)
