"""One step of people's work on an incident, from the request to the answer."""

from collections.abc import Callable

from alerts.model import Channel
from api.asking import labelled, newest, not_found
from api.case_schemas import DeliveryOut, IncidentOut
from api.deps import Services
from api.incident_moves import Change, Place, Step
from api.roles import CITY, Principal
from api.rows import IncidentRow, Tap

Decide = Callable[[IncidentRow, Step, Place], Change | None]


def find_incident(services: Services, principal: Principal, incident_id: str) -> IncidentRow:
    """Find an incident in the asker's scope.

    Raises:
        Problem: 404.
    """
    row = services.incidents.one(principal.scope, incident_id)
    if row is None:
        not_found()
    return row


def take_step(
    services: Services, incident_id: str, step: Step, decide: Decide, tap: Tap | None
) -> IncidentOut:
    """Look what the notices need, then decide and store in one transaction."""
    found = find_incident(services, step.principal, incident_id)
    trackers = tuple(services.devices.trackers([found.vehicle_id]))
    alert = services.alerts.one(CITY, found.alert_id)
    told = [DeliveryOut.model_validate(one) for one in services.incidents.deliveries(found.id)]
    webhooks = dict.fromkeys(one.receiver for one in told if one.channel == Channel.WEBHOOK)
    place = Place(
        vehicle=services.vehicles.one(CITY, found.vehicle_id),
        moved_m=alert.moved_m if alert is not None else None,
        believed=newest(services, trackers),
        webhooks=tuple(webhooks) or ("police",),
    )
    row = services.incidents.change(
        step.principal.scope, incident_id, lambda now: decide(now, step, place), tap
    )
    if row is None:
        not_found()
    return labelled(services, [IncidentOut.model_validate(row)])[0]
