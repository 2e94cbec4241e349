"""Strong evidence alone tells the owner, never the police: it is no displacement."""

from alerts.detection.anchor import ARMED
from alerts.detection.signs import Sign
from alerts.model import AlertKind, Effects, Level
from alerts.open_alert import Cause
from alerts.scope import Scope
from devices.model import Device


def check_slot(slot: int, cause: Cause, scope: Scope, effects: Effects) -> None:
    """The same as ``check`` for the tracker of a slot, at its last place."""
    vehicle_id = scope.watch.vehicle_at(slot)
    device = next((d for d in scope.watch.trackers(vehicle_id) if d.slot == slot), None)
    if device is not None:
        check(device, scope.placed(scope.watch.place(slot, cause)), scope, effects)


def check(device: Device, cause: Cause, scope: Scope, effects: Effects) -> None:
    """Raise or strengthen an alert when what speaks for a theft is ``tamper_nats`` or more.

    Shaken and tilted within a minute it is handled, and told, too (scenarios 13 and 16). A work
    ticket explains all of it, the owner's phone nearby all but an opened tracker: he may be asleep
    upstairs. Other denials speak of movement alone.
    """
    watch, slot, now_ms = scope.watch, device.slot, cause.elapsed_ms
    vehicle = scope.vehicle_of(device)
    if vehicle is None or watch.anchors.mode[slot] != ARMED or vehicle.id in watch.carried:
        return
    counted = watch.evidence.counted(slot, now_ms)
    with_owner = Sign.PHONE_NEAR in counted and Sign.REMOVED not in counted
    explained = Sign.TICKET in counted or with_owner
    handled = Sign.TILT in counted and Sign.VIBRATION in counted
    strong = sum(nats for nats in counted.values() if nats > 0) >= scope.policy.tamper_nats
    if explained or not (handled or strong):
        return
    scope.cases.signal(
        vehicle,
        device,
        kind=AlertKind.TAMPER,
        level=Level.SUSPECTED,
        onset_ms=cause.t_ms,
        reasons=watch.witnesses(slot, now_ms),
        cause=cause,
        what="level",
        effects=effects,
    )
