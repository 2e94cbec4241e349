"""Where a site is: its polygon, or a circle about its point."""

import math

import shapely
from shapely.errors import ShapelyError
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from devices.geo import M_PER_DEG_LAT
from devices.model import Site


def area_of(site: Site, reach_m: float) -> BaseGeometry:
    """The area of a site in degrees; one without a polygon reaches ``reach_m`` from its point.

    Raises:
        ValueError: Its geometry is no area, and says why.
    """
    if site.geometry is None:
        return circle_of(site, reach_m)
    try:
        area = shape(site.geometry)
    except (ShapelyError, ValueError, TypeError, KeyError, IndexError, AttributeError) as exc:
        raise ValueError(f"site {site.id}: not a GeoJSON polygon") from exc
    if area.geom_type not in {"Polygon", "MultiPolygon"} or area.is_empty or not area.is_valid:
        raise ValueError(f"site {site.id}: no area, or {shapely.is_valid_reason(area)}")
    return area


def circle_of(site: Site, reach_m: float) -> BaseGeometry:
    """A circle about the point of a site, in degrees."""
    circle = shapely.Point(0, 0).buffer(reach_m / M_PER_DEG_LAT)
    east = 1 / max(math.cos(math.radians(site.lat_deg)), 1e-6)
    at = (site.lon_deg, site.lat_deg)
    return shapely.transform(circle, lambda xy: xy * [east, 1.0] + at)
