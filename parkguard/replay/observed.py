"""What a run gave, kept for the outputs and the expectations. It decides nothing."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from alerts.fire_words import FIRE
from alerts.model import AlertChange, Channel, IncidentOpened, Notice, NoticeKind
from alerts.pipeline import Outcome
from devices.admitted import Record, Refusal
from devices.command import CommandChange
from devices.control import Held
from devices.downlink import Downlink
from devices.entry import RETAIN
from devices.errors import WireReason
from devices.model import Device
from devices.readings import CameraHeartbeat, Event, Fix
from parkguard.replay.lines import COUNTS
from parkguard.replay.tracker_words import TrackerWords, said_at_ms

_RECEIVED, *_SHARED = COUNTS
_ACCEPTED, _DUPLICATE, _QUARANTINED = _SHARED


class Change(NamedTuple):
    """A change of an alert and the steady time of its cause."""

    elapsed_ms: int
    alert: AlertChange


class BooksError(Exception):
    """The totals do not balance: a bug of ours."""


class Observed:
    """Alerts, incidents, events, books and the quarantine of one run, in order.

    Attributes:
        quarantine: What is held, by a number of this run's own.
        events: How many of each type, by device; ``vehicle_events`` by vehicle.
        flags: ``Flag`` bits that any record of a device had.
        trackers, cameras: The last word, by device.
        notices: Health notices and those of fires, as the feed has them: each thing once.
    """

    def __init__(self) -> None:
        """Nothing happened yet."""
        self.changes: list[Change] = []
        self.incidents: list[IncidentOpened] = []
        self.notices: list[Notice] = []
        self.commands: list[CommandChange] = []
        self.orders: list[Downlink] = []
        self.quarantine: dict[int, Refusal] = {}
        self.events: dict[str, Counter[str]] = {}
        self.vehicle_events: dict[str, Counter[str]] = {}
        self.books: Counter[str] = Counter()
        self.flags: Counter[str] = Counter()
        self.trackers: dict[str, TrackerWords] = {}
        self.cameras: dict[str, tuple[int, CameraHeartbeat]] = {}
        self._shares: dict[str, Counter[str]] = {name: Counter() for name in _SHARED}
        self._event_ids: set[tuple[str, str]] = set()
        self._rows = 0

    def take(self, outcome: Outcome, offset_ms: int) -> None:
        """Keep what one step gave; the wall clock was ``offset_ms`` ahead of the steady one."""
        if outcome.records:
            self._records(outcome.records)
        self._shares[_DUPLICATE].update(outcome.duplicates)
        held = self._shares[_QUARANTINED]
        for row in outcome.requeued:
            taken_off = self.quarantine.pop(row, None)
            if taken_off is not None:
                held[taken_off.device_id] -= 1
            else:  # refused before the period of this run, which receives it here
                self.books[_RECEIVED] += 1
                self.books[_QUARANTINED] += 1
        for refusal in outcome.refusals:
            self._rows += 1
            self.quarantine[self._rows] = refusal
            if refusal.reason is not WireReason.CONTROL:
                held[refusal.device_id] += 1
        for (name, _), number in outcome.books.items():
            self.books[name] += number
        effects = outcome.effects
        self.changes += [Change(c.caused_recv_ms - offset_ms, c) for c in effects.alerts]
        self.incidents += effects.incidents
        self.notices += [one for one in effects.notices if _is_of_devices(one)]
        self.commands += outcome.commands
        self.orders += outcome.orders
        for crossing in effects.crossings:
            self._count(crossing.device_id, crossing.vehicle_id, crossing.what)

    def held_of(self, names: frozenset[str]) -> list[Held]:
        """Messages in quarantine of strangers of these names, oldest first."""
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
            if refusal.reason is WireReason.UNKNOWN_DEVICE and refusal.device_id in names
        ]

    def rows_of(self, messages: Sequence[Held]) -> list[int]:
        """The numbers of these messages in this run's quarantine, 0 for one that is not there.

        Messages that are alike to the byte have a number each, the oldest first.
        """
        keys = [(one.topic, one.recv_ms, one.payload) for one in messages]
        found: dict[tuple[str, int, bytes], list[int]] = {key: [] for key in keys}
        for row, refusal in self.quarantine.items():
            rows = found.get((refusal.entry.topic, refusal.entry.recv_ms, refusal.payload))
            if rows is not None:
                rows.append(row)
        free = {key: iter(rows) for key, rows in found.items()}
        return [next(free[key], 0) for key in keys]

    def totals(self) -> dict[str, int]:
        """The four totals.

        Raises:
            BooksError: ``received = accepted + duplicate + quarantined`` does not hold.
        """
        totals = {name: self.books[name] for name in COUNTS}
        if totals[_RECEIVED] != sum(totals[name] for name in _SHARED):
            raise BooksError(f"the books do not balance: {totals}. Please report this file")
        return totals

    def share(self, device_id: str) -> dict[str, int]:
        """One device's share of the totals."""
        parts = {name: counted[device_id] for name, counted in self._shares.items()}
        return {_RECEIVED: sum(parts.values())} | parts

    def _records(self, records: Iterable[Record]) -> None:
        flags, trackers = self.flags, self.trackers
        ids: list[str] = []
        for entry, device, reading in records:
            device_id = device.id
            ids.append(device_id)
            if reading.flags:
                flags[device_id] |= reading.flags
            if type(reading) is Fix:
                words = trackers.get(device_id)
                if words is None:
                    words = trackers[device_id] = TrackerWords()
                words.take(reading, entry.recv_ms)
            elif type(reading) is Event:
                self._event(device, reading)
            elif type(reading) is CameraHeartbeat:
                at_ms = said_at_ms(reading, entry.recv_ms)
                if at_ms >= self.cameras.get(device_id, (0, None))[0]:
                    self.cameras[device_id] = at_ms, reading
        self._shares[_ACCEPTED].update(ids)

    def _event(self, device: Device, event: Event) -> None:
        key = device.id, event.ev_id
        if event.ev_id and key in self._event_ids:
            return
        self._event_ids.add(key)
        self._count(device.id, device.vehicle_id, event.type)

    def _count(self, device_id: str, vehicle_id: str | None, what: str) -> None:
        self.events.setdefault(device_id, Counter())[what] += 1
        if vehicle_id is not None:
            self.vehicle_events.setdefault(vehicle_id, Counter())[what] += 1


def _is_of_devices(notice: Notice) -> bool:
    of_devices = notice.kind is NoticeKind.HEALTH_NOTICE or notice.audience == FIRE
    return of_devices and notice.channel is Channel.FEED
