"""Which patrol grid a position lies in. Vectorised; a position outside every grid is ""."""

import numpy as np
import shapely
from shapely.geometry import shape

from devices.model import Grid


class GridIndex:
    """An index over grid polygons (WGS 84). Of two that overlap the smaller id wins."""

    def __init__(self, grids: list[Grid]) -> None:
        """Build the index once; rebuild when grids change."""
        ordered = sorted(grids, key=lambda grid: grid.id)
        self._ids = [grid.id for grid in ordered]
        self._tree = shapely.STRtree([shape(grid.geometry) for grid in ordered])

    def grid_of(self, lat_deg: float | None, lon_deg: float | None) -> str:
        """The grid's id, or "" (the city desk's)."""
        if lat_deg is None or lon_deg is None or not self._ids:
            return ""
        hits = self._tree.query(shapely.Point(lon_deg, lat_deg), predicate="intersects")
        return self._ids[int(np.min(hits))] if len(hits) else ""
