"""What becomes of a fix at a fence: a crossing for everybody, an alert for an armed vehicle."""

import numpy as np

from alerts import report
from alerts.detection.anchor import ARMED, F8
from alerts.detection.statistic import CLIP_HIGH, Fixes, Moved
from alerts.fence_pairs import Heard
from alerts.model import AlertKind, Effects, FenceCrossing, Level
from alerts.rules.geofence import FenceEvent
from alerts.scope import Scope
from devices.admitted import Record
from devices.model import FenceKind, Vehicle

PARKED_NATS = CLIP_HIGH
"""Up to here, S and evidence together, an armed vehicle of which no rule speaks is held for parked:
one fix may say as much by itself, a ride that left says more with its second."""


def check(
    records: list[Record], fixes: Fixes, moved: Moved, total: F8, *, scope: Scope, effects: Effects
) -> None:
    """Fixes that are in order and no teleports.

    ``total`` is S and evidence of each, nats; infinite where a rule tells the owner.
    """
    known = scope.registry.vehicles
    which = np.flatnonzero(moved.accepted)
    taken = [k for k in which.tolist() if records[k].device.vehicle_id in known]
    at = np.array(taken, np.int64)
    heard = Heard(
        vehicles=[records[k].device.vehicle_id or "" for k in taken],
        lat_deg=fixes.lat_deg[at],
        lon_deg=fixes.lon_deg[at],
        acc_m=fixes.acc_m[at],
        t_ms=fixes.t_ms[at],
        elapsed_ms=np.array([records[k].entry.elapsed_ms for k in taken], np.int64),
        parked_m=np.where(moved.scored & (total <= PARKED_NATS), moved.moved_m, np.nan)[at],
    )
    for k, event in scope.fences.step(heard):
        _cross(records[taken[k]], event, scope, effects)


def _cross(record: Record, event: FenceEvent, scope: Scope, effects: Effects) -> None:
    device, entry = record.device, record.entry
    vehicle = scope.vehicle_of(device)
    if vehicle is None:
        return
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
