"""What records say of their devices, of one device the last word: gathered, then taken at once.

Newer evidence of life always wins over a will or a retained word. What conditions remember between
messages is kept here; ``devices.health`` writes what was gathered into its columns.
"""

from dataclasses import dataclass, field
from typing import cast

import msgspec

from devices.admitted import Record
from devices.cameras import Cameras
from devices.charger_conditions import charger_condition
from devices.conditions import (
    NO_CLOCK,
    ConditionState,
    clock_condition,
    tracker_condition,
)
from devices.entry import RETAIN, Entry
from devices.fix_quality import UNUSABLE
from devices.listening import Listening
from devices.payloads import CellPart
from devices.presence import PresenceArrays, Said
from devices.readings import (
    AnyReading,
    CameraHeartbeat,
    ChargerStatus,
    DeviceInfo,
    DeviceState,
    Event,
    Fix,
    Flag,
    StateReport,
)
from devices.tracker_rules import TrackerRules, TrackerRulesState

STEADY_MS = 5_000
"""Late records whose delay agrees this well, received at least this far apart, come from a clock
that is behind, not from a buffer. Source: the same bound in ``devices.clocks``."""

_BURIED = int(Flag.LATE | Flag.BACKFILL)
_SEQ_BACK, _BACKFILL = int(Flag.SEQ_BACK), int(Flag.BACKFILL)
_SAID = {
    DeviceState.ONLINE: Said.NOTHING,
    DeviceState.SLEEPING: Said.SLEEPING,
    DeviceState.DISCONNECTED: Said.DISCONNECTED,
    DeviceState.LOST: Said.LOST,
}


class HearingState(msgspec.Struct):
    """For checkpoints."""

    memory: ConditionState
    rules: TrackerRulesState
    cameras: bytes


@dataclass(slots=True)
class Heard:
    """What a run of records says, of one device the last word."""

    slots: list[int] = field(default_factory=list)
    recv_ms: list[int] = field(default_factory=list)
    interval_ms: dict[int, int] = field(default_factory=dict)
    condition: dict[int, int] = field(default_factory=dict)
    said: dict[int, int] = field(default_factory=dict)
    off_ms: dict[int, int] = field(default_factory=dict)
    conflicts: dict[int, int] = field(default_factory=dict)
    cells: dict[int, CellPart] = field(default_factory=dict)
    fixes: list[Record] = field(default_factory=list)
    unusable: list[int] = field(default_factory=list)
    timely: list[Record] = field(default_factory=list)


