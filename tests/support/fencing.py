"""Fences as GeoJSON, good and bad, and fixes of vehicles against fences, one by one."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from alerts.fence_pairs import Heard
from alerts.fences import FenceWatch
from alerts.rules.geofence import FenceEvent
from devices.geo import M_PER_DEG_LAT
from devices.readings import Fix

CORNERS = [[117.2, 31.8], [117.21, 31.8], [117.21, 31.81], [117.2, 31.81], [117.2, 31.8]]
BOW_TIE = [CORNERS[0], CORNERS[2], CORNERS[1], CORNERS[3], CORNERS[0]]
SPIKE = [*CORNERS[:2], [117.22, 31.8], CORNERS[1], *CORNERS[2:]]
LAT_DEG, LON_DEG = 31.82, 117.23
"""The middle of a town in metres."""
EAST_M = M_PER_DEG_LAT * math.cos(math.radians(LAT_DEG))


def a_feature(fence_id: str, ring: list[list[float]] = CORNERS, **said: object) -> dict[str, Any]:
    """A polygon of one ring with what is said of it."""
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return {"type": "Feature", "id": fence_id, "properties": said, "geometry": geometry}


def fence_events_of(
    watch: FenceWatch, vehicle_id: str, fix: Fix, elapsed_ms: int, *, parked: bool = False
) -> list[FenceEvent]:
    """What one fix of one vehicle gives."""
    acc_m = np.nan if fix.acc_m is None else fix.acc_m
    heard = Heard(
        vehicles=[vehicle_id],
        lat_deg=np.array([fix.lat_deg], np.float64),
        lon_deg=np.array([fix.lon_deg], np.float64),
        acc_m=np.array([acc_m]),
        t_ms=np.array([fix.t_ms]),
        elapsed_ms=np.array([elapsed_ms]),
        parked_m=np.array([np.inf if parked else np.nan]),
    )
    return [event for _, event in watch.step(heard)]


def metres_to_degrees(east_m: float, north_m: float) -> tuple[float, float]:
    """Latitude and longitude of a place in metres from the middle."""
    return LAT_DEG + north_m / M_PER_DEG_LAT, LON_DEG + east_m / EAST_M


def ring(corners: Sequence[tuple[float, float]]) -> list[list[float]]:
    """A closed GeoJSON ring of corners in metres."""
    degrees = [metres_to_degrees(*corner) for corner in corners]
    return [[lon, lat] for lat, lon in [*degrees, degrees[0]]]


def star(
    middle: tuple[float, float], radii: Sequence[float], share: float = 1.0
) -> list[list[float]]:
    """A simple ring: corners at equal angles, each at a distance of its own."""
    angles = [2 * math.pi * k / len(radii) for k in range(len(radii))]
    x, y = middle
    return ring(
        [
            (x + share * r * math.cos(a), y + share * r * math.sin(a))
            for r, a in zip(radii, angles, strict=True)
        ]
    )
