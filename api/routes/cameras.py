"""Cameras: the nearest ones of a place, and each one's channels.

A camera's place is no secret (``api.privacy``): no purpose is asked, and no look is written down.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from api.asking import not_found, page_size
from api.auth import Requires
from api.believed import Believed, believe
from api.camera_answers import CSV_COLUMNS, camera_out, csv_row, places_of
from api.camera_schemas import CameraOut, CameraPage, NearCamerasOut
from api.csv_text import CSV_RESPONSES, Format, csv_response
from api.cursors import decode_cursor, encode_cursor
from api.deps import Services, ServicesDep
from api.device_finding import page_by_slot, page_by_worst
from api.device_query import Sort, Wanted
from api.fields import Cursor, Limit, PathId
from api.near_cameras import cameras_near
from api.roles import Permission, Principal
from api.tags import json_response
from devices.crs import Crs, to_wgs84
from devices.model import Device, DeviceClass

router = APIRouter(prefix="/v1/cameras", tags=["cameras"])

Reader = Annotated[Principal, Depends(Requires(Permission.CAMERAS_READ))]
Latitude = Annotated[float, Query(ge=-90, le=90, allow_inf_nan=False, examples=[31.820613])]
Longitude = Annotated[float, Query(ge=-180, le=180, allow_inf_nan=False, examples=[117.227239])]
GivenCrs = Annotated[Crs, Query(description="In which system the place is given")]
Most = Annotated[int, Query(ge=1, le=50, description="So many that work")]
Reach = Annotated[float, Query(gt=0, le=20_000, allow_inf_nan=False, description="Not farther, m")]


@router.get("/near")
def near_cameras(
    *,
    services: ServicesDep,
    principal: Reader,
    lat: Latitude,
    lon: Longitude,
    crs: GivenCrs = Crs.WGS84,
    n: Most = 5,
    max_m: Reach = 1_000.0,
) -> NearCamerasOut:
    """Name the nearest working cameras of a place, and broken ones that are nearer."""
    lat_deg, lon_deg = to_wgs84(lat, lon, crs)
    return cameras_near(
        services.cameras.places(),
        services.latest,
        principal.scope,
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        most=n,
        max_m=max_m,
    )


@router.get("", response_model=CameraPage, responses=CSV_RESPONSES)
def list_cameras(
    *,
    request: Request,
    services: ServicesDep,
    principal: Reader,
    wanted: Wanted,
    sort: Sort = "worst",
    cursor: Cursor = None,
    limit: Limit = None,
    as_: Format = "json",
) -> Response:
    """List cameras in scope with their channels. The filters are those of devices.

    Whatever ``cls`` says, it is cameras alone.
    """
    wanted = replace(wanted, registered=replace(wanted.registered, cls=(DeviceClass.CAMERA,)))
    find, shape = (page_by_worst, (int, int)) if sort == "worst" else (page_by_slot, (int,))
    page = find(
        services,
        principal.scope,
        wanted,
        after=decode_cursor(cursor, *shape),
        limit=page_size(services, limit),
    )
    answer = CameraPage(
        cameras=_cameras(services, page.rows),
        next=encode_cursor(*page.next_key) if page.next_key else None,
    )
    if as_ == "csv":
        rows = map(csv_row, answer.cameras)
        return csv_response(request, "cameras", CSV_COLUMNS, rows, page.next_key)
    return json_response(answer)


@router.get("/{camera_id}")
def get_camera(camera_id: PathId, services: ServicesDep, principal: Reader) -> CameraOut:
    """Get one camera: how it is, where it stands, and what is wrong with which channel."""
    device = services.devices.one(principal.scope, camera_id)
    if device is None or device.cls is not DeviceClass.CAMERA:
        not_found()
    return _cameras(services, [(device, believe(services.latest.get(device.slot)))])[0]


def _cameras(services: Services, rows: Sequence[tuple[Device, Believed]]) -> list[CameraOut]:
    slots = [device.slot for device, _ in rows]
    places = places_of(services.cameras.places(), slots)
    channels = services.cameras.channels(slots)
    now_ms = services.now_ms()
    return [
        camera_out(device, state, places.get(device.slot), channels.get(device.slot, ()), now_ms)
        for device, state in rows
    ]
