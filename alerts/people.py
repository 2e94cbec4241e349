"""What people did, applied to watch and casebook: arm, disarm, answers, verdicts, closings."""

from alerts import report
from alerts.casebook import Casebook
from alerts.model import AlertKind, AlertState, Effects, Level
from alerts.open_alert import Cause, OpenAlert
from alerts.routing import GridIndex
from alerts.watch import Watch
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
from devices.registry import Registry


def apply(
    control: AnyControl,
    entry: Entry,
    *,
    watch: Watch,
    cases: Casebook,
    registry: Registry,
    grids: GridIndex,
    effects: Effects,
) -> None:
    """Apply one control that is about vehicles and alerts; others change nothing here."""
    cause = Cause(
        t_ms=entry.recv_ms, recv_ms=entry.recv_ms, elapsed_ms=entry.elapsed_ms, by=control.by
    )
    match control:
        case Arm():
            for device in watch.trackers(control.vehicle_id):
                watch.arm(device.slot, cause.t_ms)
        case Disarm():
            for device in watch.trackers(control.vehicle_id):
                disarm(device, cause, watch=watch, cases=cases, effects=effects)
        case ReportStolen():
            _report_stolen(
                control,
                cause,
                watch=watch,
                cases=cases,
                registry=registry,
                grids=grids,
                effects=effects,
            )
        case OwnerAnswer() | DeskVerdict() | Delivered() | IncidentMoved():
            alert = cases.by_id(control.alert_id)
            if alert is not None:  # a word on an alert that has ended changes nothing
                _answer(control, alert, cause, watch=watch, cases=cases, effects=effects)
        case _:
            pass


def disarm(
    device: Device, cause: Cause, *, watch: Watch, cases: Casebook, effects: Effects
) -> None:
    """The key or the owner disarmed: an alert below level 3 ends, nothing is watched."""
    alert = cases.open.get(device.vehicle_id or "")
    if alert is not None and alert.level < Level.CONFIRMED:
        state = AlertState.DISMISSED
        cases.end(alert, state=state, what="disarmed", cause=cause, effects=effects)
    watch.disarm(device.slot, cause.t_ms)


def _answer(
    control: OwnerAnswer | DeskVerdict | Delivered | IncidentMoved,
    alert: OpenAlert,
    cause: Cause,
    *,
    watch: Watch,
    cases: Casebook,
    effects: Effects,
) -> None:
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


def _report_stolen(
    control: ReportStolen,
    cause: Cause,
    *,
    watch: Watch,
    cases: Casebook,
    registry: Registry,
    grids: GridIndex,
    effects: Effects,
) -> None:
    vehicle = registry.vehicles.get(control.vehicle_id)
    trackers = watch.trackers(control.vehicle_id)
    if vehicle is None or not trackers:
        return
    alert = cases.open.get(vehicle.id)
    if alert is not None:
        cases.confirm(alert, "reported_stolen", cause, effects)
        return
    cause = watch.place(trackers[0].slot, cause)
    cases.signal(
        vehicle,
        trackers[0],
        kind=AlertKind.MOVEMENT,
        level=Level.CONFIRMED,
        onset_ms=control.at_ms,
        reasons=[report.human_reason("reported_stolen")],
        cause=cause._replace(grid=grids.grid_of(cause.lat_deg, cause.lon_deg)),
        what="reported_stolen",
        effects=effects,
    )
