"""Presence, condition and last believed state of every device, from accepted records.

Writes into rows of ``devices.latest``: live these are the shared columns the API reads, in a
replay an ordinary array. Newer evidence of life always wins over a will or a retained word;
after an outage of ours or the broker's nobody gets worse before he could connect again.
"""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from devices.admitted import Record
from devices.battery_fall import BatteryFall, BatteryFallState
from devices.camera_conditions import ChannelChange
from devices.causes import Cause
from devices.entry import Entry
from devices.fix_quality import FixQuality, FixQualityState
from devices.health_events import HealthChange, HealthEvent
from devices.health_rows import Rows, assign, write_believed, write_heard, write_missing
from devices.hearing import Heard, Hearing, HearingState
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
from devices.presence_news import NEWS_CAUSES, Moment, PresenceNews, PresenceNewsState
from devices.seen import Numbers

__all__ = ["Health", "HealthState", "Rows"]

CONFLICT_MS = 3_600_000
"""Numbers that contradicted each other are told for this long after the newest contradiction:
a counter that restarted once is forgotten, a clone goes on. Source: our choice."""

Slots = NDArray[np.int64]
_REJECTED = int(Cause.FIXES_REJECTED)
_FALLING = int(Cause.BATTERY_FALLING)
_UNKNOWN, _OFFLINE = int(Presence.UNKNOWN), int(Presence.OFFLINE)
_ADMIN = ("", *(state.value for state in AdminState))
"""By number in the state: what staff said of a device; "" = not registered."""
_THERE = np.array([word not in {Presence.UNKNOWN, Presence.OFFLINE} for word in Presence])
"""By value of ``Presence``: whether the device is there."""


class HealthState(msgspec.Struct):
    """For checkpoints."""

    size: int
    columns: dict[str, bytes]
    condition: bytes
    noted: bytes
    told: bytes
    admin: bytes
    dirty: list[int]
    hearing: HearingState
    quality: FixQualityState
    battery: BatteryFallState
    news: PresenceNewsState
    listening: ListeningState
    elapsed_ms: int


