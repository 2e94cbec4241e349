"""Fences: circles and polygons with holes, an inner and an outer boundary, dwell and accuracy.

A fix decides only what its accuracy allows; between the two boundaries nothing changes; a
new side counts after it lasted. The first side known is no event (the start is "unknown", never
"outside"). Two fixes on either side of a narrow fence give ``crossed``.
"""

import math
from enum import IntEnum
from typing import NamedTuple

import msgspec
import shapely
from shapely.geometry import Point, shape
from shapely.geometry.base import BaseGeometry

from devices.geo import M_PER_DEG_LAT
from devices.model import Fence

MIN_RADIUS_M = 25.0
"""A smaller fence is refused: the parked noise alone (sd up to 10.8 m per axis, detection.md)
leaves it several times a day."""
CROSS_MAX_S = 60.0
"""Two fixes farther apart in time do not tell a crossing."""
CROSS_MAX_MPS = 45.0
"""A faster leap is a teleport, not a crossing. Source: detection.md, gate."""


class FenceTooSmall(Exception):
    """The fence is smaller than the error of a position."""

    def __init__(self, radius_m: float) -> None:
        """Say what is allowed."""
        super().__init__(
            f"the fence is about {radius_m:.0f} m in radius; positions are only good to "
            f"{MIN_RADIUS_M:.0f} m, so it would be left by noise: make it larger"
        )


class Side(IntEnum):
    """Where a vehicle is, as far as is known."""

    UNKNOWN = 0
    INSIDE = 1
    OUTSIDE = 2


class FenceEvent(NamedTuple):
    """``geofence_enter``, ``geofence_exit`` or ``geofence_crossed`` of one vehicle."""

    fence: Fence
    what: str
    t_ms: int


class Membership(msgspec.Struct):
    """One vehicle and one fence. ``since_ms`` (steady clock) belongs to ``candidate``."""

    side: int = Side.UNKNOWN
    candidate: int = Side.UNKNOWN
    since_ms: int = 0
    last_t: int = 0
    last_x: float = 0.0
    last_y: float = 0.0


class Area:
    """A fence in metres around its own middle, ready to ask."""

    def __init__(self, fence: Fence) -> None:
        """Project once.

        Raises:
            FenceTooSmall: Its radius (of a circle with its area) is under ``MIN_RADIUS_M``.
            ValueError: Neither a circle nor a valid polygon.
        """
        self.fence = fence
        if fence.geometry is not None:
            degrees = shape(fence.geometry)
            self._at(degrees.centroid.y, degrees.centroid.x)
            self._shape: BaseGeometry = shapely.transform(
                degrees, lambda xy: (xy - (self._lon, self._lat)) * (self._east, M_PER_DEG_LAT)
            )
            if not self._shape.is_valid or self._shape.area == 0:
                raise ValueError(f"the polygon is not valid: {shapely.is_valid_reason(degrees)}")
        elif fence.lat_deg is None or fence.lon_deg is None or fence.radius_m is None:
            raise ValueError("a fence needs a geometry, or lat_deg, lon_deg and radius_m")
        else:
            self._at(fence.lat_deg, fence.lon_deg)
            self._shape = Point(0, 0).buffer(fence.radius_m, quad_segs=64)
        self.size_m = math.sqrt(self._shape.area / math.pi)
        if self.size_m < MIN_RADIUS_M:
            raise FenceTooSmall(self.size_m)
        self._edge = self._shape.boundary
        shapely.prepare(self._shape)

    def _at(self, lat_deg: float, lon_deg: float) -> None:
        self._lat, self._lon = lat_deg, lon_deg
        self._east = M_PER_DEG_LAT * math.cos(math.radians(lat_deg))

    def local(self, lat_deg: float, lon_deg: float) -> tuple[float, float]:
        """Metres east and north of the fence's middle."""
        return (lon_deg - self._lon) * self._east, (lat_deg - self._lat) * M_PER_DEG_LAT

    def depth_m(self, x: float, y: float) -> float:
        """Distance to the edge, positive inside, metres."""
        point = Point(x, y)
        distance = float(self._edge.distance(point))
        return distance if self._shape.covers(point) else -distance

    def crosses(self, x1: float, y1: float, x2: float, y2: float) -> bool:
        """Whether the segment passes through the inside."""
        return bool(self._shape.intersects(shapely.LineString([(x1, y1), (x2, y2)])))


def step(
    area: Area,
    member: Membership,
    *,
    lat_deg: float,
    lon_deg: float,
    acc_m: float,
    t_ms: int,
    elapsed_ms: int,
) -> FenceEvent | None:
    """One believable fix against one fence; changes ``member``."""
    x, y = area.local(lat_deg, lon_deg)
    depth = area.depth_m(x, y)
    margin = min(area.fence.margin_m, area.size_m / 3)
    seen = Side.UNKNOWN
    if depth <= -(margin + acc_m):
        seen = Side.OUTSIDE
    elif depth >= min(margin, area.size_m / 3) and acc_m <= area.size_m:
        seen = Side.INSIDE
    event = None
    if seen is not Side.UNKNOWN:
        event = _decide(area, member, seen, at=(x, y), t_ms=t_ms, elapsed_ms=elapsed_ms)
        member.last_t, member.last_x, member.last_y = t_ms, x, y
    return event


def _decide(
    area: Area,
    member: Membership,
    seen: Side,
    *,
    at: tuple[float, float],
    t_ms: int,
    elapsed_ms: int,
) -> FenceEvent | None:
    if member.side == Side.UNKNOWN:
        member.side = member.candidate = seen
        return None
    if seen == member.side:
        member.candidate = seen
        if seen is Side.OUTSIDE and _leapt_over(area, member, *at, t_ms):
            return FenceEvent(area.fence, "geofence_crossed", t_ms)
        return None
    if member.candidate != seen:
        member.candidate, member.since_ms = seen, elapsed_ms
    if elapsed_ms - member.since_ms < area.fence.dwell_s * 1000:
        return None
    member.side = seen
    what = "geofence_enter" if seen is Side.INSIDE else "geofence_exit"
    return FenceEvent(area.fence, what, t_ms)


def _leapt_over(area: Area, member: Membership, x: float, y: float, t_ms: int) -> bool:
    dt_s = (t_ms - member.last_t) / 1000.0
    if not 0 < dt_s <= CROSS_MAX_S:
        return False
    leap_m = math.hypot(x - member.last_x, y - member.last_y)
    if leap_m / dt_s > CROSS_MAX_MPS:
        return False
    return area.crosses(member.last_x, member.last_y, x, y)
