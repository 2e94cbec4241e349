"""Devices: presence, condition and causes, last position; registration."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette import status

from api.asking import not_found, page_size
from api.auth import Requires
from api.believed import Believed, believe, device_out, health_out
from api.csv_text import CSV_RESPONSES, Cell, Format, csv_response
from api.cursors import decode_cursor, encode_cursor
from api.deps import Services, ServicesDep
from api.device_bodies import DevicesIn
from api.fields import AreaFilter, Cursor, Limit, PathId
from api.privacy import PurposeHeader, audit_of, may_see_position, purpose_of
from api.registering import register_devices
from api.roles import Permission, Principal, Purpose, Role
from api.schemas import DeviceOut, DevicePage, HealthOut, PositionOut
from api.system_schemas import DeviceSecretsOut
from devices.model import Device, DeviceClass
from devices.presence import Presence

router = APIRouter(prefix="/v1/devices", tags=["devices"])

Reader = Annotated[Principal, Depends(Requires(Permission.DEVICES_READ))]
Writer = Annotated[Principal, Depends(Requires(Permission.DEVICES_WRITE))]

SCANS_MAX = 10
"""Pages looked through for one answer when filtering by presence; ``next`` goes on from there."""

_WORDS = tuple(presence.word for presence in Presence)
PresenceFilter = Annotated[
    str | None, Query(pattern=f"^({'|'.join(_WORDS)})$", description=", ".join(_WORDS))
]

_CSV_COLUMNS = (
    *(name for name in DeviceOut.model_fields if name not in {"position", "profile"}),
    *PositionOut.model_fields,
)


@router.get("", response_model=DevicePage, responses=CSV_RESPONSES)
def list_devices(
    *,
    request: Request,
    services: ServicesDep,
    principal: Reader,
    cls: DeviceClass | None = None,
    presence: PresenceFilter = None,
    area: AreaFilter = None,
    cursor: Cursor = None,
    limit: Limit = None,
    as_: Format = "json",
    x_purpose: PurposeHeader = None,
) -> DevicePage | Response:
    """List devices in scope. A vehicle's position stands here for its owner and admins only."""
    purpose = purpose_of(principal, x_purpose)
    looks = purpose if principal.role in {Role.OWNER, Role.ADMIN} else None
    size, now_ms = page_size(services, limit), services.now_ms()
    key = decode_cursor(cursor, int)
    after = int(key[0]) if key else 0
    found: list[tuple[Device, Believed]] = []
    more = True
    for _ in range(SCANS_MAX):
        batch = services.devices.page(
            principal.scope, cls=cls, area=area, after_slot=after, limit=size + 1
        )
        for device in batch:
            if len(found) == size:
                break
            after = device.slot
            state = believe(services.latest.get(device.slot))
            if presence is None or state.presence.word == presence:
                found.append((device, state))
        else:
            more = len(batch) > size
            if more:
                continue
        break
    _note(services, principal, looks, found)
    devices = [
        device_out(
            device,
            state,
            now_ms,
            see_position=_sees(principal, looks, device.vehicle_id),
            see_profile=principal.may(Permission.DEVICES_WRITE),
        )
        for device, state in found
    ]
    if as_ == "csv":
        rows = map(_csv_row, devices)
        return csv_response(request, "devices", _CSV_COLUMNS, rows, (after,) if more else None)
    return DevicePage(devices=devices, next=encode_cursor(after) if more else None)


@router.get("/{device_id}")
def get_device(
    device_id: PathId, services: ServicesDep, principal: Reader, x_purpose: PurposeHeader = None
) -> DeviceOut:
    """Get one device. A vehicle's position needs a purpose."""
    purpose = purpose_of(principal, x_purpose)
    device = services.devices.one(principal.scope, device_id)
    if device is None:
        not_found()
    state = believe(services.latest.get(device.slot))
    _note(services, principal, purpose, [(device, state)])
    return device_out(
        device,
        state,
        services.now_ms(),
        see_position=_sees(principal, purpose, device.vehicle_id),
        see_profile=principal.may(Permission.DEVICES_WRITE),
    )


@router.get("/{device_id}/health")
def get_health(device_id: PathId, services: ServicesDep, principal: Reader) -> HealthOut:
    """Get how a device is: presence, condition, admin state, causes in words."""
    device = services.devices.one(principal.scope, device_id)
    if device is None:
        not_found()
    return health_out(device, believe(services.latest.get(device.slot)), services.now_ms())


@router.post("", status_code=status.HTTP_201_CREATED)
def add_devices(body: DevicesIn, services: ServicesDep, principal: Writer) -> DeviceSecretsOut:
    """Register devices. The answer shows each one's broker password this once.

    What they sent before and is held in quarantine as ``unknown_device`` is run again, oldest
    first, unless ``adopt`` is false or the token is a district's.
    """
    return register_devices(services, principal, body.devices, adopt=body.adopt)


def _csv_row(device: DeviceOut) -> dict[str, Cell]:
    """One flat row: causes by their codes, the position's fields beside the others."""
    row = device.model_dump(exclude={"position", "causes", "profile"})
    position = device.position.model_dump() if device.position is not None else {}
    return row | {"causes": " ".join(cause.code for cause in device.causes)} | position


def _sees(principal: Principal, purpose: Purpose | None, vehicle_id: str | None) -> bool:
    return may_see_position(principal, purpose, vehicle_id=vehicle_id, incident_open=False)


def _note(
    services: Services,
    principal: Principal,
    purpose: Purpose | None,
    found: list[tuple[Device, Believed]],
) -> None:
    """Write down whose position is about to be shown."""
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
