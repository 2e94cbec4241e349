"""The track of a vehicle over a period. Every look is written to the audit with its purpose."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from api.asking import page_size, sight_of
from api.auth import Requires
from api.csv_text import CSV_RESPONSES, Format, csv_response
from api.cursors import decode_cursor, encode_cursor
from api.deps import Services, ServicesDep
from api.fields import Cursor, Limit, PathId
from api.fixes import fix_out, rows_between
from api.privacy import PurposeHeader, audit_of, may_see_position, purpose_of
from api.problems import Problem, ProblemCode
from api.roles import Permission, Principal, Role
from api.rows import IncidentRow
from api.schemas import FixOut, TrackOut
from api.times import TimeMs

router = APIRouter(prefix="/v1/vehicles", tags=["vehicles"])

Looker = Annotated[Principal, Depends(Requires(Permission.TRACK_READ))]

DAY_MS = 86_400_000


@router.get("/{vehicle_id}/track", response_model=TrackOut, responses=CSV_RESPONSES)
def get_track(
    *,
    request: Request,
    vehicle_id: PathId,
    services: ServicesDep,
    principal: Looker,
    from_ms: Annotated[TimeMs | None, Query(alias="from")] = None,
    to_ms: Annotated[TimeMs | None, Query(alias="to")] = None,
    cursor: Cursor = None,
    limit: Limit = None,
    as_: Format = "json",
    x_purpose: PurposeHeader = None,
) -> TrackOut | Response:
    """Get the fixes of a vehicle's trackers, by time. The default period is the last 24 hours.

    A tracker's fixes are the vehicle's while it was on it: after a swap both stand here.
    """
    purpose = purpose_of(principal, x_purpose)
    sight = sight_of(services, principal, vehicle_id)
    if purpose is None:
        raise Problem(ProblemCode.PURPOSE_REQUIRED, f"role {principal.role} has no default")
    if not may_see_position(
        principal, purpose, vehicle_id=vehicle_id, incident_open=sight.incident is not None
    ):
        raise Problem(ProblemCode.NO_OPEN_INCIDENT)
    begin_ms, end_ms = _period(services, principal, sight.incident, from_ms, to_ms)
    size = page_size(services, limit)
    after = decode_cursor(cursor, int, str, int)
    now_ms = services.now_ms()
    services.actions.note(
        [audit_of(principal, "track_seen", f"vehicle:{vehicle_id}", at_ms=now_ms, purpose=purpose)]
    )
    rows = rows_between(services, vehicle_id, begin_ms, end_ms, after=after, limit=size + 1)
    page = rows[:size]
    last = (page[-1].t_ms, page[-1].device_id, page[-1].seq) if len(rows) > size else None
    fixes = [fix for fix in map(fix_out, page) if fix is not None]
    if as_ == "csv":
        cells = (fix.model_dump() for fix in fixes)
        return csv_response(request, f"track-{vehicle_id}", tuple(FixOut.model_fields), cells, last)
    return TrackOut(
        vehicle=vehicle_id,
        from_ms=begin_ms,
        to_ms=end_ms,
        purpose=purpose,
        fixes=fixes,
        next=encode_cursor(*last) if last is not None else None,
    )


def _period(
    services: Services,
    principal: Principal,
    incident: IncidentRow | None,
    from_ms: int | None,
    to_ms: int | None,
) -> tuple[int, int]:
    """Give the period that may be looked at.

    Raises:
        Problem: It ends before it begins, or is longer than the policy's.
    """
    end_ms = services.now_ms() if to_ms is None else to_ms
    begin_ms = end_ms - DAY_MS if from_ms is None else from_ms
    max_days = services.policy.track_max_days
    if begin_ms > end_ms:
        raise Problem(ProblemCode.INVALID, "from is later than to")
    if end_ms - begin_ms > max_days * DAY_MS:
        raise Problem(ProblemCode.INVALID, f"ask for at most {max_days:g} days at once")
    if principal.role is Role.OFFICER and incident is not None:
        first_ms = incident.onset_ms - round(services.policy.track_lead_s * 1000)
        begin_ms = max(begin_ms, first_ms)
        end_ms = max(begin_ms, end_ms)
    return begin_ms, end_ms
