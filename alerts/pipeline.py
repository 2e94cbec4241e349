"""The page that shows a message's whole way: admit -> health -> detect. No clock, no store.

The processor runs it over the journal, ``parkguard replay`` over a file: the same object, so
that what a replay says is what would have happened.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, tzinfo

import msgspec

from alerts.device_news import DeviceNews, DeviceNewsState
from alerts.engine import Engine
from alerts.engine_state import EngineState
from alerts.model import Effects
from alerts.notice_policy import NoticePolicy
from alerts.ports import Beside
from devices.admission import Admission, AdmissionState, split_runs
from devices.admitted import Admitted, Record, Refusal
from devices.backlog import Backlog, BacklogPolicy, BacklogState
from devices.causes import Cause
from devices.charger_now import StationChange
from devices.chargers import CHARGER_CAUSES, Chargers, ChargersState
from devices.command import CommandChange
from devices.commands import Commands, CommandsState, Wish
from devices.control import CollectionTask, RegisterDevices, Requeue, RevokeDevice, SendCommand
from devices.downlink import Downlink
from devices.downlink_policy import DownlinkPolicy
from devices.downlinks import Downlinks, DownlinksState
from devices.entry import Entry, EntryKind
from devices.errors import WireReason
from devices.fire import FIRE_CAUSES, FirePolicy
from devices.fix_quality import is_fix_of
from devices.health import Health, HealthState
from devices.health_events import HealthEvent
from devices.late_places import LatePlaces, LatePlacesState
from devices.listening import MAX_TICK_MS
from devices.odometer import Odometer, OdometerState, Places, rounds_of_places
from devices.quarantine_bound import BoundState, QuarantineBound, bound_id, bound_size
from devices.registry import Registry
from devices.unit_check import UnitCheck, UnitCheckState


class PipelineState(msgspec.Struct):
    """Everything that is known at one entry, for checkpoints."""

    admission: AdmissionState
    bound: BoundState
    downlinks: DownlinksState
    health: HealthState
    chargers: ChargersState
    odometer: OdometerState
    units: UnitCheckState
    engine: EngineState
    backlog: BacklogState
    commands: CommandsState
    news: DeviceNewsState
    late_places: LatePlacesState = msgspec.field(default_factory=LatePlacesState)


@dataclass(slots=True)
class Outcome:
    """What steps want committed, in order.

    Attributes:
        books: Increments by (name, reason).
        refusals: What was refused, with its bytes.
        requeued: Quarantine rows that were run again.
        effects: Alerts, incidents, notices, crossings of fences, changes of devices' health.
        events: What presence tells of devices; ``effects`` has the notices of it.
        touched: Slots of trackers whose arming may have changed, by a record or otherwise.
        downlinks: What is to be said to devices; whoever does not send it loses nothing.
        commands: Commands to devices, after each change of one.
        orders: The commands among what is to be said: sent only once they are stored.
        stations: Charging stations that changed, as the records are to hold them.
        records: What was accepted, for those who ask (a replay); None = not gathered.
        duplicates: The device of each duplicate, gathered with ``records``.
    """

    books: Counter[tuple[str, str]] = field(default_factory=Counter)
    refusals: list[Refusal] = field(default_factory=list)
    requeued: list[int] = field(default_factory=list)
    effects: Effects = field(default_factory=Effects)
    events: list[HealthEvent] = field(default_factory=list)
    touched: set[int] = field(default_factory=set)
    downlinks: list[Downlink] = field(default_factory=list)
    commands: list[CommandChange] = field(default_factory=list)
    orders: list[Downlink] = field(default_factory=list)
    stations: list[StationChange] = field(default_factory=list)
    records: list[Record] | None = None
    duplicates: list[str] = field(default_factory=list)


class Pipeline:
    """Admission, health and detection of one partition, in journal order.

    Attributes:
        shadow: Gets what the engine gets (shadow mode); None costs nothing.
        longest_tick_ms: A tick stands for at most so long (``Listening.tick``).
    """

    def __init__(
        self,
        *,
        admission: Admission,
        health: Health,
        engine: Engine,
        bound: QuarantineBound | None = None,
        downlinks: DownlinkPolicy | None = None,
        backlog: BacklogPolicy | None = None,
        fire: FirePolicy | None = None,
        notices: NoticePolicy | None = None,
        zone: tzinfo = UTC,
    ) -> None:
        """Take the parts; they share the registry of ``admission``. ``zone`` is the city's."""
        self.admission = admission
        self.backlog = Backlog(backlog or BacklogPolicy())
        self.bound = bound or QuarantineBound()
        self.downlinks = Downlinks(admission, downlinks or DownlinkPolicy())
        self.commands = Commands(admission, downlinks or DownlinkPolicy())
        self.health = health
        self.chargers = Chargers(zone)
        self.late_places = LatePlaces()
        self.odometer = Odometer()
        self.units = UnitCheck()
        self.engine = engine
        self.news = DeviceNews(engine, fire or FirePolicy(), notices or NoticePolicy())
        engine.around.hearing = health
        engine.more_waits = self.more_waits
        self.shadow: Beside | None = None
        self.longest_tick_ms = MAX_TICK_MS

    def step(self, entries: list[Entry], outcome: Outcome) -> None:
        """Run entries, in order, through everything."""
        for run in split_runs(self.backlog.order(entries)):
            head = run[0]
            if head.kind == EntryKind.MQTT:
                self._messages(run, outcome)
            elif head.kind == EntryKind.CONTROL:
                self._control(head, outcome)
            else:
                self._ridden(self.late_places.take())
                self.chargers.tick(head.elapsed_ms)
                outcome.stations += self.chargers.take_changes(head.elapsed_ms)
                self.news.tick(head, outcome.effects)
                self._tell_health()
                there = bool(head.flags)
                self.health.tick(head, connected=there, longest_ms=self.longest_tick_ms)
                self._hear_health(outcome)
                self.engine.tick(head, outcome.effects)
                if self.shadow is not None:
                    self.shadow.tick(head)
                outcome.downlinks += self.downlinks.tick(
                    elapsed_ms=head.elapsed_ms, wall_ms=head.recv_ms, waits=self.more_waits
                )
                self._command(head, outcome)
            for wish in self.engine.take_wishes():
                self.commands.wish(wish)
        outcome.touched |= self.engine.take_rearmed()

    def finish(self, end: Entry, outcome: Outcome) -> None:
        """Take everything that waits: the input has ended (replay), nothing will follow."""
        self.take_rest(outcome, end.elapsed_ms)
        self._ridden(self.late_places.rest())
        self.engine.finish(end, outcome.effects)

    def take_rest(self, outcome: Outcome, elapsed_ms: int | None = None) -> None:
        """Take everything that waits, as heard at ``elapsed_ms`` or when it was received."""
        if rest := self.backlog.rest(elapsed_ms):
            self._messages(rest, outcome)

    @property
    def waits(self) -> bool:
        """Whether ticks have something to decide."""
        waits = self.engine.waits or self.commands.waits or self.news.waits
        return waits or len(self.backlog) > 0 or len(self.late_places) > 0

    def _messages(self, run: list[Entry], outcome: Outcome) -> None:
        admitted = self.admission.admit(run, outcome.books)
        self._set_aside(admitted.refusals, outcome)
        self._answer(admitted, run[0].elapsed_ms)
        self.commands.records(admitted.records)
        self._follow(admitted.records, outcome.effects)
        self._detect(admitted, outcome)

    def _command(self, tick: Entry, outcome: Outcome) -> None:
        """Commands that are due, answered or over, and who let a question pass."""
        told = self.commands.tick(elapsed_ms=tick.elapsed_ms, wall_ms=tick.recv_ms)
        outcome.commands += told.changes
        outcome.orders += told.downlinks
        for change in told.changes:
            outcome.books["command", change.state] += 1
        for device_id in told.unanswered:
            device = self.admission.registry.devices[device_id]
            self.engine.unanswered(device, tick)
            if self.shadow is not None:
                self.shadow.unanswered(device, tick)

    def more_waits(self, device_id: str) -> bool:
        """Whether something that this device kept is here and waits its turn."""
        if not len(self.backlog):
            return False
        device = self.admission.registry.devices.get(device_id)
        return device is not None and self.admission.batch_topic(device) in self.backlog

    def _answer(self, admitted: Admitted, elapsed_ms: int) -> None:
        """What devices are to be told of it, and what is missing of each."""
        self.downlinks.take(admitted, elapsed_ms)
        for device_id in admitted.gapped:
            slot = self.admission.registry.devices[device_id].slot
            self.health.missing(slot, self.admission.seen(slot).gaps())

    def _follow(self, records: list[Record], effects: Effects) -> None:
        """How the devices are: fire and health first, then what others know about causes."""
        self.news.records(records, effects)
        self.health.records(records)
        self.chargers.records(records)
        self._ridden(rounds_of_places(self.late_places.put(records)))
        self._tell_health()

    def _ridden(self, rounds: Iterable[Places]) -> None:
        for places in rounds:
            self.odometer.step(places)
            self.units.step(places)

    def _tell_health(self) -> None:
        """What holds now of the causes that chargers and units know."""
        for slot, causes in self.chargers.take_causes().items():
            self.health.note(slot, causes, CHARGER_CAUSES)
        for suspicion in self.units.take_changes():
            bits = 0 if suspicion.ratio is None else int(Cause.UNIT_SUSPECT)
            self.health.note(suspicion.slot, bits, int(Cause.UNIT_SUSPECT))
        for slot, causes in self.news.take_causes().items():
            self.health.note(slot, causes, FIRE_CAUSES)

    def _hear_health(self, outcome: Outcome) -> None:
        """What the tick changed of devices, and what is news of it."""
        outcome.effects.health += self.health.take_changes()
        outcome.effects.channels += self.health.take_channels()
        events = self.health.take_events()
        outcome.events += events
        self.news.hear(events, outcome.effects)

    def _detect(self, admitted: Admitted, outcome: Outcome) -> None:
        if outcome.records is not None:
            outcome.records += admitted.records
            outcome.duplicates += admitted.duplicates
        self.engine.records(admitted.records, outcome.effects)
        if self.shadow is not None:
            self.shadow.records(admitted.records)
        outcome.touched |= {
            r.device.slot for r in admitted.records if r.device.vehicle_id is not None
        }

    def _set_aside(self, refusals: list[Refusal], outcome: Outcome) -> None:
        """Keep what was refused, as far as its sender's bound goes; the rest is counted."""
        for refusal in refusals:
            known = self.admission.registry.devices.get(refusal.device_id)
            if refusal.reason is WireReason.CONFLICT and known is not None:
                self.health.conflict(known.slot, refusal.entry.elapsed_ms)
            if known is not None and is_fix_of(known, refusal.entry.topic):
                self.health.refused(known.slot)
            size = bound_size(refusal.entry.topic, refusal.detail, refusal.payload)
            sender = bound_id(refusal.device_id, refusal.entry.topic)
            if self.bound.take(sender, refusal.entry.recv_ms, size):
                outcome.refusals.append(refusal)
            else:
                outcome.books["quarantine_full", refusal.reason] += 1

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
                self.downlinks.forget(revoked)
                self.commands.forget(revoked.id)
        elif isinstance(control, CollectionTask):
            self._collect(control, entry)
        elif isinstance(control, SendCommand):
            self.commands.wish(
                Wish(
                    device_id=control.device_id,
                    order=control.order,
                    at_ms=control.at_ms,
                    by=control.by,
                )
            )
        elif isinstance(control, Requeue):
            admitted = self.admission.requeue(control, entry, outcome.books)
            outcome.refusals += admitted.refusals  # not bounded: their old rows are done with
            self.news.records(admitted.records, outcome.effects)  # told as late
            self.chargers.records(admitted.records)  # money is money; but it proves no life
            self._tell_health()
            self._answer(admitted, entry.elapsed_ms)
            self._detect(admitted, outcome)
            outcome.requeued += [held.row for held in control.messages]
            return
        if self.shadow is not None:
            self.shadow.control(control, entry)
        self.engine.control(control, entry, outcome.effects)
        self.news.control(control, entry, outcome.effects)

    def _collect(self, task: CollectionTask, entry: Entry) -> None:
        station = self.admission.registry.devices.get(task.device_id)
        if station is not None:
            now = {"recv_ms": entry.recv_ms, "elapsed_ms": entry.elapsed_ms}
            self.chargers.control(task, station.slot, **now)
            self._tell_health()

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
            bound=self.bound.dump(),
            downlinks=self.downlinks.dump(),
            health=self.health.dump(),
            chargers=self.chargers.dump(),
            odometer=self.odometer.dump(),
            units=self.units.dump(),
            engine=self.engine.dump(),
            backlog=self.backlog.dump(),
            commands=self.commands.dump(),
            news=self.news.dump(),
            late_places=self.late_places.dump(),
        )

    def load(self, state: PipelineState) -> None:
        """Take the state of a checkpoint."""
        self.admission.load(state.admission)
        self.bound.load(state.bound)
        self.downlinks.load(state.downlinks)
        self.health.load(state.health, self.admission.registry.devices.values())
        self.chargers.load(state.chargers)
        self.odometer.load(state.odometer)
        self.units.load(state.units)
        self.engine.load(state.engine, self.admission.registry)
        self.backlog.load(state.backlog)
        self.commands.load(state.commands)
        self.news.load(state.news)
        self.late_places.load(state.late_places)
