"""Coordinate systems of positions: GCJ-02 and BD-09 to WGS-84 and back.

The deviations are the published ones, as in ``prcoords`` 1.0.2 (public domain), against whose
table the tests hold them. They are smooth and lack the noise of the official encryption, so a
device that uses the original may lie about a metre off.

Box: the deviations apply inside a rough box round China; outside, every conversion is the
identity, bit for bit. The box (edges included) is asked once, of the pair that comes in, whatever
its system. Three things follow. Neighbours inside the box (Ulaanbaatar, Seoul, Hanoi) are converted
as well. Whoever crosses the edge leaps by the deviation: up to 0.75 km (GCJ-02) or 1.6 km (BD-09),
measured on 400,000 points. And within 0.02 degrees of an edge the way there and back may end one
deviation off, as the forward map itself is not one to one there. Everywhere else it ends within
0.1 mm (1e-9 degrees).

No value that is not NaN becomes NaN. Both ways of calling run the same formula, on ``math`` for
one point and on ``numpy`` for arrays; they agree to the last digits of a sine.
"""

import math
from collections.abc import Callable
from enum import StrEnum
from typing import Final, Protocol, TypeVar

import numpy as np

from devices.geo import Floats

SOUTH_DEG: Final = 0.8293
NORTH_DEG: Final = 55.8271
WEST_DEG: Final = 72.004
EAST_DEG: Final = 137.8347
"""The box outside which nothing deviates (``sanity_in_china_p`` of prcoords)."""

AXIS_M: Final = 6_378_245.0
ECCENTRICITY_SQUARED: Final = 0.00669342162296594323
"""Krasovsky 1940, semi-major axis in metres; the ellipsoid that GCJ-02 mixes in."""

BD_LAT_DEG: Final = 0.0060
BD_LON_DEG: Final = 0.0065
BD_WAVE: Final = 3000.0 * math.pi / 180.0
"""Baidu's constant deviations, degrees, and radians of its ripple per degree."""

GCJ_ROUNDS: Final = 4
BD_ROUNDS: Final = 4
"""Fixed-point rounds of the inverses: each leaves at most 2 % of the error, and after four 1.3e-10
degrees were left of 400,000 points. A fixed number, so that no point depends on its neighbours
in an array."""


class Crs(StrEnum):
    """In which system a pair of degrees is given."""

    WGS84 = "wgs84"
    GCJ02 = "gcj02"
    BD09 = "bd09"


N = TypeVar("N", float, Floats)


class _Functions(Protocol[N]):
    """What ``math`` and ``numpy`` have in common."""

    def sin(self, x: N, /) -> N: ...
    def cos(self, x: N, /) -> N: ...
    def sqrt(self, x: N, /) -> N: ...
    def atan2(self, y: N, x: N, /) -> N: ...


def to_wgs84(lat_deg: float, lon_deg: float, crs: Crs) -> tuple[float, float]:
    """WGS-84 latitude and longitude, degrees, of one point given in ``crs``."""
    if crs == Crs.WGS84 or not _in_box(lat_deg, lon_deg):
        return lat_deg, lon_deg
    return _backward(math, lat_deg, lon_deg, crs)


def from_wgs84(lat_deg: float, lon_deg: float, crs: Crs) -> tuple[float, float]:
    """Latitude and longitude in ``crs``, degrees, of one WGS-84 point."""
    if crs == Crs.WGS84 or not _in_box(lat_deg, lon_deg):
        return lat_deg, lon_deg
    return _forward(math, lat_deg, lon_deg, crs)


def to_wgs84_arrays(lat_deg: Floats, lon_deg: Floats, crs: Crs) -> tuple[Floats, Floats]:
    """As ``to_wgs84`` for two arrays of one shape; new arrays of that shape."""
    return _in_box_only(_backward, lat_deg, lon_deg, crs)


def from_wgs84_arrays(lat_deg: Floats, lon_deg: Floats, crs: Crs) -> tuple[Floats, Floats]:
    """As ``from_wgs84`` for two arrays of one shape; new arrays of that shape."""
    return _in_box_only(_forward, lat_deg, lon_deg, crs)


