"""One device in the place of another, and what a device was bound to before."""

from typing import Annotated

from fastapi import APIRouter, Depends

from api.asking import not_found
from api.auth import Requires
from api.deps import ServicesDep
from api.fields import PathId
from api.privacy import audit_of
from api.problems import Problem, ProblemCode
from api.roles import Permission, Principal
from api.swap_schemas import BindingsOut, PeriodOut, SwapIn, SwapOut
from api.times import format_known_time
from devices.bindings import Ended, Period
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
