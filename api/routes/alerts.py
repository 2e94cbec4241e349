"""Alerts: the machine's view, the owner's answer, the desk's verdict."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette import status

from alerts.model import ALERT_ENDS, AlertState, Level
from api.asking import labelled, not_found, page_size
from api.auth import Requires
from api.bodies import AnswerIn, VerdictIn
from api.case_schemas import AlertDetailOut, AlertOut, AlertPage, AlertStepOut
from api.cursors import decode_cursor, encode_cursor
from api.deps import Services, ServicesDep
from api.fields import Cursor, Limit, PathId
from api.privacy import audit_of
from api.problems import Problem, ProblemCode
from api.roles import Permission, Principal
from api.rows import AlertRow
from api.schemas import AcceptedOut
from devices.control import DeskVerdict, OwnerAnswer

router = APIRouter(prefix="/v1/alerts", tags=["alerts"])

Reader = Annotated[Principal, Depends(Requires(Permission.ALERTS_READ))]
Answerer = Annotated[Principal, Depends(Requires(Permission.ALERTS_ANSWER))]
Judge = Annotated[Principal, Depends(Requires(Permission.ALERTS_VERDICT))]


@router.get("")
def list_alerts(
    *,
    services: ServicesDep,
    principal: Reader,
    state: AlertState | None = None,
    level: Annotated[Level | None, Query(description="Least level")] = None,
    waiting: Annotated[bool, Query(description="Only what no person has judged yet")] = False,
    cursor: Cursor = None,
    limit: Limit = None,
) -> AlertPage:
    """List alerts in scope, newest first."""
    key = decode_cursor(cursor, int, str)
    size = page_size(services, limit)
    feed_id = services.feed.head()
    rows = services.alerts.page(
        principal.scope,
        state=state,
        level=level,
        waiting=waiting,
        before=(int(key[0]), str(key[1])) if key else None,
        limit=size + 1,
    )
    page = rows[:size]
    return AlertPage(
        alerts=labelled(services, [AlertOut.model_validate(row) for row in page]),
        feed_id=feed_id,
        next=encode_cursor(page[-1].raised_ms, page[-1].id) if len(rows) > size else None,
    )


@router.get("/{alert_id}")
def get_alert(alert_id: PathId, services: ServicesDep, principal: Reader) -> AlertDetailOut:
    """Get one alert with its timeline."""
    row = _find(services, principal, alert_id)
    steps = services.alerts.timeline(row.id)
    return AlertDetailOut(
        **labelled(services, [AlertOut.model_validate(row)])[0].model_dump(),
        timeline=[AlertStepOut.model_validate(step) for step in steps],
    )


@router.post("/{alert_id}/answer", status_code=status.HTTP_202_ACCEPTED)
def answer_alert(
    alert_id: PathId, body: AnswerIn, services: ServicesDep, principal: Answerer
) -> AcceptedOut:
    """Say "it's me" (disarms and dismisses) or "not me" (confirms: police see it)."""
    row = _find(services, principal, alert_id)
    control = OwnerAnswer(
        at_ms=services.now_ms(),
        by=principal.name,
        vehicle_id=row.vehicle_id,
        alert_id=row.id,
        answer=body.answer,
    )
    return _post(services, principal, control, f"alert_{body.answer}")


@router.post("/{alert_id}/verdict", status_code=status.HTTP_202_ACCEPTED)
def judge_alert(
    alert_id: PathId, body: VerdictIn, services: ServicesDep, principal: Judge
) -> AcceptedOut:
    """Confirm an alert (police see it) or dismiss it, as the verification desk."""
    row = _find(services, principal, alert_id)
    control = DeskVerdict(
        at_ms=services.now_ms(),
        by=principal.name,
        alert_id=row.id,
        verdict=body.verdict,
        reason=body.reason,
        outcome=body.outcome,
    )
    return _post(services, principal, control, f"alert_{body.verdict}")


def _find(services: Services, principal: Principal, alert_id: str) -> AlertRow:
    row = services.alerts.one(principal.scope, alert_id)
    if row is None:
        not_found()
    return row


def _post(
    services: Services, principal: Principal, control: OwnerAnswer | DeskVerdict, action: str
) -> AcceptedOut:
    """Write the control row and its audit row, unless the alert has ended."""
    audit = audit_of(principal, action, f"alert:{control.alert_id}", at_ms=control.at_ms)
    control_id = services.actions.post_on_open_alert(control.alert_id, ALERT_ENDS, control, audit)
    if control_id is None:
        raise Problem(ProblemCode.ALERT_ENDED)
    return AcceptedOut(control_id=control_id)
