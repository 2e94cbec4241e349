"""Vehicles: what is known of one, arm, disarm, report stolen; registration."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette import status

from alerts.report import mask_plate
from api.asking import Sight, sight_of
from api.auth import Requires
from api.believed import position_out
from api.bodies import VehiclesIn
from api.deps import Services, ServicesDep
from api.fields import PathId
from api.privacy import (
    PurposeHeader,
    audit_of,
    looks_of,
    may_see_position,
    plate_for,
    purpose_of,
)
from api.registering import register_vehicles
from api.roles import Permission, Principal, Role
from api.schemas import AcceptedOut, VehicleOut
from api.system_schemas import CountOut
from devices.control import Arm, Disarm, ReportStolen
from devices.latest import ArmedState

router = APIRouter(prefix="/v1/vehicles", tags=["vehicles"])

Reader = Annotated[Principal, Depends(Requires(Permission.VEHICLES_READ))]
Writer = Annotated[Principal, Depends(Requires(Permission.VEHICLES_WRITE))]
Guard = Annotated[Principal, Depends(Requires(Permission.VEHICLES_GUARD))]
Reporter = Annotated[Principal, Depends(Requires(Permission.VEHICLES_REPORT))]


@router.get("/{vehicle_id}")
def get_vehicle(
    vehicle_id: PathId, services: ServicesDep, principal: Reader, x_purpose: PurposeHeader = None
) -> VehicleOut:
    """Get one vehicle. Police see its plate and place only while an incident is open on it."""
    purpose = purpose_of(principal, x_purpose)
    sight = sight_of(services, principal, vehicle_id)
    is_open = sight.incident is not None
    visible = may_see_position(principal, purpose, vehicle_id=vehicle_id, incident_open=is_open)
    answer = _answer(sight, principal, services.now_ms(), visible=visible)
    looks = looks_of(
        principal,
        vehicle_id,
        at_ms=services.now_ms(),
        purpose=purpose or "",
        position=answer.position is not None,
        plate=answer.plate != mask_plate(sight.vehicle.plate),
    )
    if looks:
        services.actions.note(looks)
    return answer


@router.post("", status_code=status.HTTP_201_CREATED)
def add_vehicles(body: VehiclesIn, services: ServicesDep, principal: Writer) -> CountOut:
    """Register vehicles."""
    return register_vehicles(services, principal, body.vehicles)


@router.post("/{vehicle_id}/arm", status_code=status.HTTP_202_ACCEPTED)
def arm_vehicle(vehicle_id: PathId, services: ServicesDep, principal: Guard) -> AcceptedOut:
    """Watch a vehicle from its present place on."""
    return _post(services, principal, vehicle_id, kind=Arm, action="vehicle_armed")


@router.post("/{vehicle_id}/disarm", status_code=status.HTTP_202_ACCEPTED)
def disarm_vehicle(vehicle_id: PathId, services: ServicesDep, principal: Guard) -> AcceptedOut:
    """Do not watch a vehicle until it is armed again; stands its open alert down."""
    return _post(services, principal, vehicle_id, kind=Disarm, action="vehicle_disarmed")


@router.post("/{vehicle_id}/report-stolen", status_code=status.HTTP_202_ACCEPTED)
def report_stolen(vehicle_id: PathId, services: ServicesDep, principal: Reporter) -> AcceptedOut:
    """Report a vehicle stolen (level 3: police see it)."""
    return _post(services, principal, vehicle_id, kind=ReportStolen, action="vehicle_reported")


def _post(
    services: Services,
    principal: Principal,
    vehicle_id: str,
    *,
    kind: type[Arm | Disarm | ReportStolen],
    action: str,
) -> AcceptedOut:
    """Find the vehicle, then write the control row and its audit row."""
    sight_of(services, principal, vehicle_id)
    now_ms = services.now_ms()
    control = kind(at_ms=now_ms, by=principal.name, vehicle_id=vehicle_id)
    audit = audit_of(principal, action, f"vehicle:{vehicle_id}", at_ms=now_ms)
    return AcceptedOut(control_id=services.actions.post(control, audit))


def _answer(sight: Sight, principal: Principal, now_ms: int, *, visible: bool) -> VehicleOut:
    vehicle, incident = sight.vehicle, sight.incident
    works = principal.may(Permission.INCIDENTS_READ)
    return VehicleOut(
        id=vehicle.id,
        plate=plate_for(principal, vehicle.plate, incident_open=incident is not None),
        label=vehicle.label,
        kind=vehicle.kind,
        area=vehicle.area,
        site_class=vehicle.site_class,
        auto_arm=vehicle.auto_arm,
        armed=ArmedState(sight.believed.armed).name.lower(),
        level=sight.believed.level if principal.role is not Role.OFFICER or incident else 0,
        devices=[tracker.id for tracker in sight.trackers],
        incident_id=incident.id if incident is not None and works else None,
        position=position_out(sight.believed, now_ms) if visible else None,
        position_hidden=not visible,
    )
