"""Which cameras are named near a place, for the API and the command line."""

from collections.abc import Sequence

import numpy as np

from api.camera_schemas import NearCameraOut, NearCamerasOut
from api.ports import LatestState
from api.roles import Scope
from api.schemas import CauseOut
from api.times import format_known_time
from devices.camera_conditions import BLIND
from devices.camera_places import CameraPlaces, working_first
from devices.causes import Cause, causes_of
from devices.geo import bearing_deg
from devices.presence import Presence


def cameras_near(
    places: CameraPlaces,
    latest: LatestState,
    scope: Scope,
    *,
    lat_deg: float,
    lon_deg: float,
    most: int,
    max_m: float,
) -> NearCamerasOut:
    """Give up to ``most`` working cameras, then the broken ones that are nearer (as many at most).

    Args:
        places: Where they stand.
        latest: How they are.
        scope: Others are not named.
        lat_deg: WGS 84, as ``lon_deg``.
        lon_deg: See above.
        most: How many working ones.
        max_m: Not farther than this, metres.
    """
    found, away_m = places.nearest(lat_deg, lon_deg, within_m=max_m)
    mine = np.array([scope.covers(places.cameras[k].area) for k in found.tolist()], np.bool_)
    found, away_m = found[mine], away_m[mine]
    health = latest.health(places.slots[found])
    works = (health.presence == Presence.ONLINE) & (health.causes & np.uint64(BLIND) == 0)
    cameras = []
    for k in working_first(works, most):
        camera, lat, lon = places.cameras[found[k]], *_place(places, int(found[k]))
        cameras.append(
            NearCameraOut(
                id=camera.id,
                name=camera.name,
                site_id=camera.site_id,
                lat_deg=lat,
                lon_deg=lon,
                distance_m=round(float(away_m[k]), 1),
                bearing_deg=round(bearing_deg(lat_deg, lon_deg, lat, lon), 1) % 360,
                works=bool(works[k]),
                presence=Presence(int(health.presence[k])).word,
                causes=causes_out(causes_of(int(health.causes[k]))),
                since=format_known_time(int(health.since_ms[k])),
            )
        )
    return NearCamerasOut(lat_deg=lat_deg, lon_deg=lon_deg, max_m=max_m, cameras=cameras)


def causes_out(causes: Sequence[Cause]) -> list[CauseOut]:
    """Give causes in words."""
    return [CauseOut(code=cause.code, en=cause.en, zh=cause.zh) for cause in causes]


def _place(places: CameraPlaces, k: int) -> tuple[float, float]:
    return float(places.lat_deg[k]), float(places.lon_deg[k])
