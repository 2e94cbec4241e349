"""The live journal through the same run: its own ticks, controls and steady clock.

Of the entries before ``since_ms`` those that say what is registered, fenced and armed are taken;
nothing else before it happens in the run, and detection begins cold.
"""

from collections.abc import Callable, Iterator
from typing import Protocol

import msgspec

from alerts.lifecycle import Outcome as IncidentOutcome
from devices import control as controls
from devices.control import (
    AnyControl,
    Arm,
    DeleteFence,
    Disarm,
    IncidentMoved,
    RegisterDevices,
    RegisterPlaces,
    RegisterVehicles,
    Requeue,
    RevokeDevice,
    SaveFence,
)
from devices.entry import Entry, EntryKind
from devices.registry import Registry
from parkguard.replay.lines import Truth
from parkguard.replay.run import Replay

_TEACHES = (
    RegisterDevices,
    RegisterVehicles,
    RegisterPlaces,
    SaveFence,
    DeleteFence,
    RevokeDevice,
    Arm,
    Disarm,
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
    """Feeds a journal to a run, up to its newest entry of now."""

    def __init__(self, run: Replay, reader: Reader, *, since_ms: int) -> None:
        """Begin detection at ``since_ms`` (wall clock)."""
        self._run = run
        self._reader = reader
        self._since_ms = since_ms
        self._closed: list[tuple[int, str, str]] = []

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
        inside: list[int] = []
        for entries in self._batches(first - 1, last):
            self._run_all(entries)
            times = [entry.recv_ms for entry in entries if entry.recv_ms >= self._since_ms]
            inside = [min(inside + times), max(inside + times)] if times else inside
            progress(entries[-1].seq - first + 1, last - first + 1)
        if inside:
            self._run.truths += self._truths(*inside)

    def _batches(self, after_seq: int, last_seq: int) -> Iterator[list[Entry]]:
        while after_seq < last_seq:
            entries = self._reader.read(
                after_seq, min(self._run.timeline.batch_max, last_seq - after_seq)
            )
            if not entries:
                return
            yield entries
            after_seq = entries[-1].seq

    def _run_all(self, entries: list[Entry]) -> None:
        """Run entries; what is run again from quarantine must have been refused before it."""
        waiting: list[Entry] = []
        for entry in entries:
            control = _control_of(entry)
            if entry.recv_ms < self._since_ms:
                if isinstance(control, _TEACHES):
                    waiting.append(entry)
            elif isinstance(control, Requeue):
                self._step(waiting)
                waiting = []
                self._step([self._renumbered(entry, control)])
            else:
                if isinstance(control, IncidentMoved) and control.outcome is not None:
                    self._closed.append((entry.recv_ms, control.alert_id, control.outcome))
                waiting.append(entry)
        self._step(waiting)

    def _step(self, entries: list[Entry]) -> None:
        if entries:
            self._run.timeline.run_journal(entries)

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
        for vehicle in self._run.timeline.pipeline.admission.registry.vehicles:
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
