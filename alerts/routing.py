"""Which patrol grid a position lies in. A position outside every grid is "" (the city desk's).

A position on a boundary is in the grids on both sides of it; of several the smallest id has it.
"""

from collections.abc import Iterable

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.errors import ShapelyError
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from devices.model import Grid


def grid_shape(grid: Grid) -> BaseGeometry:
    """A grid's polygon in WGS 84 degrees.

    Raises:
        ValueError: Its geometry is no valid GeoJSON polygon; says why.
    """
    try:
        polygon = shape(grid.geometry)
    except (ShapelyError, ValueError, TypeError, KeyError, IndexError, AttributeError) as exc:
        raise ValueError(f"grid {grid.id}: not a GeoJSON polygon") from exc
    if (
        polygon.geom_type not in {"Polygon", "MultiPolygon"}
        or polygon.is_empty
        or not polygon.is_valid
    ):
        raise ValueError(f"grid {grid.id}: no area, or {shapely.is_valid_reason(polygon)}")
    return polygon


class GridIndex:
    """An index over grid polygons.

    Attributes:
        shapes: Polygons by id, in WGS 84 degrees, ascending.
        unusable: Grids that may not be registered, with the reason of each; they stop nothing.
    """

    def __init__(self, grids: Iterable[Grid], before: "GridIndex | None" = None) -> None:
        """Build the index; polygons of grids that ``before`` holds as they are, are its."""
        self.unusable: dict[str, str] = {}
        self.shapes: dict[str, BaseGeometry] = {}
        self._grids: dict[str, Grid] = {}
        for grid in sorted(grids, key=lambda grid: grid.id):
            polygon = None if before is None else before.shape_of(grid)
            try:
                self.shapes[grid.id] = polygon or grid_shape(grid)
            except ValueError as exc:
                self.unusable[grid.id] = str(exc)
            else:
                self._grids[grid.id] = grid
        self._ids = list(self.shapes)
        self._tree = shapely.STRtree(list(self.shapes.values()))

    def shape_of(self, grid: Grid) -> BaseGeometry | None:
        """The polygon of a grid, if it is held as it is."""
        known = self._grids.get(grid.id)
        return self.shapes[grid.id] if known is grid or known == grid else None

    def grid_of(self, lat_deg: float | None, lon_deg: float | None) -> str:
        """The grid's id, or "" (the city desk's)."""
        if lat_deg is None or lon_deg is None or not self._ids:
            return ""
        hits = self._tree.query(shapely.Point(lon_deg, lat_deg), predicate="intersects")
        return self._ids[int(np.min(hits))] if len(hits) else ""

    def grids_of(self, lat_deg: NDArray[np.float64], lon_deg: NDArray[np.float64]) -> list[str]:
        """``grid_of`` of many positions."""
        numbers = np.full(len(lat_deg), len(self._ids))
        which, hits = self._tree.query(shapely.points(lon_deg, lat_deg), predicate="intersects")
        np.minimum.at(numbers, which, hits)
        names = [*self._ids, ""]
        return [names[number] for number in numbers.tolist()]
