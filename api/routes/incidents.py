"""Incidents: the queue, one case with its log and deliveries, people's steps."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from alerts.lifecycle import IncidentState
from alerts.model import AlertKind
from alerts.report import mask_plate
from api.asking import labelled, page_size
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
from api.incident_moves import Step, decide
from api.incident_steps import find_incident, take_step
from api.privacy import looks_of, plate_for
from api.problems import Problem, ProblemCode
from api.roles import CITY, DEFAULT_PURPOSE, Permission, Principal, Purpose
from api.taps import TapKey, tap_of

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
    kind: AlertKind | None = None,
    is_open: Annotated[
        bool | None, Query(alias="open", description="true: not closed; false: closed")
    ] = None,
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
        kind=kind,
        is_open=is_open,
        before=(int(key[0]), str(key[1])) if key else None,
        limit=size + 1,
    )
    page = rows[:size]
    return IncidentPage(
        incidents=labelled(services, [IncidentOut.model_validate(row) for row in page]),
        feed_id=feed_id,
        next=encode_cursor(page[-1].opened_ms, page[-1].id) if len(rows) > size else None,
    )


@router.get("/{incident_id}")
def get_incident(
    incident_id: PathId, services: ServicesDep, principal: Reader
) -> IncidentDetailOut:
    """Get one incident with its log and who was told what."""
    row = find_incident(services, principal, incident_id)
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
        **IncidentOut.model_validate(row).model_dump(exclude={"label"}),
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
    key: TapKey = None,
) -> IncidentOut:
    """Take an incident. Of two people at once one wins; the other is told who has it (409)."""
    step = Step(
        state=IncidentState.ACKNOWLEDGED,
        principal=principal,
        at_ms=services.now_ms(),
        tapped_ms=body.at if body else None,
        version=body.version if body else None,
    )
    return _take(services, incident_id, step, key)


@router.post("/{incident_id}/move")
def move_incident(
    incident_id: PathId,
    body: MoveIn,
    services: ServicesDep,
    principal: Worker,
    key: TapKey = None,
) -> IncidentOut:
    """Move an incident on: en route, on scene, recovered, not found, false alarm, cancelled."""
    if body.state is IncidentState.CLOSED:
        raise Problem(ProblemCode.INVALID, "close it by POST .../close: an outcome is required")
    step = Step(
        state=body.state,
        principal=principal,
        at_ms=services.now_ms(),
        tapped_ms=body.at,
        reason=body.reason,
        version=body.version,
    )
    return _take(services, incident_id, step, key)


@router.post("/{incident_id}/close")
def close_incident(
    incident_id: PathId,
    body: CloseIn,
    services: ServicesDep,
    principal: Worker,
    key: TapKey = None,
) -> IncidentOut:
    """Close an incident with its outcome."""
    step = Step(
        state=IncidentState.CLOSED,
        principal=principal,
        at_ms=services.now_ms(),
        tapped_ms=body.at,
        reason=body.reason,
        outcome=body.outcome,
        version=body.version,
    )
    return _take(services, incident_id, step, key)


def _take(services: Services, incident_id: str, step: Step, key: str | None) -> IncidentOut:
    what = f"{step.state}:{step.outcome or ''}"
    tap = tap_of(step.principal, key, what, at_ms=step.at_ms)
    return take_step(services, incident_id, step, decide, tap)
