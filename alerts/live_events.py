"""What a tracker noticed by itself, now: SOS, keys, and witnesses of a theft."""

from alerts import people, report, tampering
from alerts.detection.evidence import SIGN_OF, Sign
from alerts.model import AlertKind, Effects, Level
from alerts.scope import Scope
from devices.admitted import Record
from devices.readings import Event, EventType


def take(record: Record, event: Event, scope: Scope, effects: Effects) -> None:
    """One event of the live lane."""
    device, watch = record.device, scope.watch
    vehicle = scope.vehicle_of(device)
    if vehicle is None or not event.on:
        return
    if event.type is not EventType.SOS and not scope.is_of_now(device):
        return  # its tracker is on another vehicle since: no word on how that one is watched
    if event.type is EventType.SOS:
        scope.cases.signal(
            vehicle,
            device,
            kind=AlertKind.SOS,
            level=Level.DANGER,
            onset_ms=event.t_ms,
            reasons=[report.human_reason("sos")],
            cause=scope.cause_of(record, watch.moved_m(device.slot)),
            what="sos",
            effects=effects,
        )
    elif event.type in {EventType.DISARM, EventType.UNLOCK}:
        cause = scope.cause_of(record, watch.moved_m(device.slot))._replace(by=device.id)
        people.disarm(device, cause, scope, effects)
    elif event.type is EventType.ARM and not watch.is_held_back(device.slot):
        watch.arm(device.slot, event.t_ms)
    elif event.type is EventType.POWER_RESTORED:
        watch.evidence.forget(device.slot, Sign.POWER_CUT)
    elif event.type in SIGN_OF:
        watch.evidence.witness(device.slot, SIGN_OF[event.type], record.entry.elapsed_ms)
        cause = scope.cause_of(record, watch.moved_m(device.slot))
        tampering.check(device, cause, scope, effects)
