"""What becomes of a fix at a fence: a crossing for everybody, an alert for an armed vehicle."""

from alerts import report
from alerts.detection.anchor import ARMED
from alerts.model import AlertKind, Effects, FenceCrossing, Level
from alerts.rules.geofence import FenceEvent
from alerts.scope import Scope
from devices.admitted import Record
from devices.model import FenceKind, Vehicle
from devices.readings import Fix


def check(record: Record, scope: Scope, effects: Effects) -> None:
    """One fix that is in order and no teleport."""
    device, fix, entry = record.device, record.reading, record.entry
    vehicle = scope.vehicle_of(device)
    if vehicle is None or not isinstance(fix, Fix):
        return
    for event in scope.fences.step(vehicle.id, fix, entry.elapsed_ms):
        effects.crossings.append(
            FenceCrossing(
                vehicle_id=vehicle.id,
                device_id=device.id,
                fence_id=event.fence.id,
                what=event.what,
                t_ms=event.t_ms,
                recv_ms=entry.recv_ms,
                inferred=event.inferred,
            )
        )
        if scope.watch.anchors.mode[device.slot] == ARMED and _alarms(event):
            _raise(record, vehicle, event, scope, effects)


def _alarms(event: FenceEvent) -> bool:
    """Leaving where it must stay, unless nothing was sure of it; entering where it must not be."""
    if event.what == "geofence_exit":
        return event.fence.kind is FenceKind.KEEP_IN and not event.inferred
    return event.fence.kind is FenceKind.KEEP_OUT


def _raise(
    record: Record, vehicle: Vehicle, event: FenceEvent, scope: Scope, effects: Effects
) -> None:
    code = "left_fence" if event.what == "geofence_exit" else "entered_fence"
    scope.cases.signal(
        vehicle,
        record.device,
        kind=AlertKind.GEOFENCE,
        level=Level.SUSPECTED,
        onset_ms=event.t_ms,
        reasons=[report.human_reason(code)],
        cause=scope.cause_of(record, scope.watch.moved_m(record.device.slot)),
        what=event.what,
        effects=effects,
    )
