"""The incident's transition table. ``move`` is the only way a state changes."""

from enum import StrEnum

from alerts.errors import IllegalTransition, OutcomeRequired


class IncidentState(StrEnum):
    """People's side (incidents.md)."""

    OPEN = "open"
    ASSIGNED = "assigned"
    ACKNOWLEDGED = "acknowledged"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"
    RECOVERED = "recovered"
    NOT_FOUND = "not_found"
    FALSE_ALARM = "false_alarm"
    CANCELLED = "cancelled"
    CLOSED = "closed"


class Outcome(StrEnum):
    """Required to close; labels the detector's data."""

    THEFT_RECOVERED_ARREST = "theft_recovered_arrest"
    THEFT_RECOVERED = "theft_recovered"
    THEFT_NOT_RECOVERED = "theft_not_recovered"
    BORROWED_BY_FAMILY = "borrowed_by_family"
    OWNER_ERROR = "owner_error"
    TOWED_BY_AUTHORITY = "towed_by_authority"
    MAINTENANCE = "maintenance"
    GPS_DRIFT = "gps_drift"
    DEVICE_FAULT = "device_fault"
    FIRE = "fire"
    TEST = "test"
    UNKNOWN = "unknown"


_S = IncidentState
_WORK = frozenset({_S.RECOVERED, _S.NOT_FOUND, _S.FALSE_ALARM, _S.CANCELLED})
TRANSITIONS: dict[IncidentState, frozenset[IncidentState]] = {
    _S.OPEN: frozenset({_S.ASSIGNED, _S.ACKNOWLEDGED, _S.CANCELLED, _S.FALSE_ALARM, _S.CLOSED}),
    _S.ASSIGNED: frozenset({_S.ACKNOWLEDGED, _S.CANCELLED, _S.FALSE_ALARM, _S.CLOSED}),
    _S.ACKNOWLEDGED: frozenset({_S.EN_ROUTE, _S.ON_SCENE, _S.CLOSED}) | _WORK,
    _S.EN_ROUTE: frozenset({_S.ON_SCENE, _S.CLOSED}) | _WORK,
    _S.ON_SCENE: frozenset({_S.CLOSED}) | _WORK,
    _S.RECOVERED: frozenset({_S.CLOSED}),
    _S.NOT_FOUND: frozenset({_S.CLOSED, _S.EN_ROUTE}),
    _S.FALSE_ALARM: frozenset({_S.CLOSED}),
    _S.CANCELLED: frozenset({_S.CLOSED}),
    _S.CLOSED: frozenset(),
}
"""From each state, the states people may move to. ``closed`` needs an outcome."""


def move(
    old: IncidentState, new: IncidentState, *, outcome: Outcome | None = None
) -> IncidentState:
    """Check one transition and give the new state.

    Raises:
        IllegalTransition: The table does not allow it; names what it does allow.
        OutcomeRequired: Closing without an outcome.
    """
    if new not in TRANSITIONS[old]:
        raise IllegalTransition(old, new, sorted(TRANSITIONS[old]))
    if new is IncidentState.CLOSED and outcome is None:
        raise OutcomeRequired(sorted(Outcome))
    return new
