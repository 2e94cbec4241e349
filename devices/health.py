"""Presence, condition and last believed state of every device, from accepted records.

Writes into rows of ``devices.latest``: live these are the shared columns the API reads, in a
replay an ordinary array. Newer evidence of life always wins over a will or a retained word.
"""

from collections.abc import Callable

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
        """Take accepted records in journal order."""
        live = []
        for record in records:
            state = isinstance(record.reading, StateReport)
            if state and record.entry.flags & RETAIN:
                continue  # an old word of unknown age proves nothing
            live.append(record)
            slot, reading = record.device.slot, record.reading
            if reading.next_s is not None:
                self._presence.interval_ms[slot] = int(reading.next_s * 1000)
            self._presence.said[slot] = (
                _SAID[reading.state] if isinstance(reading, StateReport) else Said.NOTHING
            )
            self._judge(record)
        if live:
            self._write(live)

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

    def _judge(self, record: Record) -> None:
        """Condition of one device by its newest word. Bounds: health.md."""
        slot, reading = record.device.slot, record.reading
        bits = 0
        if isinstance(reading, Fix):
            bits = _tracker_condition(reading)
            live = not reading.flags & (Flag.LATE | Flag.BACKFILL | Flag.NO_TIME)
            if live and abs(reading.t_ms - record.entry.recv_ms) > 60_000:  # noqa: PLR2004
                bits |= Cause.CLOCK_OFF
        elif isinstance(reading, ChargerStatus):
            bits = _charger_condition(reading)
        elif isinstance(reading, CameraHeartbeat):
            bits = self._camera_condition(slot, reading)
        else:
            return
        self._condition[slot] = bits

    def _camera_condition(self, slot: int, heartbeat: CameraHeartbeat) -> int:
        bits = 0
        for channel in heartbeat.channels:
            expected, fps = channel.fps_expected, channel.fps
            if channel.online is False or channel.video_loss:
                bits |= Cause.NO_VIDEO
            elif expected and fps is not None and fps < 0.1 * expected:  # noqa: PLR2004
                bits |= Cause.NO_VIDEO
            elif expected and fps is not None and fps < 0.6 * expected:  # noqa: PLR2004
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
        if heartbeat.clock_off_ms is not None and abs(heartbeat.clock_off_ms) > 60_000:  # noqa: PLR2004
            bits |= Cause.CLOCK_OFF
        return int(bits)

    def _write(self, records: list[Record]) -> None:
        slots = np.array([record.device.slot for record in records], np.int64)
        self._presence.heard_ms[slots] = self._listening_ms
        rows = self._rows_for(int(slots.max()))
        touched = np.unique(slots)
        recv = np.array([record.entry.recv_ms for record in records], np.int64)
        rows["version"][touched] += 1
        rows["recv_ms"][slots] = recv
        rows["due_ms"][slots] = recv + self._presence.interval_ms[slots]
        self._write_fixes(rows, [r for r in records if isinstance(r.reading, Fix)])
        rows["version"][touched] += 1

    def _write_fixes(self, rows: Rows, records: list[Record]) -> None:
        """Newest plausible position by fix time, whatever the order of arrival."""
        nan = float("nan")
        table = []
        for record in records:
            fix = record.reading
            if not isinstance(fix, Fix):
                continue
            slot = record.device.slot
            if not fix.flags & (Flag.FUTURE | Flag.LATE | Flag.NO_TIME):
                rows["clock_off_ms"][slot] = fix.t_ms - record.entry.recv_ms
                if fix.battery_pct is not None:
                    rows["battery_pct"][slot] = fix.battery_pct
                if fix.rssi_dbm is not None:
                    rows["rssi_dbm"][slot] = fix.rssi_dbm
            if fix.lat_deg is not None and not fix.flags & Flag.FUTURE:
                table.append(
                    (
                        fix.t_ms,
                        slot,
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
        table.sort(key=lambda row: row[0])
        columns = np.array(table, np.float64)
        slots, t_ms = columns[:, 1].astype(np.int64), columns[:, 0].astype(np.int64)
        newer = t_ms >= rows["fix_t_ms"][slots]
        slots, columns = slots[newer], columns[newer]
        rows["fix_t_ms"][slots] = t_ms[newer]
        for k, name in enumerate(
            ("source", "lat_deg", "lon_deg", "acc_m", "speed_mps", "course_deg"), start=2
        ):
            rows[name][slots] = columns[:, k]

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


def _tracker_condition(fix: Fix) -> int:
    bits = 0
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
        if faulted >= 0.3 * len(status.ports):  # noqa: PLR2004 - health.md
            bits |= Cause.STATION_FAULT
    if status.mains_v is not None and not 198 <= status.mains_v <= 242:  # noqa: PLR2004
        bits |= Cause.MAINS_OUT_OF_RANGE
    if any(port.temp_c is not None and port.temp_c > 65 for port in status.ports):  # noqa: PLR2004
        bits |= Cause.OVERHEATED
    if status.smoke:
        bits |= Cause.SMOKE
    return int(bits)