def _in_box(lat_deg: float, lon_deg: float) -> bool:
    return SOUTH_DEG <= lat_deg <= NORTH_DEG and WEST_DEG <= lon_deg <= EAST_DEG


def _in_box_only(
    convert: Callable[[_Functions[Floats], Floats, Floats, Crs], tuple[Floats, Floats]],
    lat_deg: Floats,
    lon_deg: Floats,
    crs: Crs,
) -> tuple[Floats, Floats]:
    lat, lon = lat_deg.copy(), lon_deg.copy()
    if crs != Crs.WGS84:
        inside = (
            (lat >= SOUTH_DEG) & (lat <= NORTH_DEG) & (lon >= WEST_DEG) & (lon <= EAST_DEG)
        )  # the formula never sees a pole, where a degree of longitude has no length
        lat[inside], lon[inside] = convert(np, lat[inside], lon[inside], crs)
    return lat, lon


def _forward(xp: _Functions[N], lat: N, lon: N, crs: Crs) -> tuple[N, N]:
    lat, lon = _gcj02(xp, lat, lon)
    return _bd09(xp, lat, lon) if crs == Crs.BD09 else (lat, lon)


def _backward(xp: _Functions[N], lat: N, lon: N, crs: Crs) -> tuple[N, N]:
    if crs == Crs.BD09:
        lat, lon = _undo(_bd09, BD_ROUNDS, xp, lat, lon)
    return _undo(_gcj02, GCJ_ROUNDS, xp, lat, lon)


def _undo(
    step: Callable[[_Functions[N], N, N], tuple[N, N]],
    rounds: int,
    xp: _Functions[N],
    lat: N,
    lon: N,
) -> tuple[N, N]:
    """The point that ``step`` takes to (lat, lon): the deviation hardly changes on its own way."""
    found_lat, found_lon = lat, lon
    for _ in range(rounds):
        there_lat, there_lon = step(xp, found_lat, found_lon)
        found_lat, found_lon = found_lat + (lat - there_lat), found_lon + (lon - there_lon)
    return found_lat, found_lon


def _gcj02(xp: _Functions[N], lat: N, lon: N) -> tuple[N, N]:
    """WGS-84 to GCJ-02: a polynomial and ripples, metres, about 35 N 105 E."""
    sin, sqrt = xp.sin, xp.sqrt
    x, y = lon - 105.0, lat - 35.0
    pi_x, pi_y = x * math.pi, y * math.pi
    root, shared = sqrt(abs(x)), 2.0 * sin(6.0 * pi_x) + 2.0 * sin(2.0 * pi_x)
    wave_y = 2.0 * sin(pi_y) + 4.0 * sin(pi_y / 3) + 16.0 * sin(pi_y / 12) + 32.0 * sin(pi_y / 30)
    wave_x = 2.0 * sin(pi_x) + 4.0 * sin(pi_x / 3) + 15.0 * sin(pi_x / 12) + 30.0 * sin(pi_x / 30)
    north_m = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    east_m = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    north_m = north_m + (shared + wave_y) * (20 / 3)
    east_m = east_m + (shared + wave_x) * (20 / 3)

    lat_rad = lat * (math.pi / 180.0)
    sine = sin(lat_rad)
    squash = 1.0 - ECCENTRICITY_SQUARED * sine * sine
    east_radius_m = AXIS_M / sqrt(squash)
    lat_radius_m = east_radius_m * (1.0 - ECCENTRICITY_SQUARED) / squash
    return (
        lat + north_m / lat_radius_m * (180.0 / math.pi),
        lon + east_m / (east_radius_m * xp.cos(lat_rad)) * (180.0 / math.pi),
    )


def _bd09(xp: _Functions[N], lat: N, lon: N) -> tuple[N, N]:
    """GCJ-02 to BD-09: ripples on the polar form of the degrees, and a constant."""
    radius = xp.sqrt(lon * lon + lat * lat) + 0.00002 * xp.sin(lat * BD_WAVE)
    angle = xp.atan2(lat, lon) + 0.000003 * xp.cos(lon * BD_WAVE)
    return radius * xp.sin(angle) + BD_LAT_DEG, radius * xp.cos(angle) + BD_LON_DEG
