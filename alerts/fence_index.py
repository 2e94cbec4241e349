"""Fences found by place: arrays of all of them, and a tree over the boxes of the common ones.

Laws: a common fence that ``near`` does not give is farther away than its margin, ``REACH_M`` and
the fix's accuracy, and no way there from the last fix leads through it.
"""

import numpy as np
import shapely
from numpy.typing import NDArray

from alerts.rules.fence_area import F8, Area, points_at, round_depths_m
from devices.geo import M_PER_DEG_LAT

REACH_M = 250.0
"""Boxes are grown by so much beyond the margin: a vehicle looks its fences up again when it has
moved farther than that, at least. A ride of 8 m/s does so twice a minute."""
_ROOM = 64

I8 = NDArray[np.int64]
B1 = NDArray[np.bool_]


class FenceIndex:
    """Areas by number; a number is used again after its area was dropped."""

    def __init__(self) -> None:
        """Hold none."""
        self._areas: list[Area | None] = []
        self._numbers: dict[str, int] = {}
        self._free: list[int] = []
        self._common: set[int] = set()
        self._table = np.zeros((10, _ROOM))
        self._drawn = np.full((3, _ROOM), None, object)
        self._tree: shapely.STRtree | None = None
        self._tree_numbers: I8 = np.zeros(0, np.int64)
        self._least_east_m = M_PER_DEG_LAT

    def number_of(self, fence_id: str) -> int | None:
        """The number of a fence's area."""
        return self._numbers.get(fence_id)

    def area_of(self, fence_id: str) -> Area | None:
        """The area of a fence."""
        number = self._numbers.get(fence_id)
        return None if number is None else self.area(number)

    def area(self, number: int) -> Area:
        """The area that has a number."""
        area = self._areas[number]
        if area is None:
            raise KeyError(number)
        return area

    def __len__(self) -> int:
        return len(self._numbers)

    def put(self, area: Area, era: int) -> None:
        """Hold an area since an era, in the place of the one that its fence had before."""
        number = self._numbers.get(area.fence.id)
        if number is None:
            number = self._free.pop() if self._free else len(self._areas)
            self._numbers[area.fence.id] = number
        if number == len(self._areas):
            self._areas.append(None)
        if number == self._table.shape[1]:
            self._table = np.concatenate([self._table, np.zeros_like(self._table)], axis=1)
            self._drawn = np.concatenate([self._drawn, np.full_like(self._drawn, None)], axis=1)
        self._forget_common(number)
        self._areas[number] = area
        self._table[:, number] = (
            area.lat_deg,
            area.lon_deg,
            area.east_m,
            area.circle_m,
            area.margin_m,
            area.size_m,
            era,
            area.has_many_corners,
            area.reach_m,
            area.inner_m,
        )
        self._drawn[:, number] = (area.outline, area.edge, area.core)
        if area.fence.vehicle_id is None:
            self._common.add(number)
            self._tree = None

    def drop(self, fence_id: str) -> None:
        """Forget a fence's area, if there is one."""
        number = self._numbers.pop(fence_id, None)
        if number is not None:
            self._forget_common(number)
            self._areas[number] = None
            self._drawn[:, number] = None
            self._free.append(number)

    def _forget_common(self, number: int) -> None:
        if number in self._common:
            self._common.discard(number)
            self._tree = None

    def near(self, south: F8, west: F8, north: F8, east: F8, acc_m: F8) -> tuple[I8, I8]:
        """Pairs (box, area number): the common areas that boxes of degrees come near.

        Boxes hold one fix, or two with the way between them; ``acc_m`` by box.
        """
        tree = self._built()
        beyond_m = np.maximum(acc_m - REACH_M, 0.0)
        grown_lat, grown_lon = beyond_m / M_PER_DEG_LAT, beyond_m / self._least_east_m
        boxes = shapely.box(
            west - grown_lon, south - grown_lat, east + grown_lon, north + grown_lat
        )
        which, found = tree.query(boxes)
        return which, self._tree_numbers[found]

    def _built(self) -> shapely.STRtree:
        if self._tree is None:
            numbers = np.array(sorted(self._common), np.int64)
            areas = [self.area(number) for number in numbers.tolist()]
            sides = np.array([area.box_deg(area.margin_m + REACH_M) for area in areas])
            self._tree = shapely.STRtree(shapely.box(*sides.reshape(-1, 4).T))
            self._tree_numbers = numbers
            self._least_east_m = min((area.east_m for area in areas), default=M_PER_DEG_LAT)
        return self._tree

    def eras(self, numbers: I8) -> F8:
        """Since when areas are held."""
        eras: F8 = self._table[6, numbers]
        return eras

    def margins_m(self, numbers: I8) -> F8:
        """Margins of areas, metres."""
        margins: F8 = self._table[4, numbers]
        return margins

    def sizes_m(self, numbers: I8) -> F8:
        """Sizes of areas, metres."""
        sizes: F8 = self._table[5, numbers]
        return sizes

    def local(self, numbers: I8, lat_deg: F8, lon_deg: F8) -> tuple[F8, F8]:
        """Each place in metres east and north of the middle of its area."""
        middle_lat, middle_lon, east_m = self._table[:3, numbers]
        return (lon_deg - middle_lon) * east_m, (lat_deg - middle_lat) * M_PER_DEG_LAT

    def rough_depths_m(self, numbers: I8, x: F8, y: F8) -> F8:
        """Depths of the right sign that are not too large, metres: 0 where nothing is sure.

        By circles about the middle alone; those of circles are exact.
        """
        away_m = np.sqrt(x * x + y * y)
        reach_m, inner_m = self._table[8:10, numbers]
        depths: F8 = np.minimum(reach_m - away_m, 0.0) + np.maximum(inner_m - away_m, 0.0)
        return depths

    def are_drawn(self, numbers: I8) -> B1:
        """Whether areas are polygons."""
        drawn: B1 = self._table[3, numbers] == 0
        return drawn

    def depths_m(self, numbers: I8, x: F8, y: F8) -> F8:
        """How deep each place (metres about the middle) lies in its area, metres."""
        circles_m = self._table[3, numbers]
        depths: F8 = round_depths_m(circles_m, x, y)
        drawn = np.flatnonzero(circles_m == 0)
        if drawn.size:
            depths[drawn] = self._polygon_depths_m(numbers[drawn], x[drawn], y[drawn])
        return depths

    def _polygon_depths_m(self, numbers: I8, x: F8, y: F8) -> F8:
        points = points_at(x, y)
        outlines, edges, _ = self._drawn[:, numbers]
        away_m = np.zeros(len(numbers))
        many = self._table[7, numbers] > 0
        away_m[~many] = shapely.distance(edges[~many], points[~many])
        for number in np.unique(numbers[many]).tolist():
            here = np.flatnonzero(numbers == number)
            away_m[here] = self.area(number).edge_distances_m(points[here])
        depths: F8 = np.where(shapely.intersects_xy(outlines, x, y), away_m, -away_m)
        return depths

    def crosses(self, numbers: I8, x1: F8, y1: F8, x2: F8, y2: F8) -> B1:
        """Whether a way (metres about the middle) may lead through its area: never wrongly no."""
        circles_m, margins_m = self._table[3:5, numbers]
        dx, dy = x2 - x1, y2 - y1
        way2 = np.maximum(dx * dx + dy * dy, 1e-9)
        share = np.clip(-(x1 * dx + y1 * dy) / way2, 0.0, 1.0)
        nearest_m = np.sqrt((x1 + share * dx) ** 2 + (y1 + share * dy) ** 2)
        crossed: B1 = nearest_m <= circles_m - margins_m + 0.01
        drawn = np.flatnonzero(circles_m == 0)
        if drawn.size:
            ends = np.stack([x1[drawn], y1[drawn], x2[drawn], y2[drawn]], axis=1)
            ways = shapely.linestrings(ends.reshape(-1, 2, 2))
            crossed[drawn] = shapely.intersects(self._drawn[2, numbers[drawn]], ways)
        return crossed
