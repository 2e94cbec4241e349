"""Whether patrol grids cover a city once: overlaps, gaps, and sites that lie in none."""

import math
from collections.abc import Iterable, Mapping

import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from alerts.routing import GridIndex
from alerts.rules.fence_area import points_at
from devices.geo import M_PER_DEG_LAT
from devices.geometry import middle_of
from devices.model import Grid, Site

AREA_MIN_M2 = 100.0
"""Smaller overlaps and gaps are not told: ten metres by ten, the error of a position."""
SLIT_M = 50.0
"""Narrower inlets from outside count as gaps: no grid was meant to end in them."""
_BESIDE_M = 1.0


class Overlap(msgspec.Struct, frozen=True, kw_only=True):
    """Two grids over the same ground; the first has it (``alerts.routing``)."""

    first: str
    second: str
    area_m2: float
    width_m: float
    lat_deg: float
    lon_deg: float


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """Ground between grids that none has: what happens there is the city desk's."""

    beside: tuple[str, ...]
    area_m2: float
    width_m: float
    lat_deg: float
    lon_deg: float


class Stray(msgspec.Struct, frozen=True, kw_only=True):
    """A site outside of every grid, and how far the nearest one is; "" = there is none."""

    site: str
    lat_deg: float
    lon_deg: float
    nearest: str
    away_m: float


class GridReport(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to mend; the largest first.

    Attributes:
        unusable: Grids that are no polygons, with the reason of each.
    """

    grids: int
    sites: int
    overlaps: list[Overlap]
    gaps: list[Gap]
    strays: list[Stray]
    unusable: dict[str, str]

    @property
    def is_clean(self) -> bool:
        """Whether there is nothing to mend."""
        return not (self.overlaps or self.gaps or self.strays or self.unusable)


def check_grids(grids: Iterable[Grid], sites: Iterable[Site]) -> GridReport:
    """Compare all grids with each other, and with the sites."""
    index = GridIndex(grids)
    plane = _Plane(index.shapes)
    standing = list(sites)
    return GridReport(
        grids=len(index.shapes) + len(index.unusable),
        sites=len(standing),
        overlaps=sorted(plane.overlaps(), key=lambda one: (-one.area_m2, one.first, one.second)),
        gaps=sorted(plane.gaps(), key=lambda one: (-one.area_m2, one.lat_deg, one.lon_deg)),
        strays=plane.strays(index, standing),
        unusable=index.unusable,
    )


class _Plane:
    """All grids in metres about the middle of the city."""

    def __init__(self, shapes: Mapping[str, BaseGeometry]) -> None:
        self._ids = list(shapes)
        degrees = np.array(list(shapes.values()), object)
        west, south, east, north = (
            shapely.total_bounds(degrees).tolist() if shapes else (0.0, 0.0, 0.0, 0.0)
        )
        self._lon, self._lat = (west + east) / 2, (south + north) / 2
        self._east_m = M_PER_DEG_LAT * math.cos(math.radians(self._lat))
        self._drawn: NDArray[np.object_] = shapely.transform(degrees, self._metres)
        self._tree = shapely.STRtree(self._drawn)

    def _metres(self, lon_lat: NDArray[np.float64]) -> NDArray[np.float64]:
        scale = np.array([self._east_m, M_PER_DEG_LAT])
        metres: NDArray[np.float64] = (lon_lat - np.array([self._lon, self._lat])) * scale
        return metres

    def _place(self, shape: BaseGeometry) -> tuple[float, float]:
        """Latitude and longitude of a point inside, degrees."""
        inside = shape.representative_point()
        return self._lat + inside.y / M_PER_DEG_LAT, self._lon + inside.x / self._east_m

    def overlaps(self) -> list[Overlap]:
        """Pairs of grids with common ground."""
        first, second = self._tree.query(self._drawn, predicate="intersects")
        pairs = first < second
        first, second = first[pairs], second[pairs]
        common = shapely.intersection(self._drawn[first], self._drawn[second])
        found = []
        for k in np.flatnonzero(shapely.area(common) >= AREA_MIN_M2).tolist():
            lat_deg, lon_deg = self._place(common[k])
            found.append(
                Overlap(
                    first=self._ids[first[k]],
                    second=self._ids[second[k]],
                    area_m2=round(common[k].area, 1),
                    width_m=_width_m(common[k]),
                    lat_deg=round(lat_deg, 6),
                    lon_deg=round(lon_deg, 6),
                )
            )
        return found

    def gaps(self) -> list[Gap]:
        """Holes in what grids cover, and narrow inlets between two."""
        covered = shapely.union_all(self._drawn)
        filled = shapely.union_all(
            [shapely.Polygon(part.exterior) for part in shapely.get_parts(covered)]
        )
        closed = filled.buffer(SLIT_M / 2, join_style="mitre").buffer(
            -SLIT_M / 2, join_style="mitre"
        )
        holes = [self._gap(one) for one in _large(filled.difference(covered))]
        inlets = [self._gap(one) for one in _large(closed.difference(filled))]
        return holes + [gap for gap in inlets if len(gap.beside) > 1]

    def _gap(self, shape: BaseGeometry) -> Gap:
        beside = self._tree.query(shape, predicate="dwithin", distance=_BESIDE_M)
        lat_deg, lon_deg = self._place(shape)
        return Gap(
            beside=tuple(self._ids[n] for n in sorted(beside.tolist())),
            area_m2=round(shape.area, 1),
            width_m=_width_m(shape),
            lat_deg=round(lat_deg, 6),
            lon_deg=round(lon_deg, 6),
        )

    def strays(self, index: GridIndex, sites: list[Site]) -> list[Stray]:
        """Sites in no grid, the farthest first."""
        places = np.array([_position(site) for site in sites]).reshape(-1, 2)
        names = index.grids_of(places[:, 0], places[:, 1])
        points = points_at(*self._metres(places[:, ::-1]).T)
        found = []
        for k in [k for k, name in enumerate(names) if not name]:
            near, away_m = self._tree.query_nearest(
                points[k], return_distance=True, all_matches=False
            )
            found.append(
                Stray(
                    site=sites[k].id,
                    lat_deg=round(float(places[k, 0]), 6),
                    lon_deg=round(float(places[k, 1]), 6),
                    nearest=self._ids[near[0]] if len(near) else "",
                    away_m=round(float(away_m[0]), 1) if len(near) else math.inf,
                )
            )
        return sorted(found, key=lambda one: (-one.away_m, one.site))


def _large(ground: BaseGeometry) -> list[BaseGeometry]:
    """Parts worth telling."""
    return [part for part in shapely.get_parts(ground) if part.area >= AREA_MIN_M2]


def _width_m(shape: BaseGeometry) -> float:
    """How wide a strip of this area and outline is, metres."""
    return round(2 * shape.area / shape.length, 1)


def _position(site: Site) -> tuple[float, float]:
    """Where a site is; one of which only the outline is known stands in its middle."""
    if site.geometry is not None and site.lat_deg == 0 and site.lon_deg == 0:
        return middle_of(site.geometry)
    return site.lat_deg, site.lon_deg
