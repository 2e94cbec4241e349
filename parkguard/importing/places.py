"""Coordinates of a row in WGS 84, from columns or from a geometry."""

from collections.abc import Mapping

import msgspec
import shapely
from shapely.errors import ShapelyError

from devices.crs import Crs, to_wgs84
from devices.geometry import check_geometry, middle_of
from parkguard.importing.kinds import CellError, Raw

_NOWHERE = (0.0, 0.0)
_PAIR = 2


def place_of(row: Raw, given: Mapping[str, object], crs: Crs) -> tuple[float, float] | None:
    """Where something stands: from its Point, or from lat and lon; None = the row does not say.

    Raises:
        CellError: Half a place, or none on the earth.
    """
    geometry = row.geometry
    if geometry is not None and geometry.get("type") == "Point":
        lon_deg, lat_deg = _pair(geometry.get("coordinates"))
    else:
        lat, lon = given.get("lat"), given.get("lon")
        if lat is None and lon is None:
            return None
        if not isinstance(lat, float) or not isinstance(lon, float):
            raise CellError("lat" if lat is None else "lon", "is empty: give lat and lon, or none")
        lat_deg, lon_deg = lat, lon
    if (lat_deg, lon_deg) == _NOWHERE:
        raise CellError("lat", "0/0 is no place: leave unknown coordinates empty")
    lat_deg, lon_deg = to_wgs84(lat_deg, lon_deg, crs)
    return round(lat_deg, 9), round(lon_deg, 9)


def outline_of(row: Raw, given: Mapping[str, object], crs: Crs) -> dict[str, object] | None:
    """The outline of a site or grid: a Feature's, or a cell of WKT or GeoJSON; None = none.

    Raises:
        CellError: It is none that can be drawn; says where.
    """
    geometry = row.geometry
    if geometry is not None and geometry.get("type") == "Point":
        geometry = None
    cell = given.get("geometry")
    if geometry is None and cell:
        geometry = _read(str(cell))
    if geometry is None:
        return None
    drawn = {"type": geometry.get("type"), "coordinates": geometry.get("coordinates")}
    try:
        check_geometry(drawn)
    except ValueError as exc:
        raise CellError("geometry", str(exc)) from exc
    if crs is not Crs.WGS84:
        drawn["coordinates"] = _in_wgs84(drawn["coordinates"], crs)
    return drawn


def middle(geometry: dict[str, object]) -> tuple[float, float]:
    """Latitude and longitude of the middle of an outline, degrees."""
    lat_deg, lon_deg = middle_of(geometry)
    return round(lat_deg, 9), round(lon_deg, 9)


def _read(cell: str) -> dict[str, object]:
    try:
        if cell.startswith("{"):
            return msgspec.json.decode(cell, type=dict[str, object])
        mapped = shapely.from_wkt(cell).__geo_interface__
    except (ShapelyError, ValueError, RecursionError) as exc:
        raise CellError("geometry", "is neither WKT (POLYGON((...))) nor GeoJSON") from exc
    return msgspec.json.decode(msgspec.json.encode(mapped), type=dict[str, object])


def _pair(coordinates: object) -> tuple[float, float]:
    if (
        not isinstance(coordinates, list)
        or len(coordinates) < _PAIR
        or any(isinstance(n, bool) or not isinstance(n, int | float) for n in coordinates[:_PAIR])
    ):
        raise CellError("geometry", "a Point has [longitude, latitude]")
    lon_deg, lat_deg = float(coordinates[0]), float(coordinates[1])
    if not (abs(lon_deg) <= 180 and abs(lat_deg) <= 90):  # noqa: PLR2004 - degrees
        raise CellError("geometry", "is out of range; the order is [longitude, latitude]")
    return lon_deg, lat_deg


def _in_wgs84(nested: object, crs: Crs) -> object:
    """Every position of checked nested lists, converted."""
    if isinstance(nested, list) and nested and isinstance(nested[0], list):
        return [_in_wgs84(inner, crs) for inner in nested]
    lon_deg, lat_deg = _pair(nested)
    lat_deg, lon_deg = to_wgs84(lat_deg, lon_deg, crs)
    return [round(lon_deg, 9), round(lat_deg, 9)]
