"""Incidents: the queue, one case with its log and deliveries, people's steps."""

from typing import Annotated

from fastapi import APIRouter, Depends

from alerts.lifecycle import IncidentState
from alerts.model import Channel
from alerts.report import mask_plate
from api.asking import newest, not_found, page_size
from api.auth import Requires
from api.bodies import AcknowledgeIn, CloseIn, MoveIn
from api.case_schemas import (
    DeliveryOut,
    IncidentDetailOut,
    IncidentOut,
    IncidentPage,
    IncidentStepOut,
)
from api.cursors import decode_cursor, encode_cursor
from api.deps import Services, ServicesDep
from api.fields import AreaFilter, Cursor, Limit, PathId
from api.incident_moves import Place, Step, decide
from api.privacy import looks_of, plate_for
from api.problems import Problem, ProblemCode
from api.roles import CITY, DEFAULT_PURPOSE, Permission, Principal, Purpose
from api.rows import IncidentRow

router = APIRouter(prefix="/v1/incidents", tags=["incidents"])

Reader = Annotated[Principal, Depends(Requires(Permission.INCIDENTS_READ))]
Worker = Annotated[Principal, Depends(Requires(Permission.INCIDENTS_WORK))]


@router.get("")
def list_incidents(
    *,
    services: ServicesDep,
    principal: Reader,
    state: IncidentState | None = None,
    area: AreaFilter = None,
    cursor: Cursor = None,
    limit: Limit = None,
) -> IncidentPage:
    """List incidents in scope, newest first."""
    key = decode_cursor(cursor, int, str)
    size = page_size(services, limit)
    feed_id = services.feed.head()
    rows = services.incidents.page(
        principal.scope,
        state=state,
        area=area,
        before=(int(key[0]), str(key[1])) if key else None,
        limit=size + 1,
    )
    page = rows[:size]
    return IncidentPage(
        incidents=[IncidentOut.model_validate(row) for row in page],
        feed_id=feed_id,
        next=encode_cursor(page[-1].opened_ms, page[-1].id) if len(rows) > size else None,
    )


@router.get("/{incident_id}")
def get_incident(
    incident_id: PathId, services: ServicesDep, principal: Reader
) -> IncidentDetailOut:
    """Get one incident with its log and who was told what."""
    row = _find(services, principal, incident_id)
    vehicle = services.vehicles.one(CITY, row.vehicle_id)
    whole = vehicle.plate if vehicle else ""
    plate = plate_for(principal, whole, incident_open=row.state != IncidentState.CLOSED)
    looks = looks_of(
        principal,
        row.vehicle_id,
        at_ms=services.now_ms(),
        purpose=DEFAULT_PURPOSE.get(principal.role, Purpose.PATROL_INCIDENT),
        position=False,
        plate=plate != mask_plate(whole),
    )
    if looks:
        services.actions.note(looks)
    return IncidentDetailOut(
        **IncidentOut.model_validate(row).model_dump(),
        label=vehicle.label if vehicle else "",
        plate=plate,
        log=[IncidentStepOut.model_validate(step) for step in services.incidents.log(row.id)],
        deliveries=[
            DeliveryOut.model_validate(told) for told in services.incidents.deliveries(row.id)
        ],
    )


@router.post("/{incident_id}/acknowledge")
def acknowledge_incident(
    incident_id: PathId,
    services: ServicesDep,
    principal: Worker,
    body: AcknowledgeIn | None = None,
) -> IncidentOut:
    """Take an incident. Of two people at once one wins; the other is told who has it (409)."""
    step = Step(
        state=IncidentState.ACKNOWLEDGED,
        principal=principal,
        at_ms=services.now_ms(),
        version=body.version if body else None,
    )
    return _move(services, incident_id, step)


@router.post("/{incident_id}/move")
def move_incident(
    incident_id: PathId, body: MoveIn, services: ServicesDep, principal: Worker
) -> IncidentOut:
    """Move an incident on: en route, on scene, recovered, not found, false alarm, cancelled."""
    if body.state is IncidentState.CLOSED:
        raise Problem(ProblemCode.INVALID, "close it by POST .../close: an outcome is required")
    step = Step(
        state=body.state,
        principal=principal,
        at_ms=services.now_ms(),
        reason=body.reason,
        version=body.version,
    )
    return _move(services, incident_id, step)


@router.post("/{incident_id}/close")
def close_incident(
    incident_id: PathId, body: CloseIn, services: ServicesDep, principal: Worker
) -> IncidentOut:
    """Close an incident with its outcome."""
    step = Step(
        state=IncidentState.CLOSED,
        principal=principal,
        at_ms=services.now_ms(),
        reason=body.reason,
        outcome=body.outcome,
        version=body.version,
    )
    return _move(services, incident_id, step)


def _find(services: Services, principal: Principal, incident_id: str) -> IncidentRow:
    row = services.incidents.one(principal.scope, incident_id)
    if row is None:
        not_found()
    return row


def _move(services: Services, incident_id: str, step: Step) -> IncidentOut:
    """Look what the notices need, then decide and store in one transaction."""
    found = _find(services, step.principal, incident_id)
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
        step.principal.scope, incident_id, lambda now: decide(now, step, place)
    )
    if row is None:
        not_found()
    return IncidentOut.model_validate(row)
