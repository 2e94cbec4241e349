"""The base map below our own data, as an operator set it."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseMap:
    """What the pages draw below sites, grids and fences.

    Attributes:
        kind: none, raster, vector or pmtiles.
        url: Template of tiles, style document or file; "" without a base map.
        attribution: Whose map it is.
        crs: wgs84 or gcj02: what is drawn on it is shifted to that.
        max_zoom: Deepest zoom that has tiles.
    """

    kind: Literal["none", "raster", "vector", "pmtiles"] = "none"
    url: str = ""
    attribution: str = ""
    crs: Literal["wgs84", "gcj02"] = "wgs84"
    max_zoom: int = 18