class Hearing:
    """Takes records; ``memory`` is what is remembered between them, ``cameras`` of cameras."""

    def __init__(self, state: HearingState | None = None) -> None:
        """Start with nothing heard, or from a checkpoint."""
        self.memory = _copy(state.memory) if state else ConditionState()
        self.cameras = Cameras(state.cameras if state else b"")
        self._rules = TrackerRules(state.rules if state else None)

    def take(self, records: list[Record], arrays: PresenceArrays, listening: Listening) -> Heard:
        """Gather what accepted records say, in journal order.

        ``arrays.stale`` is set here; everything else of ``arrays`` stays as it is.
        """
        heard, farewells = Heard(), self.memory.farewells
        for record in records:
            entry, device, reading = record
            slot, flags = device.slot, reading.flags
            if flags & _SEQ_BACK:
                heard.conflicts[slot] = entry.elapsed_ms
            if isinstance(reading, Fix):
                self._take_fix(record, reading, heard)
            elif isinstance(reading, StateReport):
                if not self._take_state(record, heard, arrays, listening):
                    continue
            else:
                self._take_condition(slot, reading, entry, heard)
                if entry.flags & RETAIN:  # of unknown age: it may set the condition, no more
                    continue
                heard.said[slot] = Said.NOTHING
            if slot in farewells:
                arrays.stale[slot] = True
            if reading.next_s is not None and not flags & _BACKFILL:
                heard.interval_ms[slot] = int(reading.next_s * 1000)
            heard.slots.append(slot)
            heard.recv_ms.append(entry.recv_ms)
        return heard

    def forget(self, slot: int) -> None:
        """A device is gone for good."""
        self.memory.forget(slot)
        self._rules.forget(slot)
        self.cameras.forget(slot)

    def _take_fix(self, record: Record, fix: Fix, heard: Heard) -> None:
        slot, flags, entry = record.device.slot, fix.flags, record.entry
        heard.fixes.append(record)
        heard.said[slot] = Said.NOTHING
        if flags & UNUSABLE:
            heard.unusable.append(slot)
        buried, lags = flags & _BURIED, self.memory.lags
        if not buried and slot in lags:
            del lags[slot]
        if buried and not self._is_behind(slot, fix, entry):
            return
        heard.timely.append(record)
        bits = tracker_condition(fix, entry.recv_ms)
        heard.condition[slot] = bits | self._rules.step(slot, fix, entry.elapsed_ms)
        cell = fix.net.cell
        if cell is not None:
            heard.cells[slot] = cell

    def _take_condition(self, slot: int, reading: AnyReading, entry: Entry, heard: Heard) -> None:
        if isinstance(reading, DeviceInfo):
            if reading.interval_s is not None:
                heard.interval_ms[slot] = int(reading.interval_s * 1000)
            return
        if isinstance(reading, ChargerStatus):
            bits = charger_condition(reading)
        elif isinstance(reading, CameraHeartbeat):
            if not reading.flags & NO_CLOCK:
                heard.off_ms[slot] = reading.t_ms - entry.recv_ms
            heard.condition[slot] = self.cameras.heard(slot, reading, entry)
            return
        elif isinstance(reading, Event):
            said = self.cameras.event(slot, reading, entry)
            if said is not None:
                heard.condition[slot] = said
            return
        else:
            return
        if not reading.flags & NO_CLOCK:
            off_ms = heard.off_ms[slot] = reading.t_ms - entry.recv_ms
            bits |= clock_condition(off_ms, reading.flags)
        heard.condition[slot] = bits

    def _take_state(
        self, record: Record, heard: Heard, arrays: PresenceArrays, listening: Listening
    ) -> bool:
        """A birth, farewell or will; whether it counts as a word of now."""
        entry, slot, report = record.entry, record.device.slot, cast(StateReport, record.reading)
        word, farewells = _SAID[report.state], self.memory.farewells
        if entry.flags & RETAIN and word in {Said.LOST, Said.DISCONNECTED}:
            farewells.add(slot)
            return False
        farewells.discard(slot)
        arrays.stale[slot] = False
        if entry.flags & RETAIN:
            return False
        if word is Said.LOST:
            if listening.near_outage(entry.elapsed_ms):
                return False
            known = slot in heard.said
            said = heard.said[slot] if known else int(arrays.said[slot])
            heard_ms = listening.now_ms if known else int(arrays.heard_ms[slot])
            listening.will(slot, said=said, heard_ms=heard_ms)
        heard.said[slot] = word
        return True

    def _is_behind(self, slot: int, fix: Fix, entry: Entry) -> bool:
        """Whether a late fix is live and its clock behind: its delay stays the same."""
        if fix.flags & _BACKFILL:
            return False
        off_ms, before = fix.t_ms - entry.recv_ms, self.memory.lags.get(slot)
        if before is not None and abs(off_ms - before[0]) <= STEADY_MS:
            return entry.elapsed_ms - before[1] >= STEADY_MS
        self.memory.lags[slot] = (off_ms, entry.elapsed_ms)
        return False

    def dump(self) -> HearingState:
        """State for a checkpoint."""
        return HearingState(
            memory=_copy(self.memory), rules=self._rules.dump(), cameras=self.cameras.dump()
        )


def _copy(memory: ConditionState) -> ConditionState:
    return ConditionState(dict(memory.lags), dict(memory.conflicts), set(memory.farewells))