class Health:
    """All devices' health; ``gone`` are the slots that became offline at the last tick."""

    def __init__(self, rows_for: Callable[[int], Rows], policy: PresencePolicy) -> None:
        """Start with nothing known. ``rows_for(slot)`` gives rows with room for a slot."""
        self._rows_for = rows_for
        self._policy = policy
        self._presence = PresenceArrays.empty(0)
        self._condition = np.zeros(0, np.uint64)
        self._noted = np.zeros(0, np.uint64)
        self._told = np.zeros(0, np.uint64)
        self._admin = np.zeros(0, np.uint8)
        self._dirty: set[int] = set()
        self._hearing = Hearing()
        self._quality = FixQuality()
        self._battery = BatteryFall()
        self._news = PresenceNews(policy)
        self._listening = Listening(policy)
        self._elapsed_ms = 0
        self._changes: list[HealthChange] = []
        self._events: list[HealthEvent] = []
        self.gone = np.zeros(0, np.int64)

    def register(self, device: Device) -> None:
        """Know a device; a retired one is forgotten."""
        slot = device.slot
        self._room_for(slot)
        admin = _ADMIN.index(device.admin)
        if admin != self._admin[slot]:
            self._admin[slot] = admin
            self._dirty.add(slot)
        self._presence.known[slot] = device.admin is not AdminState.RETIRED
        if device.admin is not AdminState.ACTIVE:
            self.note(slot, 0, NEWS_CAUSES)
        if device.admin is AdminState.MAINTENANCE:
            self._hearing.cameras.seen_to(slot)
        if device.admin is AdminState.RETIRED:
            self._hearing.forget(slot)
            self._quality.forget(slot)
            self._battery.forget(slot)
            self.note(slot, 0, int(Cause.NUMBERS_CONFLICT) | _REJECTED | _FALLING)
        presence = Presence(int(self._presence.presence[slot]))
        self._news.register(device, presence, (self._listening.now_ms, self._elapsed_ms))
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
        count = sum(end - begin + 1 for _, begin, end in holes)
        write_missing(self._rows_for(slot), slot, count=count, first=first, last=last)

    def conflict(self, slot: int, elapsed_ms: int) -> None:
        """Numbers of a device contradict each other; told for ``CONFLICT_MS``."""
        self._hearing.memory.conflicts[slot] = elapsed_ms
        self.note(slot, int(Cause.NUMBERS_CONFLICT), int(Cause.NUMBERS_CONFLICT))

    def refused(self, slot: int) -> None:
        """A fix of a tracker was refused."""
        self._room_for(slot)
        self._quality.fixes(np.array([slot], np.int64))
        self._quality.rejected([slot])

    def records(self, records: list[Record]) -> None:
        """Take accepted records in journal order; of one device the last word counts."""
        heard = self._hearing.take(records, self._presence, self._listening)
        for slot, elapsed_ms in heard.conflicts.items():
            self.conflict(slot, elapsed_ms)
        for slot, cell in heard.cells.items():
            self._news.cell(slot, cell)
        assign(self._condition, heard.condition)
        assign(self._presence.interval_ms, heard.interval_ms)
        if heard.slots:
            assign(self._presence.said, heard.said)
            self._write(heard)

    def tick(self, entry: Entry, *, connected: bool, longest_ms: int = MAX_TICK_MS) -> int:
        """Let time pass (``Listening.tick``); gives how many devices changed their presence."""
        anyone = bool(_THERE[self._presence.presence].any())
        for will in self._listening.tick(
            entry.elapsed_ms, connected=connected, anyone=anyone, longest_ms=longest_ms
        ):
            if self._presence.said[will.slot] == Said.LOST:
                self._presence.said[will.slot] = will.said
                self._presence.heard_ms[will.slot] = will.heard_ms
        self._elapsed_ms = entry.elapsed_ms
        self._forget_conflicts(entry.elapsed_ms)
        if not len(self._condition):
            return 0
        for slot, bad in self._quality.tick(entry.elapsed_ms).items():
            self.note(slot, _REJECTED if bad else 0, _REJECTED)
        levels = self._rows_for(len(self._condition) - 1)["battery_pct"][: len(self._condition)]
        for slot, soon in self._battery.tick(entry.elapsed_ms, levels).items():
            self.note(slot, _FALLING if soon else 0, _FALLING)
        clock, before = self._listening, self._presence.presence
        presence, causes = assess(
            self._presence, clock.now_ms, self._policy, outage_end_ms=clock.outage_end_ms
        )
        changed = np.flatnonzero(presence != before)
        self.gone = changed[presence[changed] == _OFFLINE]
        self._presence.presence = presence
        moment = Moment(entry, clock.now_ms, clock.outage_end_ms is None)
        self._news.tick(moment, self._presence, before=before, changed=changed, noted=self._noted)
        degraded = self._condition | self._noted
        causes |= np.where(self._presence.known, degraded, np.uint64(0))
        since = changed
        if self._dirty:
            new = [slot for slot in sorted(self._dirty) if presence[slot] == _UNKNOWN]
            since = np.union1d(changed, np.array(new, np.int64))
        self._change(entry, causes, changed)
        self._events += self._news.take(entry, causes)
        rows = self._rows_for(len(presence) - 1)[: len(presence)]
        write_believed(rows, presence, causes, since=since, at_ms=entry.recv_ms)
        return len(changed)

    def _change(self, entry: Entry, causes: NDArray[np.uint64], changed: Slots) -> None:
        """Note the changes of registered devices, by slot."""
        differs = causes != self._told
        differs[changed] = True
        if self._dirty:
            differs[sorted(self._dirty)] = True
            self._dirty.clear()
        self._told = causes
        slots = np.flatnonzero(differs)
        slots = slots[self._admin[slots] > 0]
        if not len(slots):
            return
        seq, at_ms = entry.seq, entry.recv_ms
        columns = (slots, self._presence.presence[slots], causes[slots], self._admin[slots])
        self._changes += [
            HealthChange(
                slot=slot, seq=seq, at_ms=at_ms, presence=now, causes=bits, admin=_ADMIN[admin]
            )
            for slot, now, bits, admin in zip(*(c.tolist() for c in columns), strict=True)
        ]

    def take_changes(self) -> list[HealthChange]:
        """Changes of devices since the last call, in journal order, then by slot."""
        changes, self._changes = self._changes, []
        return changes

    def take_channels(self) -> list[ChannelChange]:
        """Channels of cameras that changed since the last call, in order."""
        return self._hearing.cameras.take_changes()

    def take_events(self) -> list[HealthEvent]:
        """News since the last call, in order."""
        events, self._events = self._events, []
        return events

    @property
    def waits(self) -> bool:
        """Whether silence alone brings news within minutes."""
        return self._news.waits

    @property
    def due_in_ms(self) -> int | None:
        """Steady time from the newest tick until more silence is news; None = never."""
        due_ms = self._news.due_ms
        return None if due_ms is None else due_ms - self._elapsed_ms

    def _forget_conflicts(self, elapsed_ms: int) -> None:
        conflicts = self._hearing.memory.conflicts
        for slot in [k for k, at_ms in conflicts.items() if elapsed_ms - at_ms > CONFLICT_MS]:
            del conflicts[slot]
            self.note(slot, 0, int(Cause.NUMBERS_CONFLICT))

    def missed(self, slots: list[int], slack_ms: int) -> list[int]:
        """Promised reports of these slots that did not come."""
        return missed_reports(self._presence, slots, self._listening.now_ms, slack_ms)

    def state_of(self, slot: int) -> tuple[int, int]:
        """``Presence`` and ``Cause`` bits of a device, as told at the last tick."""
        row = self._rows_for(slot)[slot]
        return int(row["presence"]), int(row["causes"])

    def counts(self) -> dict[str, int]:
        """Registered devices by presence word."""
        known = self._presence.presence[self._presence.known]
        numbers = np.bincount(known, minlength=len(Presence))
        return {presence.word: int(numbers[presence]) for presence in Presence}

    def _write(self, heard: Heard) -> None:
        slots = np.array(heard.slots, np.int64)
        recv_ms = np.array(heard.recv_ms, np.int64)
        self._presence.heard_ms[slots] = self._listening.now_ms
        if heard.fixes:
            self._quality.fixes(np.array([r.device.slot for r in heard.fixes], np.int64))
            if heard.unusable:
                self._quality.rejected(heard.unusable)
        write_heard(
            self._rows_for(int(slots.max())),
            slots,
            recv_ms,
            interval_ms=self._presence.interval_ms[slots],
            clock_off_ms={slot: off for slot, off in heard.off_ms.items() if slot in heard.said},
            fixes=heard.fixes,
            timely=heard.timely,
        )

    def _room_for(self, slot: int) -> None:
        size = len(self._condition)
        if slot >= size:
            size = max(slot + 1, size * 2, 64)
            self._presence = self._presence.grown(size)
            self._condition = _grown(self._condition, size)
            self._noted = _grown(self._noted, size)
            self._told = _grown(self._told, size)
            self._admin = _grown(self._admin, size)
            self._quality.grow(size)
            self._news.grow(size)
            self._rows_for(size - 1)

    def dump(self) -> HealthState:
        """State for a checkpoint."""
        arrays = self._presence
        return HealthState(
            size=len(self._condition),
            columns={name: getattr(arrays, name).tobytes() for name in arrays.__slots__},
            condition=self._condition.tobytes(),
            noted=self._noted.tobytes(),
            told=self._told.tobytes(),
            admin=self._admin.tobytes(),
            dirty=sorted(self._dirty),
            hearing=self._hearing.dump(),
            quality=self._quality.dump(),
            battery=self._battery.dump(),
            news=self._news.dump(),
            listening=self._listening.dump(),
            elapsed_ms=self._elapsed_ms,
        )

    def load(self, state: HealthState, devices: Iterable[Device]) -> None:
        """Take the state of a checkpoint, over the devices that were saved with it."""
        self._presence = PresenceArrays.empty(state.size)
        for name, raw in state.columns.items():
            column = getattr(self._presence, name)
            column[:] = np.frombuffer(raw, column.dtype)
        self._condition = np.frombuffer(state.condition, np.uint64).copy()
        self._noted = np.frombuffer(state.noted, np.uint64).copy()
        self._told = np.frombuffer(state.told, np.uint64).copy()
        self._admin = np.frombuffer(state.admin, np.uint8).copy()
        self._dirty = set(state.dirty)
        self._hearing = Hearing(state.hearing)
        self._quality.load(state.quality)
        self._battery.load(state.battery)
        self._news.load(state.news, devices)
        self._changes, self._events = [], []
        self._listening.load(state.listening)
        self._elapsed_ms = state.elapsed_ms
        if state.size:
            self._rows_for(state.size - 1)


def _grown(column: NDArray[Any], size: int) -> NDArray[Any]:
    grown = np.zeros(size, column.dtype)
    grown[: len(column)] = column
    return grown
