"""An alert that turns out to be part of something else ends as ``merged``, unless confirmed."""

from dataclasses import replace

from alerts.detection.signs import Sign
from alerts.model import AlertKind, AlertState, Effects, Level, Reason
from alerts.open_alert import Cause, OpenAlert
from alerts.scope import Scope

MOVES = frozenset({AlertKind.MOVEMENT, AlertKind.GEOFENCE})
THEFTS = MOVES | {AlertKind.TAMPER}


def merge(
    vehicle_id: str,
    because: Reason,
    cause: Cause,
    *,
    scope: Scope,
    effects: Effects,
    kinds: frozenset[AlertKind] = MOVES,
) -> OpenAlert | None:
    """End the open, unconfirmed alert of a vehicle; gives it, None when there is none.

    What its tracker does from now on would be a new alert.
    """
    alert = _unconfirmed(vehicle_id, scope)
    if alert is None or alert.kind not in kinds:
        return None
    _end(alert, because, cause, scope, effects)
    return alert


def discounted(
    vehicle_id: str,
    sign: Sign,
    *,
    because: Reason,
    cause: Cause,
    scope: Scope,
    effects: Effects,
) -> None:
    """A sign of a vehicle counts nothing: so does it in its alert; one that lives of it ends."""
    alert = _unconfirmed(vehicle_id, scope)
    if alert is None:
        return
    code = sign.name.lower()
    alert.reasons = [replace(r, nats=0.0) if r.code == code else r for r in alert.reasons]
    left = sum(reason.nats for reason in alert.reasons if reason.nats > 0)
    if alert.kind is AlertKind.TAMPER and left < scope.policy.tamper_nats:
        _end(alert, because, cause, scope, effects)
    elif because.code not in {reason.code for reason in alert.reasons}:
        alert.reasons.append(because)


def _unconfirmed(vehicle_id: str, scope: Scope) -> OpenAlert | None:
    alert = scope.cases.open.get(vehicle_id)
    if alert is None or alert.level >= Level.CONFIRMED or alert.incident is not None:
        return None
    return alert


def _end(alert: OpenAlert, because: Reason, cause: Cause, scope: Scope, effects: Effects) -> None:
    alert.reasons.append(because)
    scope.cases.end(alert, state=AlertState.MERGED, what="merged", cause=cause, effects=effects)
    for device in scope.watch.trackers(alert.vehicle.id):
        scope.watch.anchors.quiet_t[device.slot] = cause.t_ms
