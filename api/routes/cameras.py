"""Cameras: the nearest ones of a place, and each one's channels.

A camera's place is no secret (``api.privacy``): no purpose is asked, and no look is written down.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from api.asking import not_found
from api.auth import Requires
from api.believed import believe, health_out
from api.camera_schemas import CameraOut, ChannelOut, NearCamerasOut
from api.deps import ServicesDep
from api.fields import PathId
from api.near_cameras import cameras_near, causes_out
from api.roles import Permission, Principal
from api.times import format_known_time
from devices.camera_conditions import BLIND, sees
from devices.causes import causes_of
from devices.crs import Crs, to_wgs84
from devices.model import DeviceClass

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


@router.get("/{camera_id}")
def get_camera(camera_id: PathId, services: ServicesDep, principal: Reader) -> CameraOut:
    """Get one camera: how it is, where it stands, and what is wrong with which channel."""
    device = services.devices.one(principal.scope, camera_id)
    if device is None or device.cls is not DeviceClass.CAMERA:
        not_found()
    state = believe(services.latest.get(device.slot))
    places = services.cameras.places()
    at = next((k for k, camera in enumerate(places.cameras) if camera.id == device.id), None)
    return CameraOut(
        **health_out(device, state, services.now_ms()).model_dump(),
        name=device.name,
        model=device.model,
        vendor=device.vendor,
        area=device.area,
        site_id=device.site_id,
        lat_deg=None if at is None else float(places.lat_deg[at]),
        lon_deg=None if at is None else float(places.lon_deg[at]),
        works=sees(int(state.presence), int(state.causes)),
        channels=[
            ChannelOut(
                n=channel.n,
                works=not channel.causes & BLIND,
                causes=causes_out(causes_of(channel.causes)),
                since=format_known_time(channel.since_ms),
            )
            for channel in services.cameras.channels(device.slot)
        ],
    )
