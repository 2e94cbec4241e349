"""Polygons that cross themselves: slips of the pen are mended, others refused with their place."""

import json
import re
from typing import NamedTuple

import shapely
from shapely.errors import ShapelyError
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from devices.geometry import check_corners, check_polygon

MEND_MAX = 0.01
"""Mending may change the area by this share at most. One percent of a field of 100 m is a strip of
1 m, a tenth of a position's error; a bow tie changes by 100 %."""

_PLACE = re.compile(r"\[(?P<lon>[-+.0-9e]+) (?P<lat>[-+.0-9e]+)\]", re.ASCII)
_WORDS = {
    "Self-intersection": "crosses itself",
    "Ring Self-intersection": "touches or crosses itself",
    "Hole lies outside shell": "has a hole outside of it, beginning",
    "Holes are nested": "has a hole inside a hole",
    "Nested shells": "has a part inside another part",
    "Duplicate Rings": "has the same ring twice",
    "Interior is disconnected": "is cut in two by a hole",
    "Too few points in geometry component": "has a ring of too few corners",
}


class Mended(NamedTuple):
    """A polygon that is good, and what was done for that ("" = nothing)."""

    geometry: dict[str, object]
    note: str


def mend(kind: str, coordinates: list[object]) -> Mended:
    """Give a Polygon or MultiPolygon in WGS 84 that is simple.

    Raises:
        ValueError: Says what is wrong, with the place; nothing else escapes.
    """
    check_corners(kind, coordinates)
    geometry: dict[str, object] = {"type": kind, "coordinates": coordinates}
    try:
        drawn = shapely.force_2d(shape(geometry))
        if drawn.is_valid and not drawn.is_empty:
            return Mended(geometry, "")
        fault = fault_of(drawn)
        whole = _polygons(shapely.make_valid(drawn, method="structure", keep_collapsed=False))
        share = abs(whole.area - _drawn_area(drawn)) / whole.area if whole.area else 1.0
    except (ShapelyError, ValueError, TypeError, IndexError) as exc:
        raise ValueError("is not a polygon") from exc
    if share > MEND_MAX:
        raise ValueError(
            f"{fault}: mending that would change its area by {share:.0%}; draw it without"
        )
    mended = json.loads(shapely.to_geojson(whole))
    try:
        check_polygon(mended["type"], mended["coordinates"])
    except ValueError as exc:
        raise ValueError(f"{fault}, and cannot be mended: draw it without") from exc
    return Mended(mended, f"{fault}: mended, its area changed by {share:.2%}")


def fault_of(drawn: BaseGeometry) -> str:
    """What is wrong with a polygon, in words, with the place as lon and lat."""
    why = shapely.is_valid_reason(drawn)
    place = _PLACE.search(why)
    words = _WORDS.get(why.split("[")[0], "is no simple polygon")
    if place is None:
        return words
    return f"{words} at lon {float(place['lon']):.6f}, lat {float(place['lat']):.6f}"


def _polygons(mended: BaseGeometry) -> BaseGeometry:
    parts = [part for part in shapely.get_parts(mended) if part.geom_type == "Polygon"]
    whole: BaseGeometry = parts[0] if len(parts) == 1 else shapely.multipolygons(parts)
    return whole


def _drawn_area(drawn: BaseGeometry) -> float:
    """The area by the corners as they follow each other: what is run round twice counts twice."""
    total = 0.0
    for part in shapely.get_parts(drawn):
        rings = [part.exterior, *part.interiors]
        areas = [abs(_signed_area(ring)) for ring in rings]
        total += areas[0] - sum(areas[1:])
    return total


def _signed_area(ring: BaseGeometry) -> float:
    corners = shapely.get_coordinates(ring)
    x, y = (corners - corners[0]).T
    return float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum() / 2)
