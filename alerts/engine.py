"""From accepted records to alerts: (state, batch) -> effects, vectorised over vehicles.

Two records of one tracker in a batch are taken in separate rounds, so that a batch gives what
one by one would. No clock: times come with the entries.
"""

import msgspec
import numpy as np

from alerts import people, report
from alerts.batches import UNBELIEVED, believable, rounds_of, to_arrays
from alerts.casebook import Casebook
from alerts.detection import statistic
from alerts.detection.anchor import ARMED
from alerts.detection.evidence import SIGN_OF, WEIGHTS, Sign, reason_of
from alerts.fences import FenceWatch
from alerts.model import AlertKind, Effects, Group, Level
from alerts.open_alert import Cause, OpenAlert
from alerts.policy import DetectionPolicy, DispatchPolicy
from alerts.routing import GridIndex
from alerts.watch import Watch, WatchState
from devices.admission import Record
from devices.control import (
    AnyControl,
    DeleteFence,
    RegisterDevices,
    RegisterPlaces,
    RegisterVehicles,
    SaveFence,
)
from devices.entry import Entry
from devices.model import Device, DeviceClass, FenceKind, Vehicle
from devices.readings import Event, EventType, Fix
from devices.registry import Registry

OLD_EVENT_MS = 600_000
"""An older event is history, no witness (decisions.md 12)."""


class EngineState(msgspec.Struct):
    """For checkpoints."""

    watch: WatchState
    open: list[OpenAlert]
    noticed_ms: dict[str, int]
    fences: bytes


