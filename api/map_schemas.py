"""Answers of the map's routes."""

from typing import Literal

from pydantic import Field

from api.schemas import Answer


class MapStyleOut(Answer):
    """The base map below our own data; ``none``: sites, grids and fences are the map."""

    kind: Literal["none", "raster", "vector", "pmtiles"]
    url: str = Field(description='Tiles with {z}, {x}, {y}; a style document; a file; "" = none')
    attribution: str
    crs: Literal["wgs84", "gcj02"] = Field(description="Ask the layers in this one, too")
    max_zoom: int
    bounds: tuple[float, float, float, float] | None = Field(
        description="West, south, east, north of what is in scope, in `crs`; null without places"
    )
