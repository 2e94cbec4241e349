"""The patrol's card of an incident, and the call for help."""

from typing import Annotated

from fastapi import APIRouter, Depends

from alerts.lifecycle import IncidentState
from alerts.report import mask_plate
from api.asking import labelled, newest
from api.auth import Requires
from api.believed import Believed, position_out
from api.bodies import HelpIn
from api.camera_schemas import NearCameraOut
from api.card import (
    CAMERAS,
    CAMERAS_WITHIN_M,
    TRAIL_MAX,
    TRAIL_READ_MAX,
    held_by,
    next_states,
    thinned,
    trail_period,
)
from api.card_schemas import CardOut, CardTrackerOut, CardVehicleOut, TrailPointOut
from api.case_schemas import IncidentOut, IncidentStepOut
from api.deps import Services, ServicesDep
from api.fields import PathId
from api.fixes import fix_out, rows_between
from api.incident_moves import HELP, Step, decide_help
from api.incident_steps import find_incident, take_step
from api.near_cameras import cameras_near, causes_out
from api.privacy import PurposeHeader, audit_of, looks_of, plate_for, purpose_of
from api.roles import CITY, Permission, Principal, Purpose
from api.rows import IncidentRow
from api.taps import TapKey, tap_of
from devices.causes import causes_of
from devices.model import Device, Vehicle

router = APIRouter(prefix="/v1/incidents", tags=["incidents"])

Worker = Annotated[Principal, Depends(Requires(Permission.INCIDENTS_WORK))]


@router.get("/{incident_id}/card")
def get_card(
    incident_id: PathId, services: ServicesDep, principal: Worker, x_purpose: PurposeHeader = None
) -> CardOut:
    """Get all that somebody on the way needs. Plate, place and trail only while it is open.

    The look is written to the audit, as PATROL_INCIDENT unless you say otherwise.
    """
    purpose = purpose_of(principal, x_purpose) or Purpose.PATROL_INCIDENT
    feed_id = services.feed.head()
    row = find_incident(services, principal, incident_id)
    vehicle = services.vehicles.one(CITY, row.vehicle_id)
    trackers = tuple(services.devices.trackers([row.vehicle_id]))
    alert = services.alerts.one(CITY, row.alert_id)
    now_ms = services.now_ms()
    is_open = row.state != IncidentState.CLOSED
    believed = newest(services, trackers)
    position = position_out(believed, now_ms) if is_open else None
    trail = _trail(services, row, believed) if is_open else []
    seen = _vehicle_out(principal, vehicle, is_open=is_open)
    whole = seen is not None and vehicle is not None and seen.plate != mask_plate(vehicle.plate)
    looks = looks_of(
        principal,
        row.vehicle_id,
        at_ms=now_ms,
        purpose=purpose,
        position=position is not None,
        plate=whole,
    )
    if trail:
        track = f"vehicle:{row.vehicle_id}"
        looks.append(audit_of(principal, "track_seen", track, at_ms=now_ms, purpose=purpose))
    if looks:
        services.actions.note(looks)
    return CardOut(
        now_ms=now_ms,
        feed_id=feed_id,
        incident=labelled(services, [IncidentOut.model_validate(row)])[0],
        vehicle=seen,
        moved_m=alert.moved_m if alert is not None else None,
        position=position,
        position_hidden=not is_open,
        tracker=_tracker_out(trackers, believed) if is_open else None,
        trail=trail,
        cameras=_cameras(services, principal, row, believed if is_open else None),
        log=[IncidentStepOut.model_validate(step) for step in services.incidents.log(row.id)],
        held_by=held_by(row, principal),
        next=next_states(row, principal),
    )


@router.post("/{incident_id}/help")
def call_help(
    incident_id: PathId,
    services: ServicesDep,
    principal: Worker,
    body: HelpIn | None = None,
    key: TapKey = None,
) -> IncidentOut:
    """Somebody on the case is in danger: level 4, and all who are told of its steps are told.

    Never refused, whoever has it and whatever its state.
    """
    now_ms = services.now_ms()
    step = Step(
        state=IncidentState.OPEN,  # help goes from any state to the same one
        principal=principal,
        at_ms=now_ms,
        tapped_ms=body.at if body else None,
        reason=body.reason if body else "",
    )
    tap = tap_of(principal, key, HELP, at_ms=now_ms)
    return take_step(services, incident_id, step, decide_help, tap)


def _vehicle_out(
    principal: Principal, vehicle: Vehicle | None, *, is_open: bool
) -> CardVehicleOut | None:
    if vehicle is None:
        return None
    return CardVehicleOut(
        id=vehicle.id,
        kind=vehicle.kind,
        label=vehicle.label,
        plate=plate_for(principal, vehicle.plate, incident_open=is_open),
    )


def _tracker_out(trackers: tuple[Device, ...], believed: Believed) -> CardTrackerOut | None:
    if not trackers:
        return None
    return CardTrackerOut(
        presence=believed.presence.word,
        causes=causes_out(causes_of(int(believed.causes))),
        battery_pct=believed.battery_pct,
        next_expected_ms=believed.due_ms or None,
    )


def _trail(services: Services, row: IncidentRow, believed: Believed) -> list[TrailPointOut]:
    if believed.t_ms is None:
        return []
    lead_ms = round(services.policy.track_lead_s * 1000)
    begin_ms, end_ms = trail_period(believed.t_ms, row.onset_ms, lead_ms)
    rows = rows_between(
        services, row.vehicle_id, begin_ms, end_ms, after=None, limit=TRAIL_READ_MAX
    )
    fixes = [fix for fix in map(fix_out, rows) if fix is not None]
    return [
        TrailPointOut(
            t_ms=fix.t_ms,
            lat_deg=fix.lat_deg,
            lon_deg=fix.lon_deg,
            acc_m=fix.acc_m,
            source=fix.source,
        )
        for fix in thinned(fixes, TRAIL_MAX)
    ]


def _cameras(
    services: Services, principal: Principal, row: IncidentRow, believed: Believed | None
) -> list[NearCameraOut]:
    """Name those near the vehicle, else near where it was when the alert was raised."""
    lat_deg, lon_deg = row.lat_deg, row.lon_deg
    if believed is not None and believed.t_ms is not None:
        lat_deg, lon_deg = believed.lat_deg, believed.lon_deg
    if lat_deg is None or lon_deg is None:
        return []
    return cameras_near(
        services.cameras.places(),
        services.latest,
        principal.scope,
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        most=CAMERAS,
        max_m=CAMERAS_WITHIN_M,
    ).cameras
