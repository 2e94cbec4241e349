"""What a run gave, kept for the outputs and the expectations. It decides nothing."""

from collections import Counter, defaultdict
from typing import NamedTuple

from alerts.model import AlertChange, IncidentOpened
from alerts.pipeline import Outcome
from devices.admitted import Record, Refusal
from devices.control import Held
from devices.entry import RETAIN
from devices.errors import WireReason
from devices.model import DeviceClass
from devices.readings import CameraHeartbeat, Event
from parkguard.replay.tracker_words import TrackerWords, said_at_ms

HELD_MAX = 500
"""Messages in one ``Requeue`` (``devices.control``)."""


class Change(NamedTuple):
    """A change of an alert and the steady time of its cause."""

    elapsed_ms: int
    alert: AlertChange


class BooksError(Exception):
    """The totals do not balance: a bug of ours."""


class Observed:
    """Alerts, incidents, events, books and the quarantine of one run, in order."""

    def __init__(self) -> None:
        """Nothing happened yet."""
        self.changes: list[Change] = []
        self.incidents: list[IncidentOpened] = []
        self.quarantine: dict[int, Refusal] = {}
        self.events: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.vehicle_events: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.books: Counter[str] = Counter()
        self.shares: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.flags: defaultdict[str, int] = defaultdict(int)
        self.trackers: defaultdict[str, TrackerWords] = defaultdict(TrackerWords)
        self.cameras: dict[str, tuple[int, CameraHeartbeat]] = {}
        self._event_ids: set[tuple[str, str]] = set()
        self._rows = 0

    def take(self, outcome: Outcome, offset_ms: int) -> None:
        """Keep what one step gave; the wall clock was ``offset_ms`` ahead of the steady one."""
        for record in outcome.records or ():
            self._record(record)
        for device_id in outcome.duplicates:
            self.shares[device_id]["duplicate"] += 1
        for row in outcome.requeued:
            taken_off = self.quarantine.pop(row, None)
            if taken_off is not None:  # None: refused before the period of this run
                self.shares[taken_off.device_id]["quarantined"] -= 1
        for refusal in outcome.refusals:
            self._rows += 1
            self.quarantine[self._rows] = refusal
            if refusal.reason is not WireReason.CONTROL:
                self.shares[refusal.device_id]["quarantined"] += 1
        for (name, _), number in outcome.books.items():
            self.books[name] += number
        effects = outcome.effects
        self.changes += [Change(c.caused_recv_ms - offset_ms, c) for c in effects.alerts]
        self.incidents += effects.incidents
        for crossing in effects.crossings:
            self.events[crossing.device_id][crossing.what] += 1
            self.vehicle_events[crossing.vehicle_id][crossing.what] += 1

    def held_of(self, ids: set[str]) -> list[Held]:
        """Messages in quarantine because these devices were unknown, oldest first."""
        return [
            Held(
                row=row,
                recv_ms=refusal.entry.recv_ms,
                topic=refusal.entry.topic,
                payload=refusal.payload,
                reason=refusal.reason,
                retained=bool(refusal.entry.flags & RETAIN),
            )
            for row, refusal in self.quarantine.items()
            if refusal.reason is WireReason.UNKNOWN_DEVICE and refusal.device_id in ids
        ]

    def row_of(self, topic: str, recv_ms: int, payload: bytes) -> int:
        """The number of a message in this run's quarantine, 0 when it is not there."""
        wanted = topic, recv_ms, payload
        for row, refusal in self.quarantine.items():
            if (refusal.entry.topic, refusal.entry.recv_ms, refusal.payload) == wanted:
                return row
        return 0

    def totals(self) -> dict[str, int]:
        """The four totals.

        Raises:
            BooksError: ``received = accepted + duplicate + quarantined`` does not hold.
        """
        names = ("received", "accepted", "duplicate", "quarantined")
        totals = {name: self.books[name] for name in names}
        if totals["received"] != sum(totals[name] for name in names[1:]):
            raise BooksError(f"the books do not balance: {totals}. Please report this file")
        return totals

    def share(self, device_id: str) -> dict[str, int]:
        """One device's share of the totals."""
        counted = self.shares[device_id]
        parts = {name: counted[name] for name in ("accepted", "duplicate", "quarantined")}
        return {"received": sum(parts.values())} | parts

    def _record(self, record: Record) -> None:
        device, reading = record.device, record.reading
        device_id = device.id
        self.shares[device_id]["accepted"] += 1
        self.flags[device_id] |= reading.flags
        if isinstance(reading, Event):
            self._event(record, reading)
        elif isinstance(reading, CameraHeartbeat):
            at_ms = said_at_ms(reading, record.entry.recv_ms)
            if at_ms >= self.cameras.get(device_id, (0, None))[0]:
                self.cameras[device_id] = at_ms, reading
        elif device.cls is DeviceClass.TRACKER:
            self.trackers[device_id].take(reading, record.entry.recv_ms)

    def _event(self, record: Record, event: Event) -> None:
        key = record.device.id, event.ev_id
        if event.ev_id and key in self._event_ids:
            return
        self._event_ids.add(key)
        self.events[record.device.id][event.type] += 1
        if record.device.vehicle_id is not None:
            self.vehicle_events[record.device.vehicle_id][event.type] += 1
