"""From accepted records to alerts: (state, batch) -> effects, vectorised over vehicles.

Two records of one tracker in a batch are taken in separate rounds, so that a batch gives what
one by one would. No clock: times come with the entries. Late records wait in a lane of their own
(``alerts.late``) and change nothing here.
"""

import math
from collections.abc import Callable
from datetime import UTC, tzinfo
from functools import partial

import numpy as np

from alerts import fence_events, labelling, late_alerts, live_events, people, report
from alerts.anchored_site import anchored_site
from alerts.asking import Asking, Why, ask_about, ask_event, unanswered
from alerts.batches import LIVE, Lane, lane_of_event, lane_of_fix, rounds_of, to_arrays
from alerts.casebook import Casebook
from alerts.detection import statistic
from alerts.detection.anchor import ARMED
from alerts.detection.leaps import SITE_M
from alerts.detection.thresholds import CODE_OF, Thresholds
from alerts.engine_state import EngineState
from alerts.fences import FenceWatch
from alerts.late import LateLane
from alerts.model import AlertKind, Effects, Group, Level
from alerts.open_alert import OpenAlert
from alerts.policy import DetectionPolicy, DispatchPolicy
from alerts.routing import GridIndex
from alerts.rules.geofence import Side
from alerts.scope import Scope
from alerts.sight import Look, Observer
from alerts.site_classes import SiteClasses
from alerts.surroundings import Surroundings
from alerts.watch import Watch
from alerts.witness_policy import WitnessPolicy
from devices.admitted import Record
from devices.commands import Wish
from devices.control import (
    AnyControl,
    DeleteFence,
    RegisterDevices,
    RegisterPlaces,
    RegisterVehicles,
    RevokeDevice,
    SaveFence,
)
from devices.entry import Entry
from devices.model import Device, DeviceClass, SiteClass
from devices.readings import DeviceInfo, Event, Fix
from devices.registry import Registry

JUDGED_A_TICK = 20_000
"""Late fixes judged in one second (but always one upload): 0.1 s of CPU, and live records wait."""


