"""Distances on WGS 84 in a local plane; good to 0.1 % within 20 km of the origin."""

import math

import numpy as np
from numpy.typing import NDArray

M_PER_DEG_LAT = 111_194.9
"""Metres per degree of latitude on a sphere of 6,371,008.8 m (IUGG mean radius)."""

Floats = NDArray[np.float64]


def to_local_m(
    lat_deg: Floats, lon_deg: Floats, origin_lat_deg: Floats, origin_lon_deg: Floats
) -> tuple[Floats, Floats]:
    """Metres east and north of each point's own origin (arrays of one shape)."""
    north = (lat_deg - origin_lat_deg) * M_PER_DEG_LAT
    east_deg = (lon_deg - origin_lon_deg + 180.0) % 360.0 - 180.0
    east = east_deg * M_PER_DEG_LAT * np.cos(np.radians(origin_lat_deg))
    return east, north


def distance_m(lat1_deg: float, lon1_deg: float, lat2_deg: float, lon2_deg: float) -> float:
    """Great-circle distance in metres (haversine); symmetric."""
    phi1, phi2 = math.radians(lat1_deg), math.radians(lat2_deg)
    half_dlat = (phi2 - phi1) / 2
    half_dlon = math.radians(lon2_deg - lon1_deg) / 2
    h = math.sin(half_dlat) ** 2 + math.cos(phi1) * math.cos(phi2) * math.sin(half_dlon) ** 2
    return 2 * 6_371_008.8 * math.asin(min(1.0, math.sqrt(h)))


def distances_m(lat_deg: Floats, lon_deg: Floats, lat0_deg: float, lon0_deg: float) -> Floats:
    """Great-circle distances of many points from one, metres; as ``distance_m``."""
    phi, phi0 = np.radians(lat_deg), math.radians(lat0_deg)
    half_dlon = np.radians(lon_deg - lon0_deg) / 2
    h = np.sin((phi - phi0) / 2) ** 2 + math.cos(phi0) * np.cos(phi) * np.sin(half_dlon) ** 2
    found: Floats = 2 * 6_371_008.8 * np.arcsin(np.sqrt(np.minimum(h, 1.0)))
    return found


def bearing_deg(lat1_deg: float, lon1_deg: float, lat2_deg: float, lon2_deg: float) -> float:
    """Course from the first point to the second at its beginning, degrees from north, [0, 360)."""
    phi1, phi2 = math.radians(lat1_deg), math.radians(lat2_deg)
    dlon = math.radians(lon2_deg - lon1_deg)
    east = math.sin(dlon) * math.cos(phi2)
    north = math.cos(phi1) * math.sin(phi2) - math.sin(phi1) * math.cos(phi2) * math.cos(dlon)
    return math.degrees(math.atan2(east, north)) % 360.0
