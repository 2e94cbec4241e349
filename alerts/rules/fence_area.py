"""One fence in metres around its own middle: how deep a place lies in it, how a way leads through.

A point on the boundary, a hole's too, is inside: its depth is 0. Distances are those of a local
plane; a fence for which that plane does not hold is refused.
"""

import math
from typing import cast

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.errors import ShapelyError
from shapely.geometry import LineString, Point, shape
from shapely.geometry.base import BaseGeometry

from devices.geo import M_PER_DEG_LAT
from devices.model import Fence

MIN_RADIUS_M = 25.0
"""A smaller fence is refused: the parked noise alone (sd up to 10.8 m per axis, detection.md)
leaves it several times a day."""
PLANE_OFF_MAX = 0.1
"""East-west metres at the northern and southern end may differ so much from those in the middle:
at 32 degrees of latitude a fence may reach 1,000 km each way, at 89 degrees 11 km."""
MANY_CORNERS = 256
"""From so many corners on the nearest edge is looked up in a tree. Measured 2026-11-28: distance to
all edges 1.7 µs at 128 corners, 10 at 1,000, 68 at 5,000."""
_HALF_TURN_DEG = 180.0
_ACROSS = "the fence reaches across the 180th meridian: draw one on each side of it"

F8 = NDArray[np.float64]


class FenceTooSmall(Exception):
    """The fence is smaller than the error of a position."""

    def __init__(self, radius_m: float) -> None:
        """Say what is allowed."""
        super().__init__(
            f"the fence is about {radius_m:.0f} m in radius; positions are only good to "
            f"{MIN_RADIUS_M:.0f} m, so it would be left by noise: make it larger"
        )


class Area:
    """A fence, ready to ask.

    Attributes:
        lat_deg, lon_deg: Its middle; ``east_m`` metres of one degree of longitude there.
        size_m: Radius of a circle with its area.
        reach_m, inner_m: Radii of circles about the middle: it lies in the first, and the second
            in it (0 = there is none).
        margin_m: Half the width of the band around its boundary.
        circle_m: Its radius; 0 = it is a polygon, and has ``outline``, ``edge`` and ``core``.
        outline, edge, core: Metres about the middle: its area, boundary, and what is deeper than
            the margin.
    """

    lat_deg: float
    lon_deg: float
    east_m: float
    size_m: float
    reach_m: float
    inner_m: float = 0.0
    circle_m: float = 0.0
    outline: BaseGeometry | None = None
    edge: BaseGeometry | None = None
    core: BaseGeometry | None = None
    _edges: shapely.STRtree | None = None

    def __init__(self, fence: Fence) -> None:
        """Project once.

        Raises:
            FenceTooSmall: Its radius (of a circle with its area) is under ``MIN_RADIUS_M``.
            ValueError: Neither a circle nor a valid polygon, or too near a pole or the 180th
                meridian.
        """
        self.fence = fence
        if fence.geometry is not None:
            self._draw(_polygon(fence.geometry))
        elif fence.lat_deg is None or fence.lon_deg is None or fence.radius_m is None:
            raise ValueError("a fence needs a geometry, or lat_deg, lon_deg and radius_m")
        else:
            self._round(fence.lat_deg, fence.lon_deg, fence.radius_m)
        if self.size_m < MIN_RADIUS_M:
            raise FenceTooSmall(self.size_m)
        self.margin_m = min(fence.margin_m, self.size_m / 3)
        if self.outline is not None:
            self.core = self.outline.buffer(-self.margin_m)
            for drawn in (self.outline, self.core):
                shapely.prepare(drawn)

    def _round(self, lat_deg: float, lon_deg: float, radius_m: float) -> None:
        self._at(lat_deg, lon_deg)
        self._box_m = (-radius_m, -radius_m, radius_m, radius_m)
        self._check_plane()
        self.circle_m = self.size_m = self.reach_m = self.inner_m = radius_m

    def _draw(self, degrees: BaseGeometry) -> None:
        middle = degrees.centroid
        self._at(middle.y, middle.x)
        west, _, east, _ = degrees.bounds
        if east - west > _HALF_TURN_DEG:
            raise ValueError(_ACROSS)
        outline: BaseGeometry = shapely.transform(
            shapely.force_2d(degrees),
            lambda xy: (xy - (self.lon_deg, self.lat_deg)) * (self.east_m, M_PER_DEG_LAT),
        )
        if not outline.is_valid or outline.area == 0:
            raise ValueError(f"the polygon is not valid: {shapely.is_valid_reason(degrees)}")
        self._box_m = outline.bounds
        self._check_plane()
        self.size_m = math.sqrt(outline.area / math.pi)
        self.outline, self.edge = outline, outline.boundary
        corners = shapely.get_coordinates(outline)
        self.reach_m = float(np.sqrt((corners**2).sum(axis=1)).max())
        if outline.covers(Point(0, 0)):
            self.inner_m = float(self.edge.distance(Point(0, 0)))
        if shapely.get_num_coordinates(outline) > MANY_CORNERS:
            self._edges = shapely.STRtree(_segments(outline))

    def _at(self, lat_deg: float, lon_deg: float) -> None:
        self.lat_deg, self.lon_deg = lat_deg, lon_deg
        self.east_m = M_PER_DEG_LAT * math.cos(math.radians(lat_deg))

    def _check_plane(self) -> None:
        west_deg, south_deg, east_deg, north_deg = self.box_deg(0.0)
        for end_deg in (south_deg, north_deg):
            east_m = M_PER_DEG_LAT * math.cos(math.radians(end_deg))
            if not abs(east_m - self.east_m) <= PLANE_OFF_MAX * self.east_m:
                raise ValueError(
                    f"the fence reaches too far north or south (to latitude {end_deg:.2f}) for its "
                    "distances to hold: draw several, or one farther from the pole"
                )
        if west_deg < -_HALF_TURN_DEG or east_deg > _HALF_TURN_DEG:
            raise ValueError(_ACROSS)

    def box_deg(self, grown_m: float) -> tuple[float, float, float, float]:
        """West, south, east, north: what is outside is farther from the fence than ``grown_m``."""
        west, south, east, north = self._box_m
        return (
            self.lon_deg + (west - grown_m) / self.east_m,
            self.lat_deg + (south - grown_m) / M_PER_DEG_LAT,
            self.lon_deg + (east + grown_m) / self.east_m,
            self.lat_deg + (north + grown_m) / M_PER_DEG_LAT,
        )

    def local(self, lat_deg: float, lon_deg: float) -> tuple[float, float]:
        """Metres east and north of the fence's middle."""
        return (lon_deg - self.lon_deg) * self.east_m, (lat_deg - self.lat_deg) * M_PER_DEG_LAT

    def depth_m(self, x: float, y: float) -> float:
        """Distance to the edge, positive inside, metres."""
        return float(self.depths_m(np.array([x]), np.array([y]))[0])

    def depths_m(self, x: F8, y: F8) -> F8:
        """``depth_m`` of many places."""
        if self.outline is None:
            return round_depths_m(self.circle_m, x, y)
        away_m = self.edge_distances_m(points_at(x, y))
        depths: F8 = np.where(shapely.intersects_xy(self.outline, x, y), away_m, -away_m)
        return depths

    def edge_distances_m(self, points: NDArray[np.object_]) -> F8:
        """How far points are from the boundary of a polygon, metres."""
        if self._edges is None:
            away_m: F8 = shapely.distance(self.edge, points)
            return away_m
        _, nearest_m = self._edges.query_nearest(points, return_distance=True, all_matches=False)
        return np.asarray(nearest_m, np.float64)

    @property
    def has_many_corners(self) -> bool:
        """Whether its nearest edge is looked up in a tree."""
        return self._edges is not None

    def passage(self, x1: float, y1: float, x2: float, y2: float) -> tuple[float, float] | None:
        """Where on the way from 1 to 2 the fence is entered and left, as shares of the way.

        None when the way does not lead through its inside, deeper than the margin.
        """
        if self.outline is None or self.core is None:
            return _chord(self.circle_m, self.margin_m, (x1, y1), (x2, y2))
        way = LineString([(x1, y1), (x2, y2)])
        if not self.core.intersects(way):
            return None
        shares = [
            way.project(Point(place), normalized=True)
            for place in shapely.get_coordinates(self.outline.intersection(way))
        ]
        return min(shares), max(shares)


