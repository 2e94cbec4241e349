"""What a tracker noticed by itself, now: SOS, keys, and witnesses of a theft."""

from alerts import people, report
from alerts.detection.anchor import ARMED
from alerts.detection.evidence import SIGN_OF, WEIGHTS, Sign, reason_of
from alerts.model import AlertKind, Effects, Level
from alerts.scope import Scope
from devices.admitted import Record
from devices.model import Vehicle
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
    elif event.type is EventType.ARM:
        watch.arm(device.slot, event.t_ms)
    elif event.type is EventType.POWER_RESTORED:
        watch.evidence.forget(device.slot, Sign.POWER_CUT)
    elif event.type in SIGN_OF:
        watch.evidence.witness(device.slot, SIGN_OF[event.type], record.entry.elapsed_ms)
        _check_tamper(record, vehicle, scope, effects)


def _check_tamper(record: Record, vehicle: Vehicle, scope: Scope, effects: Effects) -> None:
    """Strong evidence alone tells the owner, never the police (it is no displacement)."""
    slot = record.device.slot
    if scope.watch.anchors.mode[slot] != ARMED:
        return
    alive = scope.watch.evidence.alive(slot, record.entry.elapsed_ms)
    if sum(WEIGHTS[sign].nats for sign in alive) < scope.policy.tamper_nats:
        return
    scope.cases.signal(
        vehicle,
        record.device,
        kind=AlertKind.TAMPER,
        level=Level.SUSPECTED,
        onset_ms=record.reading.t_ms,
        reasons=[reason_of(sign) for sign in alive],
        cause=scope.cause_of(record, scope.watch.moved_m(slot)),
        what="level",
        effects=effects,
    )
