"""One device in the place of another, what it was bound to before, and its maintenance."""

from typing import Annotated

from fastapi import APIRouter, Depends

from api.asking import not_found
from api.auth import Requires
from api.believed import believe, health_out
from api.deps import ServicesDep
from api.fields import PathId
from api.privacy import audit_of
from api.problems import Problem, ProblemCode
from api.roles import Permission, Principal
from api.schemas import HealthOut
from api.swap_schemas import BindingsOut, MaintenanceIn, PeriodOut, SwapIn, SwapOut
from api.times import format_known_time
from devices.bindings import Ended, Period
from devices.model import AdminState
from devices.registration_faults import SwapRefused

router = APIRouter(prefix="/v1/devices/{device_id}", tags=["devices"])

Writer = Annotated[Principal, Depends(Requires(Permission.DEVICES_WRITE))]


@router.post("/swap")
def swap_device(
    device_id: PathId, body: SwapIn, services: ServicesDep, principal: Writer
) -> SwapOut:
    """Put another device in the place of this one, which is retired.

    The new one takes over vehicle, site, area and place at once, for the processor too. Tracks of
    the vehicle show both, each in its time.
    """
    if services.devices.one(principal.scope, device_id) is None:
        not_found()
    if services.devices.one(principal.scope, body.new) is None:
        raise Problem(ProblemCode.INVALID, f"there is no device {body.new}: register it first")
    now_ms = services.now_ms()
    audit = [
        audit_of(principal, "device_swapped", f"device:{name}", at_ms=now_ms)
        for name in (device_id, body.new)
    ]
    try:
        done = services.registry.swap_devices(
            device_id, body.new, by=principal.name, audit=audit, why=body.why
        )
    except SwapRefused as exc:
        raise Problem(ProblemCode.SWAP_REFUSED, "; ".join(exc.faults)) from exc
    return SwapOut(
        control_id=done.control_id,
        old=done.old.id,
        new=done.new.id,
        vehicle_id=done.new.vehicle_id,
        site_id=done.new.site_id,
        area=done.new.area,
    )


@router.post("/maintenance")
def set_maintenance(
    device_id: PathId, body: MaintenanceIn, services: ServicesDep, principal: Writer
) -> HealthOut:
    """Put a device into maintenance, or take it out of it again.

    Meanwhile only fire of it is told, and the time counts for nobody's availability. A second
    time changes nothing.
    """
    before = services.devices.one(principal.scope, device_id)
    if before is None:
        not_found()
    admin = AdminState.MAINTENANCE if body.on else AdminState.ACTIVE
    action = "maintenance_begun" if body.on else "maintenance_ended"
    now_ms = services.now_ms()
    audit = [audit_of(principal, action, f"device:{before.id}", at_ms=now_ms)]
    services.registry.give_admin(before.id, admin, by=principal.name, audit=audit)
    device = services.devices.one(principal.scope, device_id)
    if device is None:
        not_found()
    if device.admin is AdminState.RETIRED:
        raise Problem(ProblemCode.INVALID, f"{device.id} is retired: register it again first")
    return health_out(device, believe(services.latest.get(device.slot)), now_ms)


@router.get("/bindings")
def list_bindings(device_id: PathId, services: ServicesDep, principal: Writer) -> BindingsOut:
    """List the vehicles and sites a device was on, oldest first, the present one last."""
    if services.devices.one(principal.scope, device_id) is None:
        not_found()
    periods = services.bindings.of_device(device_id)
    return BindingsOut(device=device_id, periods=[_period(each) for each in periods])


def _period(period: Period) -> PeriodOut:
    return PeriodOut(
        vehicle_id=period.vehicle_id,
        site_id=period.site_id,
        area=period.area,
        since=format_known_time(period.from_ms),
        until=None if period.to_ms is None else format_known_time(period.to_ms),
        ended=Ended(period.ended) if period.ended else None,
        why=period.why,
        by=period.by,
    )
