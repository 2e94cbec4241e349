"""Devices: presence, condition and causes, last position; registration."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette import status
from starlette.concurrency import run_in_threadpool

from api.asking import not_found, page_size
from api.auth import Requires
from api.believed import Believed, believe, device_out, health_out
from api.csv_text import CSV_RESPONSES, Cell, Format, csv_response
from api.cursors import decode_cursor, encode_cursor
from api.deps import Services, ServicesDep
from api.device_bodies import DevicesIn
from api.device_finding import page_by_slot, page_by_worst, summary_of
from api.device_query import Sort, Wanted
from api.fields import Cursor, Limit, PathId
from api.privacy import PurposeHeader, audit_of, may_see_position, purpose_of
from api.registering import register_devices
from api.roles import Permission, Principal, Purpose, Role
from api.schemas import DeviceOut, DevicePage, DeviceSummaryOut, HealthOut, PositionOut
from api.system_schemas import DeviceSecretsOut
from api.tags import MOVING, MOVING_HEALTH, MOVING_IN_PAGE, TAG_RESPONSES, json_response, tagged
from devices.model import Device

router = APIRouter(prefix="/v1/devices", tags=["devices"])

Reader = Annotated[Principal, Depends(Requires(Permission.DEVICES_READ))]
Writer = Annotated[Principal, Depends(Requires(Permission.DEVICES_WRITE))]

_CSV_COLUMNS = (
    *(name for name in DeviceOut.model_fields if name not in {"position", "profile"}),
    *PositionOut.model_fields,
)


@router.get("", response_model=DevicePage, responses=CSV_RESPONSES | TAG_RESPONSES)
def list_devices(
    *,
    request: Request,
    services: ServicesDep,
    principal: Reader,
    wanted: Wanted,
    sort: Sort = "slot",
    cursor: Cursor = None,
    limit: Limit = None,
    as_: Format = "json",
    x_purpose: PurposeHeader = None,
) -> Response:
    """List devices in scope. A vehicle's position stands here for its owner and admins only.

    A filter given several times takes any of its words. By health (``presence``, ``condition``,
    ``cause``, ``sort=worst``) no retired device is found.
    """
    purpose = purpose_of(principal, x_purpose)
    looks = purpose if principal.role in {Role.OWNER, Role.ADMIN} else None
    find, shape = (page_by_worst, (int, int)) if sort == "worst" else (page_by_slot, (int,))
    page = find(
        services,
        principal.scope,
        wanted,
        after=decode_cursor(cursor, *shape),
        limit=page_size(services, limit),
    )
    seen = _note(services, principal, looks, page.rows)
    now_ms = services.now_ms()
    answer = DevicePage(
        devices=[
            device_out(
                device,
                state,
                now_ms,
                see_position=_sees(principal, looks, device.vehicle_id),
                see_profile=principal.may(Permission.DEVICES_WRITE),
            )
            for device, state in page.rows
        ],
        next=encode_cursor(*page.next_key) if page.next_key else None,
    )
    if as_ == "csv":
        rows = map(_csv_row, answer.devices)
        response = csv_response(request, "devices", _CSV_COLUMNS, rows, page.next_key)
    else:
        response = json_response(answer)
    return response if seen else tagged(request, response, answer, MOVING_IN_PAGE)


@router.get("/summary", response_model=DeviceSummaryOut, responses=TAG_RESPONSES)
def count_devices(
    request: Request, services: ServicesDep, principal: Reader, wanted: Wanted
) -> Response:
    """Count devices in scope by admin state, presence, condition and cause.

    The filters are those of the list.
    """
    answer = summary_of(services, principal.scope, wanted)
    return tagged(request, json_response(answer), answer, {})


@router.get("/{device_id}", response_model=DeviceOut, responses=TAG_RESPONSES)
def get_device(
    *,
    request: Request,
    device_id: PathId,
    services: ServicesDep,
    principal: Reader,
    x_purpose: PurposeHeader = None,
) -> Response:
    """Get one device. A vehicle's position needs a purpose."""
    purpose = purpose_of(principal, x_purpose)
    device = services.devices.one(principal.scope, device_id)
    if device is None:
        not_found()
    state = believe(services.latest.get(device.slot))
    seen = _note(services, principal, purpose, [(device, state)])
    answer = device_out(
        device,
        state,
        services.now_ms(),
        see_position=_sees(principal, purpose, device.vehicle_id),
        see_profile=principal.may(Permission.DEVICES_WRITE),
    )
    response = json_response(answer)
    return response if seen else tagged(request, response, answer, MOVING)


@router.get("/{device_id}/health", response_model=HealthOut, responses=TAG_RESPONSES)
async def get_health(
    request: Request, device_id: PathId, services: ServicesDep, principal: Reader
) -> Response:
    """Get how a device is: presence, condition, admin state, causes in words."""
    asked = (principal.scope, device_id, services.steady_ms())
    device = services.devices.known(*asked)  # most times: no thread, no query
    if device is None:
        device = await run_in_threadpool(services.devices.look, *asked)
    if device is None:
        not_found()
    state = believe(services.latest.get(device.slot))
    answer = health_out(device, state, services.now_ms())
    return tagged(request, json_response(answer), answer, MOVING_HEALTH)


@router.post("", status_code=status.HTTP_201_CREATED)
def add_devices(body: DevicesIn, services: ServicesDep, principal: Writer) -> DeviceSecretsOut:
    """Register devices. The answer shows each one's broker password this once.

    What they sent before and is held in quarantine as ``unknown_device`` is run again, oldest
    first, unless ``adopt`` is false or the token is a district's.
    """
    return register_devices(services, principal, body.devices, adopt=body.adopt)


def _csv_row(device: DeviceOut) -> dict[str, Cell]:
    """One flat row: causes by their codes, the position's fields beside the others."""
    row = device.model_dump(exclude={"position", "causes", "profile", "missing_newest"})
    position = device.position.model_dump() if device.position is not None else {}
    texts = {
        "causes": " ".join(cause.code for cause in device.causes),
        "missing_newest": "-".join(map(str, device.missing_newest or ())),
    }
    return row | texts | position


def _sees(principal: Principal, purpose: Purpose | None, vehicle_id: str | None) -> bool:
    return may_see_position(principal, purpose, vehicle_id=vehicle_id, incident_open=False)


def _note(
    services: Services,
    principal: Principal,
    purpose: Purpose | None,
    found: list[tuple[Device, Believed]],
) -> bool:
    """Write down whose position is about to be shown; whether any is."""
    now_ms = services.now_ms()
    entries = [
        audit_of(
            principal,
            "position_seen",
            f"vehicle:{device.vehicle_id}",
            at_ms=now_ms,
            purpose=purpose or "",
        )
        for device, state in found
        if device.vehicle_id is not None
        and state.t_ms is not None
        and _sees(principal, purpose, device.vehicle_id)
    ]
    if entries:
        services.actions.note(entries)
    return bool(entries)
