"""How often alerts were thefts, and what is demoted for false alarms."""

from dataclasses import asdict
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query
from starlette import status

from alerts.precision import By, precision_of
from api.asking import not_found
from api.auth import Requires
from api.bodies import LiftIn
from api.case_schemas import DemotionOut, DemotionsOut, PrecisionLineOut, PrecisionOut
from api.deps import ServicesDep
from api.privacy import audit_of
from api.roles import Permission, Principal
from api.schemas import AcceptedOut
from api.times import TimeMs
from devices.control import LiftDemotion

router = APIRouter(prefix="/v1", tags=["alerts"])

Reader = Annotated[Principal, Depends(Requires(Permission.PRECISION_READ))]
Judge = Annotated[Principal, Depends(Requires(Permission.DEMOTIONS_LIFT))]

PERIOD_MS = 90 * 86_400_000
"""Default period: a quarter. Our choice: three windows of a demotion."""


@router.get("/precision")
def get_precision(
    services: ServicesDep,
    principal: Reader,
    by: Annotated[list[By], Query(description="Split by these; repeat", max_length=4)] = [  # noqa: B006 - FastAPI copies it
        By.RULE
    ],
    from_ms: Annotated[TimeMs | None, Query(alias="from")] = None,
) -> PrecisionOut:
    """Get the share of thefts among labelled alerts in scope. The default period is 90 days."""
    since_ms = services.now_ms() - PERIOD_MS if from_ms is None else from_ms
    split = list(dict.fromkeys(by))
    labels = services.outcomes.labels(principal.scope, since_ms=since_ms)
    zone = ZoneInfo(services.policy.timezone)
    return PrecisionOut(
        by=[one.value for one in split],
        from_ms=since_ms,
        raised=services.outcomes.raised(principal.scope, since_ms=since_ms),
        labelled=len(labels),
        lines=[
            PrecisionLineOut(**asdict(line) | {"key": list(line.key)})
            for line in precision_of(labels, split, zone)
        ],
    )


@router.get("/demoted")
def list_demoted(services: ServicesDep, principal: Reader) -> DemotionsOut:
    """List trackers and rules in scope whose alerts stay with the owner, the newest first."""
    rows = services.outcomes.demoted(principal.scope, now_ms=services.now_ms())
    return DemotionsOut(demoted=[DemotionOut.model_validate(row) for row in rows])


@router.post("/demoted/lift", status_code=status.HTTP_202_ACCEPTED)
def lift_demotion(body: LiftIn, services: ServicesDep, principal: Judge) -> AcceptedOut:
    """Believe a demoted tracker or rule again; what counted against it counts no longer."""
    now_ms = services.now_ms()
    rows = services.outcomes.demoted(principal.scope, now_ms=now_ms)
    if body.subject not in {row.subject for row in rows}:
        not_found()
    control = LiftDemotion(
        at_ms=now_ms, by=principal.name, subject=body.subject, reason=body.reason
    )
    audit = audit_of(principal, "demotion_lifted", body.subject, at_ms=now_ms, purpose=body.reason)
    return AcceptedOut(control_id=services.actions.post(control, audit))
