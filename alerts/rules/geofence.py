"""Fences: what a fix says of one side or the other, and when that becomes an event.

A circle or a polygon with holes has an inner and an outer boundary (``margin_m``); a fix decides
only what its accuracy allows; between the boundaries nothing changes; a new side counts after it
lasted. The start is "unknown", never "outside": the first side known is no event. Two fixes on
either side of a narrow fence give an enter and its exit, with estimated times.
"""

import math
from enum import IntEnum
from typing import NamedTuple

import msgspec
import shapely
from shapely.errors import ShapelyError
from shapely.geometry import LineString, Point, shape
from shapely.geometry.base import BaseGeometry

from devices.geo import M_PER_DEG_LAT
from devices.model import Fence

MIN_RADIUS_M = 25.0
"""A smaller fence is refused: the parked noise alone (sd up to 10.8 m per axis, detection.md)
leaves it several times a day."""
CROSS_MAX_S = 60.0
"""Two fixes farther apart in time do not tell a crossing (field case A-10: "the gap is long")."""
CROSS_MAX_MPS = 45.0
"""A faster leap is a teleport, not a crossing. Source: detection.md, gate."""
FAR_FACTOR = 3.0
"""Beyond the boundary by more than three margins and three times its accuracy, a fix is no noise of
that boundary: 30 m are 3 to 20 standard deviations of what receivers showed (detection.md)."""
FAR_DWELL_S = 5.0
"""Such fixes need to last only so long: field case A-08 wants the exit within 10 s at 80 m
beyond. Parked receivers are that far off about 5 times a day (detection.md: beyond 50 m 8.4, beyond
100 m 0.9), and then from where they stand, not from the boundary."""


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


class At(NamedTuple):
    """One believable fix: WGS 84 degrees, metres, fix time and steady time in ms."""

    lat_deg: float
    lon_deg: float
    acc_m: float
    t_ms: int
    elapsed_ms: int


class FenceEvent(NamedTuple):
    """``geofence_enter`` or ``geofence_exit`` of one vehicle, at fix time ``t_ms``.

    ``inferred``: estimated between two fixes, or begun from a side that no fix had made sure of.
    """

    fence: Fence
    what: str
    t_ms: int
    inferred: bool = False


class Membership(msgspec.Struct):
    """One vehicle and one fence.

    Attributes:
        side: Where it is; ``sure`` once a fix beyond the boundary's band said so.
        candidate: The other side while it has not lasted; since when by fix time (``since_t``)
            and the steady clock (``since_ms``), ms.
        out_t, out_x, out_y: The last fix that was outside beyond doubt; ``out_t`` 0 = none since
            it was inside. Metres east and north of the fence's middle.
    """

    side: int = Side.UNKNOWN
    sure: bool = False
    candidate: int = Side.UNKNOWN
    since_t: int = 0
    since_ms: int = 0
    out_t: int = 0
    out_x: float = 0.0
    out_y: float = 0.0


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
            degrees = _polygon(fence.geometry)
            self._at(degrees.centroid.y, degrees.centroid.x)
            self._shape: BaseGeometry = shapely.transform(
                degrees, lambda xy: (xy - (self._lon, self._lat)) * (self._east, M_PER_DEG_LAT)
            )
            if not self._shape.is_valid or self._shape.area == 0:
                raise ValueError(f"the polygon is not valid: {shapely.is_valid_reason(degrees)}")
            self._circle_m = 0.0
        elif fence.lat_deg is None or fence.lon_deg is None or fence.radius_m is None:
            raise ValueError("a fence needs a geometry, or lat_deg, lon_deg and radius_m")
        else:
            self._at(fence.lat_deg, fence.lon_deg)
            self._shape = Point(0, 0).buffer(fence.radius_m, quad_segs=64)
            self._circle_m = fence.radius_m
        self.size_m = math.sqrt(self._shape.area / math.pi)
        if self.size_m < MIN_RADIUS_M:
            raise FenceTooSmall(self.size_m)
        self.margin_m = min(fence.margin_m, self.size_m / 3)
        self._edge = self._shape.boundary
        self._reach_m = float(self._shape.hausdorff_distance(Point(0, 0)))
        self._core = self._shape.buffer(-self.margin_m)
        shapely.prepare(self._shape)

    def _at(self, lat_deg: float, lon_deg: float) -> None:
        self._lat, self._lon = lat_deg, lon_deg
        self._east = M_PER_DEG_LAT * math.cos(math.radians(lat_deg))

    def local(self, lat_deg: float, lon_deg: float) -> tuple[float, float]:
        """Metres east and north of the fence's middle."""
        return (lon_deg - self._lon) * self._east, (lat_deg - self._lat) * M_PER_DEG_LAT

    def depth_m(self, x: float, y: float) -> float:
        """Distance to the edge, positive inside, metres; far outside at most that distance."""
        away_m = math.hypot(x, y)
        if self._circle_m:
            return self._circle_m - away_m
        if away_m > 2 * self._reach_m:  # most fences are somewhere else: no geometry for these
            return self._reach_m - away_m
        point = Point(x, y)
        distance = float(self._edge.distance(point))
        return distance if self._shape.covers(point) else -distance

    def passage(self, x1: float, y1: float, x2: float, y2: float) -> tuple[float, float] | None:
        """Where on the way from 1 to 2 the fence is entered and left, as shares of the way.

        None when the way does not lead through its inside, deeper than the margin.
        """
        way = LineString([(x1, y1), (x2, y2)])
        if not self._core.intersects(way):
            return None
        shares = [
            way.project(Point(place), normalized=True)
            for place in shapely.get_coordinates(self._shape.intersection(way))
        ]
        return min(shares), max(shares)