class Engine:
    """The detector, the ladder and the casebook of one processor."""

    def __init__(
        self, registry: Registry, detection: DetectionPolicy, dispatch: DispatchPolicy
    ) -> None:
        """Watch what ``registry`` knows; it is shared with admission and changed there."""
        self._policy = detection
        self._watch = Watch()
        self._fences = FenceWatch()
        self.cases = Casebook(dispatch)
        self.follow(registry)

    def follow(self, registry: Registry) -> None:
        """Take over a whole registry (start, or a loaded checkpoint)."""
        self._registry = registry
        self._grids = GridIndex(list(registry.grids.values()))
        self._fences.follow(list(registry.fences.values()))
        self._watch.follow(registry)

    def armed_state(self, slot: int) -> int:
        """``ArmedState`` of a tracker's vehicle."""
        return int(self._watch.anchors.mode[slot])

    def trackers(self, vehicle_id: str) -> list[Device]:
        """The trackers bound to a vehicle."""
        return self._watch.trackers(vehicle_id)

    def records(self, records: list[Record], effects: Effects) -> None:
        """Take accepted records in journal order."""
        for round_ in rounds_of(records):
            fixes = []
            for record in round_:
                reading = record.reading
                if isinstance(reading, Fix):
                    if believable(reading) and record.device.vehicle_id is not None:
                        fixes.append(record)
                elif isinstance(reading, Event) and record.device.cls is DeviceClass.TRACKER:
                    self._event(record, reading, effects)
            if fixes:
                self._fixes(fixes, effects)

    def control(self, control: AnyControl, entry: Entry, effects: Effects) -> None:
        """Take what a person, the API or the dispatcher did; the registry knows it already."""
        match control:
            case RegisterDevices():
                for device in control.devices:
                    self._watch.bind(device, self._registry)
            case RegisterVehicles():
                for vehicle in control.vehicles:
                    self._watch.arm_by_rule(vehicle.id, self._registry)
            case RegisterPlaces():
                self._grids = GridIndex(list(self._registry.grids.values()))
            case SaveFence() | DeleteFence():
                self._fences.follow(list(self._registry.fences.values()))
            case _:
                people.apply(
                    control,
                    entry,
                    watch=self._watch,
                    cases=self.cases,
                    registry=self._registry,
                    grids=self._grids,
                    effects=effects,
                )

    def tick(self, entry: Entry, effects: Effects) -> None:
        """Let time pass: the casebook's timers."""
        for alert in self.cases.tick(entry.elapsed_ms, entry.recv_ms, effects):
            for device in self._watch.trackers(alert.vehicle.id):
                if alert.back_ms < 0:
                    self._watch.settle_anew(device.slot)
                else:
                    self._watch.evidence.forget(device.slot)

    # -- fixes --------------------------------------------------------------------------

    def _fixes(self, records: list[Record], effects: Effects) -> None:
        fixes = to_arrays(records)
        elapsed = np.array([record.entry.elapsed_ms for record in records], np.int64)
        policy, evidence = self._policy, self._watch.evidence
        self._watch.ignitions(fixes, elapsed)
        moved = statistic.step(self._watch.anchors, fixes, policy)
        away = moved.scored & (moved.moved_m > policy.owner_min_m)
        evidence.from_fixes(
            fixes.slot, elapsed, moved.fast & moved.scored, moved.standing & moved.scored, away
        )
        total = moved.score + evidence.total(
            fixes.slot, elapsed, policy.evidence_min, policy.evidence_max
        )
        owner = (moved.owner_shape & (total > policy.owner_threshold)) | moved.slow
        police = moved.police_shape & (total > policy.police_threshold)
        for k in np.flatnonzero(owner | police).tolist():
            self._suspect(records[k], k, moved, police[k], effects)
        if self.cases.open:
            for k in np.flatnonzero(moved.scored).tolist():
                alert = self.cases.open.get(records[k].device.vehicle_id or "")
                if alert is not None:
                    self._follow_alert(alert, records[k], k, moved, effects)
        if self._fences.any:
            self._check_fences(records, effects)

    def _suspect(
        self,
        record: Record,
        k: int,
        moved: statistic.Moved,
        police: np.bool_,
        effects: Effects,
    ) -> None:
        """A fix at owner or police level: raise or strengthen the vehicle's alert."""
        device = record.device
        vehicle = self._vehicle(device)
        if vehicle is None:
            return
        cause = self._cause(record, float(moved.moved_m[k]))
        reasons = [
            report.movement_reason(
                score=float(moved.score[k]),
                moved_m=cause.moved_m,
                sigma_m=float(moved.sigma_m[k]),
            )
        ]
        if moved.slow[k] and not police:
            away_ms = cause.t_ms - int(self._watch.anchors.left_t[device.slot])
            reasons.append(report.slow_reason(moved_m=cause.moved_m, for_s=away_ms / 1000))
        reasons += self._watch.witnesses(device.slot, cause.elapsed_ms)
        groups = {r.group for r in reasons if r.nats > 0 or r.code == "movement"}
        known = self.cases.open.get(vehicle.id)
        if known is not None:
            groups |= known.groups
        probable = bool(police) and len(groups - {Group.HUMAN}) >= 2  # noqa: PLR2004 - decisions.md
        self.cases.signal(
            vehicle,
            device,
            kind=AlertKind.MOVEMENT,
            level=Level.PROBABLE if probable else Level.SUSPECTED,
            onset_ms=int(self._watch.anchors.quiet_t[device.slot]) or cause.t_ms,
            reasons=reasons,
            cause=cause,
            what="police_ready" if probable else "level",
            effects=effects,
        )

    def _follow_alert(
        self, alert: OpenAlert, record: Record, k: int, moved: statistic.Moved, effects: Effects
    ) -> None:
        """Where the vehicle of an open alert is now, and whether it is back."""
        cause = self._cause(record, float(moved.moved_m[k]))
        self.cases.moved(alert, cause, effects)
        if not moved.at_anchor[k]:
            alert.back_ms = -1
        elif alert.back_ms < 0 and alert.kind is AlertKind.MOVEMENT:
            alert.back_ms = cause.elapsed_ms

    # -- events -------------------------------------------------------------------------

    def _event(self, record: Record, event: Event, effects: Effects) -> None:
        device, entry = record.device, record.entry
        vehicle = self._vehicle(device)
        old = event.flags & UNBELIEVED or entry.recv_ms - event.t_ms > OLD_EVENT_MS
        if vehicle is None or not event.on or old:
            return
        if event.type is EventType.SOS:
            self.cases.signal(
                vehicle,
                device,
                kind=AlertKind.SOS,
                level=Level.DANGER,
                onset_ms=event.t_ms,
                reasons=[report.human_reason("sos")],
                cause=self._cause(record, self._watch.moved_m(device.slot)),
                what="sos",
                effects=effects,
            )
        elif event.type in {EventType.DISARM, EventType.UNLOCK}:
            cause = self._cause(record, self._watch.moved_m(device.slot))._replace(by=device.id)
            people.disarm(device, cause, watch=self._watch, cases=self.cases, effects=effects)
        elif event.type is EventType.ARM:
            self._watch.arm(device.slot)
        elif event.type is EventType.POWER_RESTORED:
            self._watch.evidence.forget(device.slot, Sign.POWER_CUT)
        elif event.type in SIGN_OF:
            self._watch.evidence.witness(device.slot, SIGN_OF[event.type], entry.elapsed_ms)
            self._check_tamper(record, vehicle, effects)

    def _check_tamper(self, record: Record, vehicle: Vehicle, effects: Effects) -> None:
        """Strong evidence alone tells the owner, never the police (it is no displacement)."""
        slot = record.device.slot
        if self._watch.anchors.mode[slot] != ARMED:
            return
        alive = self._watch.evidence.alive(slot, record.entry.elapsed_ms)
        if sum(WEIGHTS[sign].nats for sign in alive) < self._policy.tamper_nats:
            return
        self.cases.signal(
            vehicle,
            record.device,
            kind=AlertKind.TAMPER,
            level=Level.SUSPECTED,
            onset_ms=record.reading.t_ms,
            reasons=[reason_of(sign) for sign in alive],
            cause=self._cause(record, self._watch.moved_m(slot)),
            what="level",
            effects=effects,
        )

    # -- fences -------------------------------------------------------------------------

    def _check_fences(self, records: list[Record], effects: Effects) -> None:
        for record in records:
            vehicle, fix = self._vehicle(record.device), record.reading
            if vehicle is None or not isinstance(fix, Fix):
                continue
            armed = self._watch.anchors.mode[record.device.slot] == ARMED
            for event in self._fences.step(vehicle.id, fix, record.entry.elapsed_ms):
                left = event.what == "geofence_exit" and event.fence.kind is FenceKind.KEEP_IN
                entered = event.what != "geofence_exit" and event.fence.kind is FenceKind.KEEP_OUT
                if armed and (left or entered):
                    self._fence_alert(record, vehicle, event.what, effects)

    def _fence_alert(self, record: Record, vehicle: Vehicle, what: str, effects: Effects) -> None:
        code = "left_fence" if what == "geofence_exit" else "entered_fence"
        self.cases.signal(
            vehicle,
            record.device,
            kind=AlertKind.GEOFENCE,
            level=Level.SUSPECTED,
            onset_ms=record.reading.t_ms,
            reasons=[report.human_reason(code)],
            cause=self._cause(record, self._watch.moved_m(record.device.slot)),
            what=what,
            effects=effects,
        )

    # -- the rest -----------------------------------------------------------------------

    def _vehicle(self, device: Device) -> Vehicle | None:
        return self._registry.vehicles.get(device.vehicle_id or "")

    def _cause(self, record: Record, moved_m: float) -> Cause:
        """The record as a cause, at its own place or at the last one known."""
        reading, entry = record.reading, record.entry
        cause = Cause(
            t_ms=reading.t_ms,
            recv_ms=entry.recv_ms,
            elapsed_ms=entry.elapsed_ms,
            moved_m=moved_m,
        )
        if isinstance(reading, Fix | Event) and reading.lat_deg is not None:
            acc_m = reading.acc_m if isinstance(reading, Fix) else None
            cause = cause._replace(lat_deg=reading.lat_deg, lon_deg=reading.lon_deg, acc_m=acc_m)
        else:
            cause = self._watch.place(record.device.slot, cause)
        return cause._replace(grid=self._grids.grid_of(cause.lat_deg, cause.lon_deg))

    def dump(self) -> EngineState:
        """State for a checkpoint."""
        return EngineState(
            watch=self._watch.dump(),
            open=list(self.cases.open.values()),
            noticed_ms=self.cases.noticed_ms,
            fences=self._fences.dump(),
        )

    def load(self, state: EngineState, registry: Registry) -> None:
        """Take the state of a checkpoint, over the registry that was saved with it."""
        self._watch.load(state.watch)
        self.cases.open = {alert.vehicle.id: alert for alert in state.open}
        self.cases.noticed_ms = dict(state.noticed_ms)
        self._fences.load(state.fences)
        self.follow(registry)
