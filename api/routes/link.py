"""An owner's signed link: one alert, asked and answered without a login."""

from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Response
from starlette import status

from alerts.model import ALERT_ENDS, AlertState
from alerts.report import mask_plate
from api.asking import newest, not_found
from api.auth import Requires
from api.believed import Believed, position_out
from api.bodies import AnswerIn
from api.card import thinned
from api.card_schemas import TrailPointOut
from api.case_schemas import AlertStepOut
from api.deps import Services, ServicesDep
from api.fixes import fix_out, rows_between
from api.link_schemas import LinkAnswerOut, LinkOut, LinkVehicleOut
from api.link_story import Story, may_say, next_of, reasons_of, story_of
from api.privacy import audit_of
from api.problems import Problem, ProblemCode
from api.roles import CITY, Permission, Principal, Purpose
from api.rows import AlertRow, AuditEntry, Tap
from devices.control import OwnerAnswer
from devices.model import Vehicle

router = APIRouter(prefix="/v1/link", tags=["link"])

Holder = Annotated[Principal, Depends(Requires(Permission.LINK))]

TRACK_MS = 3_600_000
"""A link's track goes back so far at most. Ours: half a day of fixes is no map for a phone."""
TRACK_MAX = 300
"""Points of it."""
TRACK_READ_MAX = 2_000
"""Fixes read for it: an hour at one in two seconds."""

_log = structlog.get_logger("api")


@router.get("")
def get_link(services: ServicesDep, principal: Holder, response: Response) -> LinkOut:
    """Get what an owner has to know. Where the vehicle is: only until the alert has ended.

    The look is written to the audit as OWNER.
    """
    row = _alert(services, principal)
    story = _story(services, row)
    vehicle = services.vehicles.one(CITY, row.vehicle_id)
    now_ms = services.now_ms()
    trackers = () if story.ended else tuple(services.devices.trackers([row.vehicle_id]))
    believed = newest(services, trackers)
    position = position_out(believed, now_ms)
    track = [] if position is None else _track(services, row, believed)
    services.actions.note(_looks(principal, row, now_ms, seen=position is not None))
    response.headers["Cache-Control"] = "no-store"
    return LinkOut(
        now_ms=now_ms,
        expires_ms=principal.expires_ms or now_ms,
        kind=row.kind,
        vehicle=_vehicle_out(vehicle),
        onset_ms=row.onset_ms,
        raised_ms=row.raised_ms,
        late_s=row.late_s,
        moved_m=row.moved_m,
        reasons=reasons_of(row.reasons),
        position=position,
        position_hidden=story.ended is not None,
        track=track,
        shares_with_police=vehicle is not None and "police_sharing" in vehicle.consent,
        said=story.said,
        police_told_ms=story.police_ms,
        ended=story.ended,
        next=next_of(story, row.level, vehicle, services.policy.dispatch),
        may_say=may_say(story, row.level),
    )


@router.post("/answer", status_code=status.HTTP_202_ACCEPTED)
def answer_link(body: AnswerIn, services: ServicesDep, principal: Holder) -> LinkAnswerOut:
    """Say "it's me" (disarms and dismisses) or "not me" (a case is opened for the police).

    The same answer again is taken as the first one; after the end it is 409, with how it ended.
    """
    row = _alert(services, principal)
    story = _story(services, row)
    over = {AlertState(row.state)} if story.ended is not None else set()  # its incident is closed
    now_ms = services.now_ms()
    control = OwnerAnswer(
        at_ms=now_ms,
        by=principal.name,
        vehicle_id=row.vehicle_id,
        alert_id=row.id,
        answer=body.answer,
    )
    control_id = services.actions.post_on_open_alert(
        row.id,
        ALERT_ENDS | over,
        control,
        audit_of(principal, f"alert_{body.answer}", f"alert:{row.id}", at_ms=now_ms),
        Tap(by=principal.name, key="link", what=f"answer:{body.answer}", at_ms=now_ms),
    )
    if control_id is None:
        raise _ended(story)
    return LinkAnswerOut(answer=body.answer, control_id=control_id)


def _alert(services: Services, principal: Principal) -> AlertRow:
    """Find the link's alert: nobody else has one, whatever their permissions.

    Raises:
        Problem: 403 without a link, 404 when the alert is not there any more.
    """
    if principal.alert_id is None:
        raise Problem(ProblemCode.FORBIDDEN, "only an owner's link shows an alert here")
    row = services.alerts.one(CITY, principal.alert_id)
    if row is None or not row.vehicle_id:
        not_found()
    return row


def _story(services: Services, row: AlertRow) -> Story:
    steps = services.alerts.timeline(row.id)
    return story_of(row.state, [AlertStepOut.model_validate(step) for step in steps])


def _track(services: Services, row: AlertRow, believed: Believed) -> list[TrailPointOut] | None:
    """Give the fixes since it began; None while the telemetry store is away: asking goes on."""
    end_ms = believed.t_ms or row.onset_ms
    begin_ms = max(row.onset_ms, end_ms - TRACK_MS)
    try:
        rows = rows_between(
            services, row.vehicle_id, begin_ms, end_ms, after=None, limit=TRACK_READ_MAX
        )
    except services.busy as exc:
        _log.warning("link_without_track", error=type(exc).__name__)
        return None
    fixes = [fix for fix in map(fix_out, rows) if fix is not None]
    return [
        TrailPointOut(
            t_ms=fix.t_ms,
            lat_deg=fix.lat_deg,
            lon_deg=fix.lon_deg,
            acc_m=fix.acc_m,
            source=fix.source,
        )
        for fix in thinned(fixes, TRACK_MAX)
    ]


def _looks(principal: Principal, row: AlertRow, now_ms: int, *, seen: bool) -> list[AuditEntry]:
    targets = [("alert_seen", f"alert:{row.id}")]
    if seen:
        targets.append(("track_seen", f"vehicle:{row.vehicle_id}"))
    return [
        audit_of(principal, action, target, at_ms=now_ms, purpose=Purpose.OWNER)
        for action, target in targets
    ]


def _vehicle_out(vehicle: Vehicle | None) -> LinkVehicleOut:
    if vehicle is None:
        return LinkVehicleOut(label="", plate_masked="", kind="")
    return LinkVehicleOut(
        label=vehicle.label, plate_masked=mask_plate(vehicle.plate), kind=vehicle.kind
    )


def _ended(story: Story) -> Problem:
    if story.ended is None:
        return Problem(ProblemCode.ALERT_ENDED)
    return Problem(ProblemCode.ALERT_ENDED, what=story.ended.what, at_ms=story.ended.at_ms)
