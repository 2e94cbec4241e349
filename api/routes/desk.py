"""The verification and duty desk: what waits, who is called next, who was told of an alert."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends

from alerts.desk import fire_calls, theft_calls, workload_of
from api.asking import not_found
from api.auth import Requires
from api.case_schemas import DeliveryOut
from api.deps import ServicesDep
from api.desk_schemas import CallOut, DeliveriesOut, DeskOut, WaitingOut, WorkloadOut
from api.fields import PathId
from api.roles import Permission, Principal

router = APIRouter(prefix="/v1", tags=["desk"])

Sitter = Annotated[Principal, Depends(Requires(Permission.DESK_READ))]


@router.get("/desk")
def get_desk(services: ServicesDep, principal: Sitter) -> DeskOut:
    """Get what waits for people in scope, the steps of escalation, and the desk's workload."""
    now_ms, policy = services.now_ms(), services.policy
    period_s = policy.desk.workload_s
    judged = services.desk.judged(principal.scope, since_ms=now_ms - round(period_s * 1000))
    return DeskOut(
        at_ms=now_ms,
        waiting=WaitingOut.model_validate(services.desk.waits(principal.scope)),
        theft_calls=[CallOut.model_validate(call) for call in theft_calls(policy.desk)],
        fire_calls=[CallOut.model_validate(call) for call in fire_calls(policy.fire)],
        workload=WorkloadOut(period_s=period_s, **asdict(workload_of(judged))),
    )


@router.get("/alerts/{alert_id}/deliveries")
def list_deliveries(alert_id: PathId, services: ServicesDep, principal: Sitter) -> DeliveriesOut:
    """List who was told of an alert and of its incident: when, by which channel, did they get it.

    The owner's contacts are among them.
    """
    if services.alerts.one(principal.scope, alert_id) is None:
        not_found()
    told = services.desk.told(alert_id)
    return DeliveriesOut(deliveries=[DeliveryOut.model_validate(one) for one in told])
