"""The live journal through the same run: its own ticks, controls and steady clock.

Of the entries before ``since_ms`` those that say what is registered, fenced and armed are taken;
nothing else before it happens in the run, and detection begins cold.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

import msgspec

from alerts.addressing import ABOUT_ALERTS, AboutAlert, addressed
from alerts.labelling import outcome_of
from alerts.lifecycle import Outcome as IncidentOutcome
from alerts.model import Notice, NoticeKind
from devices import control as controls
from devices.control import (
    AnyControl,
    Arm,
    CloseTicket,
    DeleteFence,
    Delivered,
    Disarm,
    IncidentMoved,
    OpenTicket,
    OwnerAnswer,
    RegisterDevices,
    RegisterPlaces,
    RegisterVehicles,
    Requeue,
    RevokeDevice,
    SaveFence,
)
from devices.entry import Entry, EntryKind
from devices.listening import MAX_TICK_MS
from devices.model import SYNTHETIC_ID
from devices.registry import Registry
from parkguard.replay.lines import Truth
from parkguard.replay.run import Replay
from parkguard.replay.striding import Stride, Strides

_TEACHES = (
    RegisterDevices,
    RegisterVehicles,
    RegisterPlaces,
    SaveFence,
    DeleteFence,
    RevokeDevice,
    Arm,
    Disarm,
    OpenTicket,
    CloseTicket,
)
"""Controls that are taken from before the period. Others speak of messages and alerts of then,
which this run does not have."""
_THEFTS = {
    IncidentOutcome.THEFT_RECOVERED_ARREST,
    IncidentOutcome.THEFT_RECOVERED,
    IncidentOutcome.THEFT_NOT_RECOVERED,
}


class Reader(Protocol):
    """What is asked of the journal; nothing is noted in it."""

    def read(self, after_seq: int, limit: int) -> list[Entry]:
        """Up to ``limit`` entries above ``after_seq``, ascending."""
        ...

    def first_seq(self) -> int:
        """Number of the oldest entry kept."""
        ...

    def last_seq(self) -> int:
        """Number of the newest entry, 0 when empty."""
        ...


class JournalReplay:
    """Feeds a journal to a run, up to its newest entry of now.

    Attributes:
        said: Outcomes that people gave within the period, by alert id of then.
        inside: Receive times of the first and the last entry within it, ms UTC.
    """

    def __init__(
        self,
        run: Replay,
        reader: Reader,
        *,
        since_ms: int,
        until_ms: int | None = None,
        stride_ms: int = 0,
        live: Mapping[str, str] | None = None,
    ) -> None:
        """Begin detection at ``since_ms`` and end the run after ``until_ms`` (wall clock).

        Ticks are taken in strides of ``stride_ms`` (``Strides``); ``live`` is the vehicle of every
        alert that was raised then: people's words are about them.
        """
        self._run = run
        self._reader = reader
        self._since_ms = since_ms
        self._until_ms = until_ms
        self._strides = Strides(stride_ms)
        self._live = live
        self._closed: list[tuple[int, str, str]] = []
        self.said: dict[str, str] = {}
        self.inside: tuple[int, int] | None = None

    def feed(self, fallback: Callable[[], Registry], progress: Callable[[int, int], None]) -> None:
        """Run every entry.

        Args:
            fallback: The registry of the records database, for a journal whose first entries
                are gone.
            progress: Told entries done and entries in all.

        Raises:
            JournalError: A segment cannot be read.
        """
        first, last = self._reader.first_seq(), self._reader.last_seq()
        if first > 1:
            self._run.timeline.pipeline.follow(fallback())
        for entries in self._batches(first - 1, last):
            self._run_all(entries)
            times = [entry.recv_ms for entry in entries if entry.recv_ms >= self._since_ms]
            if times:
                began_ms, ended_ms = self.inside or (times[0], times[0])
                self.inside = min(began_ms, *times), max(ended_ms, *times)
            progress(entries[-1].seq - first + 1, last - first + 1)
        self._take(self._strides.rest())
        if self.inside:
            self._run.truths += self._truths(*self.inside)

    def _batches(self, after_seq: int, last_seq: int) -> Iterator[list[Entry]]:
        while after_seq < last_seq:
            entries = self._reader.read(
                after_seq, min(self._run.timeline.batch_max, last_seq - after_seq)
            )
            after_seq = entries[-1].seq if entries else last_seq
            if self._until_ms is not None and entries and entries[-1].recv_ms > self._until_ms:
                entries = [entry for entry in entries if entry.recv_ms <= self._until_ms]
                after_seq = last_seq
            if entries:
                yield entries

    def _run_all(self, entries: list[Entry]) -> None:
        """Run entries; what is run again from quarantine must have been refused before it."""
        waiting: list[Entry] = []
        for entry in entries:
            control = _control_of(entry)
            if entry.recv_ms < self._since_ms:
                if isinstance(control, _TEACHES):
                    waiting.append(entry)
            elif isinstance(control, Requeue):
                self._step(waiting, whole=True)
                waiting = []
                self._step([self._renumbered(entry, control)])
            elif isinstance(control, ABOUT_ALERTS):
                self._step(waiting, whole=True)
                waiting = [self._word(entry, control)]
            else:
                waiting.append(entry)
        self._step(waiting)

    def _step(self, entries: list[Entry], *, whole: bool = False) -> None:
        """Run entries in strides; ``whole``: and what was begun, nothing waits afterwards."""
        self._take(self._strides.cut(entries))
        if whole:
            self._take(self._strides.rest())

    def _take(self, strides: Iterable[Stride]) -> None:
        for stride in strides:
            if not stride.entries:
                continue
            notices = self._run.timeline.run_journal(
                stride.entries, longest_tick_ms=stride.longest_tick_ms
            )
            if self._live is not None:
                self._tell(notices, stride.entries[-1], self._live)

    def _tell(self, notices: list[Notice], last: Entry, live: Mapping[str, str]) -> None:
        """Owners who were not asked then count as told at once: nobody could tell them."""
        told = [
            Delivered(
                at_ms=last.recv_ms,
                alert_id=notice.alert_id,
                notice=notice.kind,
                receiver=notice.receiver,
            )
            for notice in notices
            if notice.kind is NoticeKind.OWNER_NOTICE and notice.alert_id not in live
        ]
        entries = [
            last._replace(
                kind=int(EntryKind.CONTROL), flags=0, topic="", payload=controls.encode(one)
            )
            for one in told
        ]
        if entries:
            self._run.timeline.run_journal(entries, longest_tick_ms=MAX_TICK_MS)

    def _word(self, entry: Entry, control: AboutAlert) -> Entry:
        """Note an outcome; speak of the alert that this run has of the matter."""
        outcome = outcome_of(control)
        if outcome is not None:
            self.said[control.alert_id] = outcome
        vehicle_id = (self._live or {}).get(control.alert_id)
        if isinstance(control, OwnerAnswer):
            vehicle_id = control.vehicle_id
        now = addressed(control, vehicle_id, self._run.timeline.pipeline.engine.cases)
        if isinstance(now, IncidentMoved) and now.outcome is not None:
            self._closed.append((entry.recv_ms, now.alert_id, now.outcome))
        return entry if now is control else entry._replace(payload=controls.encode(now))

    def _renumbered(self, entry: Entry, requeue: Requeue) -> Entry:
        """The entry with the numbers this run gave its messages in quarantine."""
        rows = self._run.timeline.observed.rows_of(requeue.messages)
        held = [
            msgspec.structs.replace(one, row=row)
            for one, row in zip(requeue.messages, rows, strict=True)
        ]
        own = msgspec.structs.replace(requeue, messages=held)
        return entry._replace(payload=controls.encode(own))

    def _truths(self, began_ms: int, ended_ms: int) -> Iterator[Truth]:
        """Outcomes of incidents as truth: a theft from its onset to its closing, else parked."""
        changes = {c.alert.alert_id: c.alert for c in self._run.timeline.observed.changes}
        stolen: dict[str, list[tuple[int, int]]] = {}
        for closed_ms, alert_id, outcome in self._closed:
            alert = changes.get(alert_id)
            if alert is None:
                self._run.notes.append(f"outcome {outcome} of alert {alert_id}, not raised here")
            elif outcome in _THEFTS:
                span = (max(began_ms, alert.onset_ms), closed_ms)
                stolen.setdefault(alert.vehicle_id, []).append(span)
        known = self._run.timeline.pipeline.admission.registry.vehicles
        for vehicle in (name for name in known if name != SYNTHETIC_ID):
            free_ms = began_ms
            for onset_ms, closed_ms in sorted(stolen.get(vehicle, [])):
                if onset_ms > free_ms:
                    yield Truth(vehicle=vehicle, state="parked", since=free_ms, upto=onset_ms - 1)
                yield Truth(
                    vehicle=vehicle,
                    state="theft",
                    since=onset_ms,
                    upto=closed_ms,
                    onset=onset_ms,
                )
                free_ms = closed_ms + 1
            if ended_ms > free_ms:
                yield Truth(vehicle=vehicle, state="parked", since=free_ms, upto=ended_ms)


def _control_of(entry: Entry) -> AnyControl | None:
    """What people did with this entry; None for others, and for one that admission refuses."""
    if entry.kind != EntryKind.CONTROL:
        return None
    try:
        return controls.decode(entry.payload)
    except msgspec.DecodeError:
        return None
