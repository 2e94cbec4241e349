"""Presence, condition and last believed state of every device, from accepted records.

Writes into rows of ``devices.latest``: live these are the shared columns the API reads, in a
replay an ordinary array. Newer evidence of life always wins over a will or a retained word;
after an outage of ours or the broker's nobody gets worse before he could connect again.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from devices.admitted import Record
from devices.causes import Cause
from devices.conditions import (
    NO_CLOCK,
    ConditionState,
    camera_condition,
    charger_condition,
    clock_condition,
    tracker_condition,
)
from devices.entry import RETAIN, Entry
from devices.listening import MAX_TICK_MS, Listening, ListeningState
from devices.model import AdminState, Device
from devices.presence import (
    DEFAULT_INTERVAL_S,
    Presence,
    PresenceArrays,
    PresencePolicy,
    Said,
    assess,
    missed_reports,
)
from devices.readings import (
    SOURCE_CODE,
    AnyReading,
    CameraHeartbeat,
    ChargerStatus,
    DeviceInfo,
    DeviceState,
    Fix,
    Flag,
    StateReport,
)
from devices.seen import Numbers
from devices.words import NOT_LEFT_OUT

Rows = NDArray[np.void]
STEADY_MS = 5_000
"""Late records whose delay agrees this well, received at least this far apart, come from a clock
that is behind, not from a buffer. Source: the same bound in ``devices.clocks``."""
CONFLICT_MS = 3_600_000
"""Numbers that contradicted each other are told for this long after the newest contradiction:
a counter that restarted once is forgotten, a clone goes on. Source: our choice."""

_BURIED = int(Flag.LATE | Flag.BACKFILL)
_FUTURE, _SEQ_BACK, _BACKFILL = int(Flag.FUTURE), int(Flag.SEQ_BACK), int(Flag.BACKFILL)

_THERE = np.array([word not in {Presence.UNKNOWN, Presence.OFFLINE} for word in Presence])
"""By value of ``Presence``: whether the device is there."""
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
    noted: bytes
    memory: ConditionState
    listening: ListeningState


@dataclass(slots=True)
class _Heard:
    """What a run of records says, of one device the last word."""

    slots: list[int] = field(default_factory=list)
    recv_ms: list[int] = field(default_factory=list)
    interval_ms: dict[int, int] = field(default_factory=dict)
    condition: dict[int, int] = field(default_factory=dict)
    said: dict[int, int] = field(default_factory=dict)
    off_ms: dict[int, int] = field(default_factory=dict)
    fixes: list[Record] = field(default_factory=list)
    timely: list[Record] = field(default_factory=list)


class Health:
    """All devices' health; ``gone`` are the slots that became offline at the last tick."""

    def __init__(self, rows_for: Callable[[int], Rows], policy: PresencePolicy) -> None:
        """Start with nothing known. ``rows_for(slot)`` gives rows with room for a slot."""
        self._rows_for = rows_for
        self._policy = policy
        self._presence = PresenceArrays.empty(0)
        self._condition = np.zeros(0, np.uint64)
        self._noted = np.zeros(0, np.uint64)
        self._memory = ConditionState()
        self._listening = Listening(policy)
        self.gone = np.zeros(0, np.int64)

    def register(self, device: Device) -> None:
        """Know a device; a retired one is forgotten."""
        slot = device.slot
        self._room_for(slot)
        self._presence.known[slot] = device.admin is not AdminState.RETIRED
        if device.admin is AdminState.RETIRED:
            self._memory.forget(slot)
            self.note(slot, 0, int(Cause.NUMBERS_CONFLICT))
        if self._presence.heard_ms[slot] < 0:
            seconds = device.interval_s or DEFAULT_INTERVAL_S[device.cls]
            self._presence.interval_ms[slot] = int(seconds * 1000)

    def note(self, slot: int, bits: int, mask: int) -> None:
        """Take another part's word: of the causes in ``mask``, those in ``bits`` hold now."""
        self._room_for(slot)
        self._noted[slot] = int(self._noted[slot]) & ~mask | bits & mask

    def missing(self, slot: int, holes: list[Numbers]) -> None:
        """Which numbers of a device's records are missing, the newest hole last."""
        self._room_for(slot)
        _, first, last = holes[-1] if holes else ("", 0, 0)
        row = self._rows_for(slot)[slot]
        row["version"] += 1
        row["missing"] = sum(end - begin + 1 for _, begin, end in holes)
        row["missing_from"], row["missing_to"] = first, last
        row["version"] += 1

    def conflict(self, slot: int, elapsed_ms: int) -> None:
        """Numbers of a device contradict each other; told for ``CONFLICT_MS``."""
        self._memory.conflicts[slot] = elapsed_ms
        self.note(slot, int(Cause.NUMBERS_CONFLICT), int(Cause.NUMBERS_CONFLICT))

    def records(self, records: list[Record]) -> None:
        """Take accepted records in journal order; of one device the last word counts."""
        heard = _Heard()
        farewells, lags = self._memory.farewells, self._memory.lags
        for record in records:
            entry, device, reading = record
            slot, flags = device.slot, reading.flags
            if flags & _SEQ_BACK:
                self.conflict(slot, entry.elapsed_ms)
            if isinstance(reading, Fix):
                heard.fixes.append(record)
                buried = bool(flags & _BURIED)
                if not buried and slot in lags:
                    del lags[slot]
                if not buried or self._is_behind(slot, reading, entry):
                    heard.timely.append(record)
                    heard.condition[slot] = tracker_condition(reading, entry.recv_ms)
                heard.said[slot] = Said.NOTHING
            elif not self._take_other(slot, reading, entry, heard):
                continue
            if slot in farewells:
                self._presence.stale[slot] = True
            if reading.next_s is not None and not flags & _BACKFILL:
                heard.interval_ms[slot] = int(reading.next_s * 1000)
            heard.slots.append(slot)
            heard.recv_ms.append(entry.recv_ms)
        _assign(self._condition, heard.condition)
        _assign(self._presence.interval_ms, heard.interval_ms)
        if heard.slots:
            _assign(self._presence.said, heard.said)
            self._write(heard)

    def _take_other(self, slot: int, reading: AnyReading, entry: Entry, heard: _Heard) -> bool:
        """Anything but a fix; whether it is a word of now, and so proves life."""
        if isinstance(reading, StateReport):
            return self._take_state(slot, reading, entry, heard)
        self._take_condition(slot, reading, entry, heard)
        if entry.flags & RETAIN:  # of unknown age: it may set the condition, no more
            return False
        heard.said[slot] = Said.NOTHING
        return True

    def _take_condition(self, slot: int, reading: AnyReading, entry: Entry, heard: _Heard) -> None:
        if isinstance(reading, DeviceInfo):
            if reading.interval_s is not None:
                heard.interval_ms[slot] = int(reading.interval_s * 1000)
            return
        if isinstance(reading, ChargerStatus):
            bits = charger_condition(reading)
        elif isinstance(reading, CameraHeartbeat):
            before = self._memory.pictures.get(slot, {})
            bits, pictures = camera_condition(reading, before, entry.elapsed_ms)
            self._memory.pictures[slot] = pictures
        else:
            return
        if not reading.flags & NO_CLOCK:
            off_ms = heard.off_ms[slot] = reading.t_ms - entry.recv_ms
            bits |= clock_condition(off_ms, reading.flags)
        heard.condition[slot] = bits

    def _take_state(self, slot: int, report: StateReport, entry: Entry, heard: _Heard) -> bool:
        """A birth, farewell or will; whether it counts as a word of now."""
        word, arrays, farewells = _SAID[report.state], self._presence, self._memory.farewells
        if entry.flags & RETAIN and word in {Said.LOST, Said.DISCONNECTED}:
            farewells.add(slot)
            return False
        farewells.discard(slot)
        arrays.stale[slot] = False
        if entry.flags & RETAIN:
            return False
        if word is Said.LOST:
            if self._listening.near_outage(entry.elapsed_ms):
                return False
            known = slot in heard.said
            said = heard.said[slot] if known else int(arrays.said[slot])
            heard_ms = self._listening.now_ms if known else int(arrays.heard_ms[slot])
            self._listening.will(slot, said=said, heard_ms=heard_ms)
        heard.said[slot] = word
        return True

    def _is_behind(self, slot: int, fix: Fix, entry: Entry) -> bool:
        """Whether a late fix is live and its clock behind: its delay stays the same."""
        if fix.flags & _BACKFILL:
            return False
        off_ms, before = fix.t_ms - entry.recv_ms, self._memory.lags.get(slot)
        if before is not None and abs(off_ms - before[0]) <= STEADY_MS:
            return entry.elapsed_ms - before[1] >= STEADY_MS
        self._memory.lags[slot] = (off_ms, entry.elapsed_ms)
        return False

    def tick(self, entry: Entry, *, connected: bool, longest_ms: int = MAX_TICK_MS) -> int:
        """Let time pass (``Listening.tick``); gives how many devices changed their presence."""
        anyone = bool(_THERE[self._presence.presence].any())
        for will in self._listening.tick(
            entry.elapsed_ms, connected=connected, anyone=anyone, longest_ms=longest_ms
        ):
            if self._presence.said[will.slot] == Said.LOST:
                self._presence.said[will.slot] = will.said
                self._presence.heard_ms[will.slot] = will.heard_ms
        self._forget_conflicts(entry.elapsed_ms)
        if not len(self._condition):
            return 0
        clock = self._listening
        presence, causes = assess(
            self._presence, clock.now_ms, self._policy, outage_end_ms=clock.outage_end_ms
        )
        changed = np.flatnonzero(presence != self._presence.presence)
        self.gone = changed[presence[changed] == Presence.OFFLINE]
        self._presence.presence = presence
        rows = self._rows_for(len(presence) - 1)[: len(presence)]
        degraded = self._condition | self._noted
        combined = causes | np.where(self._presence.known, degraded, np.uint64(0))
        touched = np.flatnonzero((combined != rows["causes"]) | (presence != rows["presence"]))
        if len(touched):
            rows["version"][touched] += 1
            rows["presence"][touched] = presence[touched]
            rows["causes"][touched] = combined[touched]
            rows["since_ms"][changed] = entry.recv_ms
            rows["version"][touched] += 1
        return len(changed)

    def _forget_conflicts(self, elapsed_ms: int) -> None:
        conflicts = self._memory.conflicts
        for slot in [k for k, at_ms in conflicts.items() if elapsed_ms - at_ms > CONFLICT_MS]:
            del conflicts[slot]
            self.note(slot, 0, int(Cause.NUMBERS_CONFLICT))

    def missed(self, slots: list[int], slack_ms: int) -> list[int]:
        """Promised reports of these slots that did not come."""
        return missed_reports(self._presence, slots, self._listening.now_ms, slack_ms)

    def works(self, slot: int) -> bool:
        """Whether a device is online and nothing is wrong with it."""
        wrong = int(self._condition[slot]) | int(self._noted[slot])
        return not wrong and self._presence.presence[slot] == Presence.ONLINE

    def counts(self) -> dict[str, int]:
        """Registered devices by presence word."""
        known = self._presence.presence[self._presence.known]
        numbers = np.bincount(known, minlength=len(Presence))
        return {presence.word: int(numbers[presence]) for presence in Presence}

    def _write(self, heard: _Heard) -> None:
        slots = np.array(heard.slots, np.int64)
        recv_ms = np.array(heard.recv_ms, np.int64)
        self._presence.heard_ms[slots] = self._listening.now_ms
        rows = self._rows_for(int(slots.max()))
        touched = np.unique(slots)
        rows["version"][touched] += 1
        rows["recv_ms"][slots] = recv_ms
        rows["due_ms"][slots] = recv_ms + self._presence.interval_ms[slots]
        if heard.off_ms:
            heard_off = {slot: off for slot, off in heard.off_ms.items() if slot in heard.said}
            _assign(rows["clock_off_ms"], heard_off)
        if heard.fixes:
            _write_vitals(rows, heard.timely)
            _write_positions(rows, heard.fixes)
        rows["version"][touched] += 1

    def _room_for(self, slot: int) -> None:
        size = len(self._condition)
        if slot >= size:
            size = max(slot + 1, size * 2, 1024)
            self._presence = self._presence.grown(size)
            for name in ("_condition", "_noted"):
                grown = np.zeros(size, np.uint64)
                old = getattr(self, name)
                grown[: len(old)] = old
                setattr(self, name, grown)
            self._rows_for(size - 1)

    def dump(self) -> HealthState:
        """State for a checkpoint."""
        arrays = self._presence
        return HealthState(
            size=len(self._condition),
            columns={name: getattr(arrays, name).tobytes() for name in arrays.__slots__},
            condition=self._condition.tobytes(),
            noted=self._noted.tobytes(),
            memory=_copy(self._memory),
            listening=self._listening.dump(),
        )

    def load(self, state: HealthState) -> None:
        """Take the state of a checkpoint."""
        self._presence = PresenceArrays.empty(state.size)
        for name, raw in state.columns.items():
            column = getattr(self._presence, name)
            column[:] = np.frombuffer(raw, column.dtype)
        self._condition = np.frombuffer(state.condition, np.uint64).copy()
        self._noted = np.frombuffer(state.noted, np.uint64).copy()
        self._memory = _copy(state.memory)
        self._listening.load(state.listening)
        if state.size:
            self._rows_for(state.size - 1)


