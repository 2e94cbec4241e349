"""Which patrol grid a position lies in. A position outside every grid is "" (the city desk's)."""

import numpy as np
import shapely
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
    """An index over grid polygons. Of two that overlap the smaller id wins."""

    def __init__(self, grids: list[Grid]) -> None:
        """Build the index once; rebuild when grids change.

        A grid that may not be registered stands in ``unusable`` with its reason and stops nothing.
        """
        self.unusable: dict[str, str] = {}
        self._ids: list[str] = []
        shapes: list[BaseGeometry] = []
        for grid in sorted(grids, key=lambda grid: grid.id):
            try:
                polygon = grid_shape(grid)
            except ValueError as exc:
                self.unusable[grid.id] = str(exc)
            else:
                self._ids.append(grid.id)
                shapes.append(polygon)
        self._tree = shapely.STRtree(shapes)

    def grid_of(self, lat_deg: float | None, lon_deg: float | None) -> str:
        """The grid's id, or "" (the city desk's)."""
        if lat_deg is None or lon_deg is None or not self._ids:
            return ""
        hits = self._tree.query(shapely.Point(lon_deg, lat_deg), predicate="intersects")
        return self._ids[int(np.min(hits))] if len(hits) else ""