def _polygon(geometry: dict[str, object]) -> BaseGeometry:
    try:
        polygon = shape(geometry)
    except (ShapelyError, ValueError, TypeError, KeyError, IndexError, AttributeError) as exc:
        raise ValueError("the geometry is not a GeoJSON polygon") from exc
    if polygon.is_empty:
        raise ValueError("the geometry is empty")
    return polygon


def step(area: Area, member: Membership, at: At) -> list[FenceEvent]:
    """One believable fix against one fence, in order of fix time; changes ``member``."""
    x, y = area.local(at.lat_deg, at.lon_deg)
    depth = area.depth_m(x, y)
    seen = _seen(area, depth, at.acc_m)
    events: list[FenceEvent] = []
    if member.side == Side.UNKNOWN:
        _begin(member, seen, depth, at.acc_m, area.size_m)
    elif seen is Side.UNKNOWN:
        pass
    elif seen == member.side:
        if seen is Side.OUTSIDE:
            events = _over(area, member, x, y, at)
        member.candidate, member.sure = seen, True
    else:
        events = _change(area, member, seen, depth, at)
    if seen is Side.OUTSIDE and member.side == Side.OUTSIDE:
        member.out_t, member.out_x, member.out_y = at.t_ms, x, y
    elif member.side == Side.INSIDE:
        member.out_t = 0
    return events


def _seen(area: Area, depth: float, acc_m: float) -> Side:
    """The side a fix makes sure of; UNKNOWN in the band and when its error is too large."""
    if depth <= -(area.margin_m + acc_m):
        return Side.OUTSIDE
    if depth >= area.margin_m and acc_m <= area.size_m:
        return Side.INSIDE
    return Side.UNKNOWN


def _begin(member: Membership, seen: Side, depth: float, acc_m: float, size_m: float) -> None:
    """The first side: what the fix makes sure of, else what it shows if it is good enough."""
    if seen is not Side.UNKNOWN:
        member.side, member.sure = seen, True
    elif acc_m <= size_m / 2:
        member.side = Side.INSIDE if depth > 0 else Side.OUTSIDE
    member.candidate = member.side


def _change(area: Area, member: Membership, seen: Side, depth: float, at: At) -> list[FenceEvent]:
    """The other side: it counts once it lasted, by fix time or by the steady clock."""
    if member.candidate != seen:
        member.candidate, member.since_t, member.since_ms = seen, at.t_ms, at.elapsed_ms
    far = abs(depth) > FAR_FACTOR * max(area.margin_m, at.acc_m)
    dwell_s = min(area.fence.dwell_s, FAR_DWELL_S) if far else area.fence.dwell_s
    lasted_ms = max(at.t_ms - member.since_t, at.elapsed_ms - member.since_ms)
    if lasted_ms < dwell_s * 1000:
        return []
    inferred = not member.sure
    member.side, member.sure = seen, True
    what = "geofence_enter" if seen is Side.INSIDE else "geofence_exit"
    return [FenceEvent(area.fence, what, at.t_ms, inferred)]


def _over(area: Area, member: Membership, x: float, y: float, at: At) -> list[FenceEvent]:
    """Outside as before: was the fence crossed since the last fix outside?

    Either the straight way leads through it, or a fix inside stands between (a visit shorter than
    the dwell). The two fixes outside must be as far apart as the fence is wide: parked noise
    comes back to where it was.
    """
    dt_ms = at.t_ms - member.out_t
    leap_m = math.hypot(x - member.out_x, y - member.out_y)
    if (
        not member.out_t
        or not 0 < dt_ms <= CROSS_MAX_S * 1000
        or leap_m * 1000 > CROSS_MAX_MPS * dt_ms
        or leap_m < area.size_m
    ):
        return []
    passed = area.passage(member.out_x, member.out_y, x, y)
    if passed is not None:
        enter_t, exit_t = (member.out_t + round(share * dt_ms) for share in passed)
    elif member.candidate == Side.INSIDE:
        enter_t, exit_t = member.since_t, at.t_ms
    else:
        return []
    return [
        FenceEvent(area.fence, "geofence_enter", enter_t, inferred=True),
        FenceEvent(area.fence, "geofence_exit", exit_t, inferred=True),
    ]
