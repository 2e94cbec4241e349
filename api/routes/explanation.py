"""Why an alert came: what the detector saw of its vehicle. Written to the audit like a track."""

from typing import Annotated

from fastapi import APIRouter, Depends

from api.asking import not_found
from api.auth import Requires
from api.case_schemas import AlertStepOut
from api.deps import Services, ServicesDep
from api.explain_port import CannotExplain, ExplainerBusy, ToExplain
from api.explain_schemas import ExplanationOut
from api.fields import PathId
from api.privacy import PurposeHeader, audit_of, may_see_position, purpose_of
from api.problems import Problem, ProblemCode
from api.roles import Permission, Principal
from api.rows import AlertRow

router = APIRouter(prefix="/v1/alerts", tags=["alerts"])

Reader = Annotated[Principal, Depends(Requires(Permission.EXPLAIN_READ))]

PLACE_UPDATED = "moved"
"""The step of an alert that only says where it is now."""


@router.get("/{alert_id}/explanation")
def get_explanation(
    alert_id: PathId,
    services: ServicesDep,
    principal: Reader,
    x_purpose: PurposeHeader = None,
) -> ExplanationOut:
    """Get track, anchor, statistic, witnesses and steps about an alert, from the journal.

    It takes seconds the first time. One is made at a time: 503 `busy` while another one is.
    """
    purpose = purpose_of(principal, x_purpose)
    row = services.alerts.one(principal.scope, alert_id)
    if row is None:
        not_found()
    if purpose is None:
        raise Problem(ProblemCode.PURPOSE_REQUIRED, f"role {principal.role} has no default")
    if not row.vehicle_id:
        detail = "it is of a device or an area, not of a vehicle"
        raise Problem(ProblemCode.UNEXPLAINED, detail, why="no_vehicle")
    if not may_see_position(principal, purpose, vehicle_id=row.vehicle_id, incident_open=False):
        raise Problem(ProblemCode.NO_OPEN_INCIDENT)
    answer = _explained(services, row)
    audit = audit_of(
        principal,
        "track_seen",
        f"vehicle:{row.vehicle_id}",
        at_ms=services.now_ms(),
        purpose=purpose,
    )
    services.actions.note([audit])
    return answer


def _explained(services: Services, row: AlertRow) -> ExplanationOut:
    steps = [AlertStepOut.model_validate(step) for step in services.alerts.timeline(row.id)]
    times = [step.at_ms for step in steps if step.what != PLACE_UPDATED]
    asked = ToExplain(
        alert_id=row.id,
        vehicle_id=row.vehicle_id,
        onset_ms=row.onset_ms,
        raised_ms=row.raised_ms,
        acted_ms=max(times, default=row.raised_ms),
        steps=len(times),
    )
    try:
        return services.explainer.explain(asked)
    except ExplainerBusy as exc:
        raise Problem(ProblemCode.BUSY, "another explanation is being made") from exc
    except CannotExplain as exc:
        raise Problem(ProblemCode.UNEXPLAINED, str(exc), why=exc.why) from exc