def _copy(memory: ConditionState) -> ConditionState:
    return ConditionState(
        dict(memory.pictures), dict(memory.lags), dict(memory.conflicts), set(memory.farewells)
    )


def _assign(array: NDArray[Any], values: dict[int, int]) -> None:
    if values:
        slots = np.fromiter(values.keys(), np.int64, len(values))
        array[slots] = np.fromiter(values.values(), array.dtype, len(values))


def _write_vitals(rows: Rows, records: list[Record]) -> None:
    """Battery, signal and clock of live fixes.

    What a fix leaves out stays; what it could not say, or not so that it can be, is unknown now.
    """
    table: list[tuple[float | None, ...]] = []
    for record in records:
        entry, device, reading = record
        fix = cast(Fix, reading)
        flags = fix.flags
        off_ms = None if flags & NO_CLOCK else fix.t_ms - entry.recv_ms
        lost = flags & NOT_LEFT_OUT
        table.append((device.slot, lost, off_ms, fix.bat.pct, fix.net.rssi_dbm))
    if not table:
        return
    columns = np.array(table, np.float64)  # None becomes NaN
    slots, lost_now = columns[:, 0].astype(np.int64), columns[:, 1] != 0
    for k, name in enumerate(("clock_off_ms", "battery_pct", "rssi_dbm"), start=2):
        said = ~np.isnan(columns[:, k])
        if name != "clock_off_ms":
            said |= lost_now
        rows[name][slots[said]] = columns[said, k]


def _write_positions(rows: Rows, records: list[Record]) -> None:
    """Newest plausible position by fix time, whatever the order of arrival."""
    table: list[tuple[float | None, ...]] = []
    for record in records:
        fix = cast(Fix, record.reading)
        pos = fix.pos
        lat = pos.lat
        if lat is not None and not fix.flags & _FUTURE:
            source = SOURCE_CODE[pos.src]
            speed_mps, slot = fix.speed_mps, record.device.slot
            t_ms = fix.t_ms if pos.fix_t is None else min(pos.fix_t, fix.t_ms)
            table.append((t_ms, slot, source, lat, pos.lon, pos.acc_m, speed_mps, pos.cog))
    if not table:
        return
    table.sort(key=itemgetter(0))
    columns = np.array(table, np.float64)  # None becomes NaN
    slots = columns[:, 1].astype(np.int64)
    newer = columns[:, 0] >= rows["fix_t_ms"][slots]
    slots, columns = slots[newer], columns[newer]
    rows["fix_t_ms"][slots] = columns[:, 0]
    names = ("source", "lat_deg", "lon_deg", "acc_m", "speed_mps", "course_deg")
    for k, name in enumerate(names, start=2):
        rows[name][slots] = columns[:, k]