class Engine:
    """The detector, the ladder and the casebook of one processor.

    Attributes:
        observer: Shown what the engine sees; None costs nothing.
        around, scope: What is around the vehicles (``around.hearing``: who speaks); all parts.
        more_waits: Whether more records of a device are here and wait their turn.
    """

    def __init__(
        self,
        registry: Registry,
        detection: DetectionPolicy,
        dispatch: DispatchPolicy,
        *,
        thresholds: Thresholds,
        witness: WitnessPolicy | None = None,
        zone: tzinfo = UTC,
    ) -> None:
        """Watch what ``registry`` knows; it is shared with admission and changed there."""
        self._policy = detection
        self._thresholds = thresholds
        self._watch = Watch()
        self._fences = FenceWatch()
        self._late = LateLane()
        self._late_told: dict[str, int] = {}
        self.cases = Casebook(dispatch)
        self._asking = Asking(detection)
        witness = witness or WitnessPolicy()
        self._sites, self.around = SiteClasses(witness.site_m), Surroundings(witness, zone)
        self.observer: Observer | None = None
        self.more_waits: Callable[[str], bool] = lambda _: False
        self.follow(registry)

    def follow(self, registry: Registry) -> None:
        """Take over a whole registry (start, or a loaded checkpoint)."""
        self._fences.follow(registry.fences.values())
        self._watch.follow(registry)
        self._sites.follow(registry)
        self.around.follow(registry)
        self.cases.class_of = self._sites.class_of
        self.cases.site_of = partial(anchored_site, watch=self._watch, book=self.around)
        self.scope = Scope(
            policy=self._policy,
            registry=registry,
            grids=GridIndex(list(registry.grids.values())),
            watch=self._watch,
            fences=self._fences,
            cases=self.cases,
            sites=self._sites,
        )

    def armed_state(self, slot: int) -> int:
        """``ArmedState`` of a tracker's vehicle."""
        return int(self._watch.anchors.mode[slot])

    def trackers(self, vehicle_id: str) -> list[Device]:
        """The trackers bound to a vehicle."""
        return self._watch.trackers(vehicle_id)

    def take_rearmed(self) -> set[int]:
        """Slots that were armed or disarmed by other than a fix of theirs since the last call."""
        rearmed, self._watch.rearmed = self._watch.rearmed, set()
        return rearmed

    def take_wishes(self) -> list[Wish]:
        """What trackers are to be asked since the last call."""
        return self._asking.take()

    def unanswered(self, device: Device, entry: Entry) -> None:
        """A tracker did not answer a question of ours: a weak sign, while it is watched."""
        unanswered(device.slot, entry.elapsed_ms, self._watch)

    @property
    def unusable(self) -> dict[str, str]:
        """Fences and grids that nobody can watch or route by, with the reason of each."""
        fences = {f"fence {name}": why for name, why in self._fences.unusable.items()}
        sites = {f"site {name}": why for name, why in self._sites.unusable.items()}
        grids = {f"grid {name}": why for name, why in self.scope.grids.unusable.items()}
        return fences | sites | grids

    def fence_side(self, vehicle_id: str, fence_id: str) -> Side:
        """Where a vehicle is by its last decisive fix; UNKNOWN before there was one."""
        return self._fences.side_of(vehicle_id, fence_id)

    @property
    def waits(self) -> bool:
        """Whether ticks have something to decide: an open alert, or a late upload."""
        return bool(self.cases.open or self._late or self._asking.waits or self.around.waits)

    def records(self, records: list[Record], effects: Effects) -> None:
        """Take accepted records in journal order."""
        if self.observer is not None:
            self.observer.heard(records)
        rebound = self.scope.registry.rebound
        for round_ in rounds_of(records):
            fixes = []
            for record in round_:
                reading = record.reading
                if isinstance(reading, Fix):
                    lane = self._lane_of(record, reading)
                    if lane is LIVE:
                        if not rebound or self.scope.is_of_now(record.device):
                            fixes.append(record)
                    elif lane is Lane.LATE:
                        self._late.take(record)
                else:
                    self._other(record, effects)
            if fixes:
                self._fixes(fixes, effects)

    def _lane_of(self, record: Record, fix: Fix) -> Lane:
        if record.device.vehicle_id is None:
            return Lane.NEVER
        lane = lane_of_fix(fix)
        return Lane.LATE if lane is LIVE and self._late and self._late.holds(record) else lane

    def _other(self, record: Record, effects: Effects) -> None:
        reading, device = record.reading, record.device
        if isinstance(reading, Event) and device.cls is DeviceClass.TRACKER:
            self._event(record, reading, effects)
        elif device.cls is DeviceClass.CHARGER:
            self.around.station(record)
        elif isinstance(reading, DeviceInfo):
            self._asking.learn(device, reading)

    def control(self, control: AnyControl, entry: Entry, effects: Effects) -> None:
        """Take what a person, the API or the dispatcher did; the registry knows it already."""
        registry = self.scope.registry
        match control:
            case RegisterDevices():
                for device in control.devices:
                    self._watch.bind(device, registry, entry.recv_ms)
                self._sites.bind(control.devices, registry)
                self.around.devices(control.devices)
            case RevokeDevice():
                revoked = registry.devices.get(control.device_id)
                if revoked is not None:
                    self._watch.bind(revoked, registry, entry.recv_ms)
            case RegisterVehicles():
                for vehicle in control.vehicles:
                    self._watch.off_hours.discard(vehicle.id)
                    self._watch.arm_by_rule(vehicle.id, registry)
                    self._sites.bind(self._watch.trackers(vehicle.id), registry)
                self.around.vehicles(control.vehicles)
            case RegisterPlaces():
                self.scope.grids = GridIndex(registry.grids.values(), self.scope.grids)
                self._sites.places_changed(registry, self._watch.anchors)
                self.around.places_changed(registry)
            case SaveFence() | DeleteFence():
                self._fences.take(control)
            case _:
                labelling.take(control, entry, self.cases, effects)
                people.apply(control, entry, self.scope, effects)
                self.around.control(control, entry, self.scope, effects)
        if self.observer is not None:
            self.observer.acted(control, entry)

    def tick(self, entry: Entry, effects: Effects) -> None:
        """Let time pass: the casebook's timers, and late uploads that are over."""
        for alert in self.cases.tick(entry.elapsed_ms, entry.recv_ms, effects):
            for device in self._watch.trackers(alert.vehicle.id):
                if alert.back_ms < 0 and not alert.late:
                    self._watch.settle_anew(device.slot, entry.recv_ms)
                else:
                    self._watch.evidence.forget(device.slot)
        self.around.tick(entry, self.scope, effects)
        self._asking.tick(entry.elapsed_ms, entry.recv_ms, self.cases.open)
        if self._late:
            self._judge(entry, self._policy.late_settle_s, JUDGED_A_TICK, effects)

    def finish(self, entry: Entry, effects: Effects) -> None:
        """Judge every late upload now: the input has ended (replay), nothing will follow."""
        self._judge(entry, 0.0, math.inf, effects)

    def _judge(self, entry: Entry, settle_s: float, budget: float, effects: Effects) -> None:
        due = self._late.due(entry.elapsed_ms, settle_s * 1000, budget, self.more_waits)
        for upload in due:
            told = self._late_told
            late_alerts.settle(upload, tick=entry, told=told, scope=self.scope, effects=effects)

    # -- live -------------------------------------------------------------------------------

    def _event(self, record: Record, event: Event, effects: Effects) -> None:
        lane = lane_of_event(event, record.entry.recv_ms)
        if lane is Lane.LIVE:
            live_events.take(record, event, self.scope, effects)
            self.around.event(record, event, self.scope)
            ask_event(record, asking=self._asking, scope=self.scope)
        elif lane is Lane.LATE and record.device.vehicle_id is not None:
            self._late.take(record)

    def _fixes(self, records: list[Record], effects: Effects) -> None:
        fixes = to_arrays(records)
        elapsed = np.array([record.entry.elapsed_ms for record in records], np.int64)
        policy, evidence = self._policy, self._watch.evidence
        self._watch.ignitions(fixes, elapsed)
        moved = statistic.step(self._watch.anchors, fixes, policy)
        self._sites.anchored(fixes.slot[moved.armed_now | moved.towed], self._watch.anchors)
        site = self._sites.codes(fixes.slot)
        self._watch.anchors.site_m[fixes.slot] = SITE_M[site]
        owner_nats, police_nats = self._thresholds.owner[site], self._thresholds.police[site]
        away = moved.scored & (moved.moved_m > policy.owner_min_m)
        evidence.from_fixes(
            fixes.slot, elapsed, moved.fast & moved.scored, moved.standing & moved.scored, away
        )
        self.around.fixes(records, fixes, moved, scope=self.scope, effects=effects)  # may let go
        slot, clip = fixes.slot, (policy.evidence_min, policy.evidence_max)
        told = ~evidence.excused(slot, elapsed) & (self._watch.anchors.mode[slot] == ARMED)
        total = moved.score + evidence.total(slot, elapsed, *clip)
        kept = moved.kept & ~evidence.denied(slot, elapsed) & told
        far = moved.owner_shape & (moved.alone | (total > moved.score))  # nearer: with a witness
        gone_ms = fixes.t_ms - self._watch.anchors.left_t[slot]
        sure = (moved.slow & ~evidence.unmoved(slot, elapsed, gone_ms)) | moved.towed
        owner = (far & (total > owner_nats) | sure) & told
        police = moved.police_shape & (total > police_nats) & told
        kept &= site == CODE_OF[SiteClass.OPEN]
        ask_about(records, moved, total, asking=self._asking, scope=self.scope)
        for k in np.flatnonzero(owner | police | kept).tolist():
            self._suspect(records[k], k, moved, kept=kept[k], police=police[k], effects=effects)
        if self.cases.open:
            for k in np.flatnonzero(moved.scored).tolist():
                alert = self.cases.open.get(records[k].device.vehicle_id or "")
                if alert is not None:
                    self._follow_alert(alert, records[k], k, moved, effects)
        if self._fences.any:
            doubt = np.where(owner | police | kept, np.inf, total)
            fence_events.check(records, fixes, moved, doubt, scope=self.scope, effects=effects)
        if self.observer is not None:
            self.observer.saw(
                Look(
                    records=records,
                    moved=moved,
                    total=total,
                    owner_threshold=owner_nats,
                    police_threshold=police_nats,
                    site=site,
                    owner=owner,
                    police=police,
                    kept=kept,
                    watch=self._watch,
                    policy=policy,
                )
            )

    def _suspect(
        self,
        record: Record,
        k: int,
        moved: statistic.Moved,
        *,
        kept: np.bool_,
        police: np.bool_,
        effects: Effects,
    ) -> None:
        """A fix at owner or police level: raise or strengthen the vehicle's alert."""
        device, fix = record.device, record.reading
        vehicle = self.scope.vehicle_of(device)
        if vehicle is None or self.around.is_carried(vehicle.id):
            return
        cause = self.scope.cause_of(record, float(moved.moved_m[k]))
        reasons = [
            report.movement_reason(
                score=float(moved.score[k]),
                moved_m=cause.moved_m,
                sigma_m=float(moved.sigma_m[k]),
            )
        ]
        if (moved.slow[k] or kept) and not police:
            anchors, slot = self._watch.anchors, device.slot
            since_ms = int(anchors.left_t[slot] if moved.slow[k] else anchors.kept_t[slot])
            away_s = (cause.t_ms - since_ms) / 1000
            reasons.append(report.slow_reason(moved_m=cause.moved_m, for_s=away_s))
        if moved.towed[k] and isinstance(fix, Fix):
            reasons.append(report.towed_reason(fix.speed_mps or 0.0))
        reasons += self._watch.witnesses(device.slot, cause.elapsed_ms)
        if vehicle.id not in self.cases.open:  # later it did count while it counted
            reasons += self._watch.discounted(device.slot, cause.elapsed_ms)
            reasons += self.around.cameras(cause)
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
        cause = self.scope.cause_of(record, float(moved.moved_m[k]))
        self.cases.moved(alert, cause, effects)
        if not moved.at_anchor[k]:
            alert.back_ms = -1
            sure = alert.level >= Level.CONFIRMED
            self._asking.ask(record, cause, Why.ALERT, sure=sure)
        elif alert.back_ms < 0 and alert.kind is AlertKind.MOVEMENT:
            alert.back_ms = cause.elapsed_ms

    # -- checkpoints ------------------------------------------------------------------------

    def dump(self) -> EngineState:
        """State for a checkpoint."""
        return EngineState(
            watch=self._watch.dump(),
            open=list(self.cases.open.values()),
            noticed_ms=self.cases.noticed_ms,
            fences=self._fences.dump(),
            late=self._late.waiting,
            late_told=self._late_told,
            sites=self._sites.dump(),
            standings=self.cases.demotions.standings,
            unclosed=list(self.cases.unclosed.values()),
            asking=self._asking.dump(),
            around=self.around.dump(),
        )

    def load(self, state: EngineState, registry: Registry) -> None:
        """Take the state of a checkpoint, over the registry that was saved with it."""
        self._watch.load(state.watch)
        self.cases.open = {alert.vehicle.id: alert for alert in state.open}
        self.cases.noticed_ms = dict(state.noticed_ms)
        self.cases.demotions.standings = dict(state.standings)
        self.cases.unclosed = {alert.alert_id: alert for alert in state.unclosed}
        self._fences.load(state.fences)
        self._asking.load(state.asking)
        self.around.load(state.around)
        self._watch.carried = dict(state.around.identity.carried)
        self._watch.off_hours = {v for v, on in state.around.scheduled.items() if not on}
        self._late = LateLane(state.late)
        self._late_told = dict(state.late_told)
        self._sites.load(state.sites)
        self.follow(registry)
