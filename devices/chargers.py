"""Charging stations: ports, sessions, energy and money, from their records. Pure.

Counters are read in ``charger_money``, sessions in ``charger_sessions``, ports are judged in
``charger_ports``, money is booked by day in ``charger_days``; here they come together, and what is
wrong with a station is told.
"""

from datetime import UTC, tzinfo
from zlib import crc32

import msgspec

from devices.admitted import Record
from devices.charger_box import send_collector
from devices.charger_counters import Money
from devices.charger_now import StationChange
from devices.charger_ports import PortView
from devices.charger_sessions import SessionView, forget_silent
from devices.charger_station import (
    CHARGER_CAUSES,
    Station,
    causes_of_station,
    look_slowly,
    show_station,
    take_reading,
)
from devices.control import CollectionTask
from devices.model import DeviceClass

__all__ = ["CHARGER_CAUSES", "Chargers", "ChargersState", "StationState"]

SWEEP_MS = 60_000
"""Slow rules are looked at once a minute."""
SHOWN_MS = 10_000
"""A station's rows are written at most so often. Source: our choice: people look at it, nobody
decides by it; 5,000 stations at 60 s are 83 rows a second."""

_encode = msgspec.json.Encoder().encode


class StationState(msgspec.Struct):
    """A station as replay's ``state`` shows it. ``energy_wh`` is counted in this run."""

    ports: dict[int, PortView]
    sessions: dict[str, SessionView]
    energy_wh: int
    money: Money


class ChargersState(msgspec.Struct):
    """For checkpoints."""

    stations: list[tuple[int, Station]]
    swept_ms: int
    now_ms: int
    unshown: list[int]


class Chargers:
    """All charging stations by slot."""

    def __init__(self, zone: tzinfo = UTC) -> None:
        """Start with none; ``zone`` is the city's: its days are those of the money."""
        self._zone = zone
        self._stations: dict[int, Station] = {}
        self._touched: set[int] = set()
        self._unshown: dict[int, None] = {}
        self._swept_ms = 0
        self._now_ms = 0

    def records(self, records: list[Record]) -> None:
        """Take records in journal order; those of other devices are passed over."""
        for record in records:
            if record.device.cls is DeviceClass.CHARGER:
                self._take(record)

    def _take(self, record: Record) -> None:
        slot = record.device.slot
        station = self._stations.get(slot)
        if station is None:
            station = self._stations[slot] = Station()
        self._now_ms = max(self._now_ms, record.entry.elapsed_ms)
        if take_reading(station, record, self._zone):
            self._touched.add(slot)
            self._unshown[slot] = None

    def control(self, task: CollectionTask, slot: int, *, recv_ms: int, elapsed_ms: int) -> None:
        """Somebody is sent to empty the box of a station, or called back."""
        station = self._stations.get(slot)
        if station is None:
            station = self._stations[slot] = Station()
        for_ms = task.until_ms - recv_ms
        send_collector(
            station.box, for_ms=for_ms, by=task.by, recv_ms=recv_ms, elapsed_ms=elapsed_ms
        )
        self._touched.add(slot)
        if station.heard_ms:  # else there is nothing to show of it
            self._unshown[slot] = None

    def tick(self, elapsed_ms: int) -> None:
        """Let time pass; once a minute slow rules are looked at, and what is too old let go."""
        self._now_ms = max(self._now_ms, elapsed_ms)
        if elapsed_ms - self._swept_ms < SWEEP_MS:
            return
        self._swept_ms = elapsed_ms
        for slot, station in self._stations.items():
            forget_silent(station.sessions, elapsed_ms)
            look_slowly(station, elapsed_ms)
            if causes_of_station(station, elapsed_ms) != station.causes:
                self._touched.add(slot)

    def state(self, slot: int) -> StationState | None:
        """A station now; None when it never spoke. Not to be changed."""
        station = self._stations.get(slot)
        if station is None:
            return None
        counters, sessions = station.counters, station.sessions
        return StationState(
            ports=station.ports,
            sessions=sessions.by_id,
            energy_wh=counters.energy_wh if counters.metered else sessions.energy_wh,
            money=counters.money,
        )

    def station(self, slot: int) -> Station | None:
        """Everything remembered of a station. Not to be changed."""
        return self._stations.get(slot)

    def causes(self, slot: int) -> int:
        """``Cause`` bits of a station, of those in ``CHARGER_CAUSES``."""
        station = self._stations.get(slot)
        return 0 if station is None else causes_of_station(station, self._now_ms)

    def take_causes(self) -> dict[int, int]:
        """``causes`` of the stations where they may have changed since the last call, by slot."""
        causes: dict[int, int] = {}
        for slot in sorted(self._touched):
            station = self._stations[slot]
            causes[slot] = station.causes = causes_of_station(station, self._now_ms)
        self._touched.clear()
        return causes

    def take_changes(self, elapsed_ms: int) -> list[StationChange]:
        """What the records are to hold of stations that changed; each at most every ``SHOWN_MS``.

        Asked at ticks alone, so that a replay writes the same.
        """
        changes: list[StationChange] = []
        for slot in list(self._unshown):
            station = self._stations[slot]
            if elapsed_ms - station.shown_ms < SHOWN_MS:
                continue
            del self._unshown[slot]
            station.shown_ms = elapsed_ms
            now = _encode(show_station(station))
            mark = crc32(now)
            days = station.days.take_changes()
            if mark == station.shown and not days:
                continue
            shown = b"" if mark == station.shown else now
            changes.append(StationChange(slot=slot, at_ms=station.heard_ms, now=shown, days=days))
            station.shown = mark
        return changes

    def dump(self) -> ChargersState:
        """State for a checkpoint."""
        return ChargersState(
            stations=list(self._stations.items()),
            swept_ms=self._swept_ms,
            now_ms=self._now_ms,
            unshown=list(self._unshown),
        )

    def load(self, state: ChargersState) -> None:
        """Take the state of a checkpoint."""
        self._stations = dict(state.stations)
        self._touched = set(self._stations)
        self._unshown = dict.fromkeys(state.unshown)
        self._swept_ms, self._now_ms = state.swept_ms, state.now_ms