def points_at(x: F8, y: F8) -> NDArray[np.object_]:
    """Points of an array each."""
    return cast("NDArray[np.object_]", shapely.points(x, y))


def round_depths_m(radius_m: F8 | float, x: F8, y: F8) -> F8:
    """Depths of places in circles about 0, metres."""
    depths: F8 = radius_m - np.sqrt(x * x + y * y)
    return depths


def _chord(
    radius_m: float, margin_m: float, start: tuple[float, float], end: tuple[float, float]
) -> tuple[float, float] | None:
    """The part of a way that lies in a circle about 0, if the way comes nearer than the margin."""
    (x1, y1), (x2, y2) = start, end
    dx, dy = x2 - x1, y2 - y1
    way2 = dx * dx + dy * dy
    if way2 == 0:
        return None
    middle = -(x1 * dx + y1 * dy) / way2
    nearest = min(1.0, max(0.0, middle))
    if math.hypot(x1 + nearest * dx, y1 + nearest * dy) > radius_m - margin_m:
        return None
    off2 = (x1 + middle * dx) ** 2 + (y1 + middle * dy) ** 2
    half = math.sqrt((radius_m**2 - off2) / way2)
    return max(0.0, middle - half), min(1.0, middle + half)


def _segments(outline: BaseGeometry) -> NDArray[np.object_]:
    """Every edge of a polygon as a line of its own."""
    pieces = []
    for part in shapely.get_parts(outline):
        for ring in (part.exterior, *part.interiors):
            corners = shapely.get_coordinates(ring)
            pieces.append(np.stack([corners[:-1], corners[1:]], axis=1))
    return cast("NDArray[np.object_]", shapely.linestrings(np.concatenate(pieces)))


def _polygon(geometry: dict[str, object]) -> BaseGeometry:
    try:
        polygon = shape(geometry)
    except (ShapelyError, ValueError, TypeError, KeyError, IndexError, AttributeError) as exc:
        raise ValueError("the geometry is not a GeoJSON polygon") from exc
    if polygon.geom_type not in {"Polygon", "MultiPolygon"} or polygon.is_empty:
        raise ValueError("the geometry is no polygon, or it is empty")
    return polygon
