"""What people did, applied to watch and casebook: arm, disarm, answers, verdicts, closings."""

from alerts import report
from alerts.model import AlertKind, AlertState, Effects, Level
from alerts.open_alert import Cause, OpenAlert
from alerts.scope import Scope
from devices.control import (
    AnyControl,
    Arm,
    Delivered,
    DeskVerdict,
    Disarm,
    IncidentMoved,
    OwnerAnswer,
    ReportStolen,
)
from devices.entry import Entry
from devices.model import Device


def apply(control: AnyControl, entry: Entry, scope: Scope, effects: Effects) -> None:
    """Apply one control that is about vehicles and alerts; others change nothing here."""
    cause = Cause(
        t_ms=entry.recv_ms, recv_ms=entry.recv_ms, elapsed_ms=entry.elapsed_ms, by=control.by
    )
    match control:
        case Arm():
            for device in scope.watch.trackers(control.vehicle_id):
                scope.watch.arm(device.slot, cause.t_ms)
        case Disarm():
            for device in scope.watch.trackers(control.vehicle_id):
                disarm(device, cause, scope, effects)
        case ReportStolen():
            _report_stolen(control, cause, scope, effects)
        case OwnerAnswer() | DeskVerdict() | Delivered() | IncidentMoved():
            alert = scope.cases.by_id(control.alert_id)
            if alert is not None:  # a word on an alert that has ended changes nothing
                _answer(control, alert, cause, scope, effects)
        case _:
            pass


def disarm(device: Device, cause: Cause, scope: Scope, effects: Effects) -> None:
    """The key or the owner disarmed: an alert below level 3 ends, nothing is watched."""
    alert = scope.cases.open.get(device.vehicle_id or "")
    if alert is not None:
        stand_down(alert, cause, scope, effects)
    scope.watch.disarm(device.slot, cause.t_ms)


def stand_down(alert: OpenAlert, cause: Cause, scope: Scope, effects: Effects) -> None:
    """End an alert that was disarmed, unless a human confirmed it."""
    if alert.level < Level.CONFIRMED:
        state = AlertState.DISMISSED
        scope.cases.end(alert, state=state, what="disarmed", cause=cause, effects=effects)


def _answer(
    control: OwnerAnswer | DeskVerdict | Delivered | IncidentMoved,
    alert: OpenAlert,
    cause: Cause,
    scope: Scope,
    effects: Effects,
) -> None:
    cases, watch = scope.cases, scope.watch
    match control:
        case Delivered():
            if control.notice == "owner_notice":
                cases.told(alert, cause, control.receiver, effects)
            return
        case OwnerAnswer(answer="not_me"):
            cases.confirm(alert, "owner_not_me", cause, effects)
            return
        case DeskVerdict(verdict="confirm"):
            cases.confirm(alert, "desk_confirmed", cause, effects)
            return
        case IncidentMoved(state="closed"):
            state, what = AlertState.CONFIRMED, "incident_closed"
        case IncidentMoved():
            return
        case OwnerAnswer():
            state, what = AlertState.DISMISSED, "owner_me"
        case _:
            state, what = AlertState.DISMISSED, "desk_dismissed"
    cases.end(alert, state=state, what=what, cause=cause, effects=effects)
    for device in watch.trackers(alert.vehicle.id):
        if what == "owner_me":
            watch.let_ride(device.slot, cause.t_ms)
        else:
            watch.settle_anew(device.slot, cause.t_ms)


def _report_stolen(control: ReportStolen, cause: Cause, scope: Scope, effects: Effects) -> None:
    vehicle = scope.registry.vehicles.get(control.vehicle_id)
    device = scope.tracker_of(control.vehicle_id)
    if vehicle is None or device is None:
        return
    alert = scope.cases.open.get(vehicle.id)
    if alert is not None:
        scope.cases.confirm(alert, "reported_stolen", cause, effects)
        return
    scope.cases.signal(
        vehicle,
        device,
        kind=AlertKind.MOVEMENT,
        level=Level.CONFIRMED,
        onset_ms=control.at_ms,
        reasons=[report.human_reason("reported_stolen")],
        cause=scope.placed(scope.watch.place(device.slot, cause)),
        what="reported_stolen",
        effects=effects,
    )
