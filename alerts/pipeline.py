"""The page that shows a message's whole way: admit -> health -> detect. No clock, no store.

The processor runs it over the journal, ``parkguard replay`` over a file: the same object, so
that what a replay says is what would have happened.
"""

from collections import Counter
from dataclasses import dataclass, field

import msgspec

from alerts.engine import Engine, EngineState
from alerts.model import Effects
from devices.admission import (
    Admission,
    AdmissionState,
    Admitted,
    Record,
    Refusal,
    split_runs,
)
from devices.control import (
    Arm,
    Disarm,
    OwnerAnswer,
    RegisterDevices,
    ReportStolen,
    Requeue,
    RevokeDevice,
)
from devices.entry import Entry, EntryKind
from devices.health import Health, HealthState
from devices.registry import Registry


class PipelineState(msgspec.Struct):
    """Everything that is known at one entry, for checkpoints."""

    admission: AdmissionState
    health: HealthState
    engine: EngineState


@dataclass(slots=True)
class Outcome:
    """What steps want committed, in order.

    Attributes:
        books: Increments by (name, reason).
        refusals: What was refused, with its bytes.
        requeued: Quarantine rows that were run again.
        effects: Alerts, incidents, notices, crossings of fences.
        touched: Slots of trackers whose arming may have changed.
        records: What was accepted, for those who ask (a replay); None = not gathered.
    """

    books: Counter[tuple[str, str]] = field(default_factory=Counter)
    refusals: list[Refusal] = field(default_factory=list)
    requeued: list[int] = field(default_factory=list)
    effects: Effects = field(default_factory=Effects)
    touched: set[int] = field(default_factory=set)
    records: list[Record] | None = None


class Pipeline:
    """Admission, health and detection of one partition, in journal order."""

    def __init__(self, *, admission: Admission, health: Health, engine: Engine) -> None:
        """Take the parts; they share the registry of ``admission``."""
        self.admission = admission
        self.health = health
        self.engine = engine

    def step(self, entries: list[Entry], outcome: Outcome) -> None:
        """Run entries, in order, through everything."""
        for run in split_runs(entries):
            head = run[0]
            if head.kind == EntryKind.MQTT:
                admitted = self.admission.admit(run, outcome.books)
                self.health.records(admitted.records)
                self._take(admitted, outcome)
            elif head.kind == EntryKind.CONTROL:
                self._control(head, outcome)
            else:
                self.health.tick(head, connected=bool(head.flags))
                self.engine.tick(head, outcome.effects)

    def _take(self, admitted: Admitted, outcome: Outcome) -> None:
        outcome.refusals += admitted.refusals
        if outcome.records is not None:
            outcome.records += admitted.records
        self.engine.records(admitted.records, outcome.effects)
        outcome.touched |= {
            r.device.slot for r in admitted.records if r.device.vehicle_id is not None
        }

    def _control(self, entry: Entry, outcome: Outcome) -> None:
        control = self.admission.control(entry, outcome.books)
        if isinstance(control, Refusal):
            outcome.refusals.append(control)
            return
        if isinstance(control, RegisterDevices):
            for device in control.devices:
                self.health.register(device)
        elif isinstance(control, RevokeDevice):
            revoked = self.admission.registry.devices.get(control.device_id)
            if revoked is not None:
                self.health.register(revoked)
        elif isinstance(control, Requeue):  # proves no life: health does not hear of it
            self._take(self.admission.requeue(control, entry, outcome.books), outcome)
            outcome.requeued += [held.row for held in control.messages]
            return
        self.engine.control(control, entry, outcome.effects)
        if isinstance(control, Arm | Disarm | OwnerAnswer | ReportStolen):
            outcome.touched |= {d.slot for d in self.engine.trackers(control.vehicle_id)}

    def follow(self, registry: Registry) -> None:
        """Begin with a whole registry instead of the journal's first entries."""
        self.admission.registry = registry
        self.engine.follow(registry)
        for device in registry.devices.values():
            self.health.register(device)

    def dump(self) -> PipelineState:
        """State for a checkpoint."""
        return PipelineState(
            admission=self.admission.dump(),
            health=self.health.dump(),
            engine=self.engine.dump(),
        )

    def load(self, state: PipelineState) -> None:
        """Take the state of a checkpoint."""
        self.admission.load(state.admission)
        self.health.load(state.health)
        self.engine.load(state.engine, self.admission.registry)
