"""What explains that a vehicle moves: its owner's phone, and work tickets."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette import status

from api.asking import sight_of
from api.auth import Requires
from api.deps import Services, ServicesDep
from api.fields import PathId
from api.privacy import audit_of
from api.problems import Problem, ProblemCode
from api.roles import Permission, Principal, Role
from api.schemas import AcceptedOut
from api.work_bodies import PhoneIn, TicketDoneIn, TicketIn
from devices.control import CloseTicket, OpenTicket, PhoneAt

router = APIRouter(prefix="/v1/vehicles", tags=["vehicles"])

Phone = Annotated[Principal, Depends(Requires(Permission.VEHICLES_PHONE))]
Worker = Annotated[Principal, Depends(Requires(Permission.TICKETS))]


@router.post("/{vehicle_id}/phone", status_code=status.HTTP_202_ACCEPTED)
def phone_at(
    vehicle_id: PathId, body: PhoneIn, services: ServicesDep, principal: Phone
) -> AcceptedOut:
    """Say where the owner's phone is: near its moving vehicle it disarms, far away it counts.

    Only the newest place counts, for a minute; it is in no export and no audit.
    """
    sight_of(services, principal, vehicle_id)
    now_ms = services.now_ms()
    control = PhoneAt(
        at_ms=now_ms,
        by=principal.name,
        vehicle_id=vehicle_id,
        lat_deg=body.lat_deg,
        lon_deg=body.lon_deg,
        acc_m=body.acc_m,
        t_ms=now_ms if body.t is None else body.t,
    )
    return AcceptedOut(control_id=services.actions.say(control))


@router.post("/{vehicle_id}/ticket", status_code=status.HTTP_202_ACCEPTED)
def open_ticket(
    vehicle_id: PathId, body: TicketIn, services: ServicesDep, principal: Worker
) -> AcceptedOut:
    """Open a ticket: `tow`, `maintenance` and `rebalancing` explain a movement, `attendant` arms.

    Attendants open their own kind only. A late ticket ends an alert that nobody confirmed.
    """
    if principal.role is Role.ATTENDANT and body.ticket != "attendant":
        raise Problem(ProblemCode.FORBIDDEN, "an attendant opens tickets of kind attendant")
    sight_of(services, principal, vehicle_id)
    now_ms = services.now_ms()
    if body.until <= now_ms:
        raise Problem(ProblemCode.INVALID, "until lies in the past: give the end of the work")
    control = OpenTicket(
        at_ms=now_ms,
        by=principal.name,
        vehicle_id=vehicle_id,
        ticket_id=body.id,
        ticket=body.ticket,
        until_ms=body.until,
    )
    return _post(services, principal, control, f"ticket_{body.ticket}")


@router.post("/{vehicle_id}/ticket/close", status_code=status.HTTP_202_ACCEPTED)
def close_ticket(
    vehicle_id: PathId, body: TicketDoneIn, services: ServicesDep, principal: Worker
) -> AcceptedOut:
    """Close a ticket: the vehicle is watched from where the work left it."""
    sight_of(services, principal, vehicle_id)
    control = CloseTicket(
        at_ms=services.now_ms(), by=principal.name, vehicle_id=vehicle_id, ticket_id=body.id
    )
    return _post(services, principal, control, "ticket_closed")


def _post(
    services: Services, principal: Principal, control: OpenTicket | CloseTicket, action: str
) -> AcceptedOut:
    target = f"vehicle:{control.vehicle_id} ticket:{control.ticket_id}"
    audit = audit_of(principal, action, target, at_ms=control.at_ms)
    return AcceptedOut(control_id=services.actions.post(control, audit))
