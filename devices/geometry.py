"""GeoJSON polygons: checked before they reach the journal, where a bad one must stop nothing."""

import shapely
from shapely.errors import ShapelyError
from shapely.geometry import shape

POINTS_MAX = 10_000
"""Most corners of one geometry: the largest real district outline has about 5,000."""

_MIN_RING = 4  # RFC 7946, 3.1.6: a ring is closed and has four or more positions
_LON_MAX_DEG, _LAT_MAX_DEG = 180.0, 90.0


def check_polygon(kind: str, coordinates: list[object]) -> None:
    """Check a Polygon or MultiPolygon in WGS 84, [longitude, latitude].

    Raises:
        ValueError: Says what is wrong; nothing else escapes.
    """
    check_corners(kind, coordinates)
    try:
        drawn = shape({"type": kind, "coordinates": coordinates})
        valid, why = drawn.is_valid and not drawn.is_empty, shapely.is_valid_reason(drawn)
    except (ShapelyError, ValueError, TypeError, IndexError) as exc:
        raise ValueError("is not a polygon") from exc
    if not valid:
        raise ValueError(f"is not a simple polygon: {why}")


def check_corners(kind: str, coordinates: list[object]) -> None:
    """Check that rings are closed lists of positions; they may cross each other yet.

    Raises:
        ValueError: Says what is wrong; nothing else escapes.
    """
    polygons = [coordinates] if kind == "Polygon" else coordinates
    total = 0
    for polygon in polygons:
        for ring in _list(polygon, "a polygon is a list of rings"):
            corners = _list(ring, "a ring is a list of positions")
            total += len(corners)
            if total > POINTS_MAX:
                raise ValueError(f"has more than {POINTS_MAX} corners")
            for corner in corners:
                _check_position(corner)
            if len(corners) < _MIN_RING or corners[0] != corners[-1]:
                raise ValueError("a ring is closed and has four or more positions (RFC 7946)")


def check_geometry(geometry: dict[str, object]) -> None:
    """Check a GeoJSON object that should be a Polygon or MultiPolygon in WGS 84.

    Raises:
        ValueError: Says what is wrong; nothing else escapes.
    """
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if kind not in {"Polygon", "MultiPolygon"}:
        raise ValueError('its "type" is Polygon or MultiPolygon')
    check_polygon(str(kind), _list(coordinates, 'its "coordinates" are a list'))


def middle_of(geometry: dict[str, object]) -> tuple[float, float]:
    """Latitude and longitude of the centroid of a checked geometry, degrees."""
    middle = shape(geometry).centroid
    return middle.y, middle.x


def _list(value: object, rule: str) -> list[object]:
    if not isinstance(value, list) or not value:
        raise ValueError(rule)
    return value


def _check_position(corner: object) -> None:
    """Check one [longitude, latitude] or [longitude, latitude, height]."""
    numbers = _list(corner, "a position is [longitude, latitude]")
    if len(numbers) not in {2, 3} or any(
        isinstance(number, bool) or not isinstance(number, int | float) for number in numbers
    ):
        raise ValueError("a position is [longitude, latitude]")
    lon_deg, lat_deg = (number for number in numbers[:2] if isinstance(number, int | float))
    if not (abs(lon_deg) <= _LON_MAX_DEG and abs(lat_deg) <= _LAT_MAX_DEG):
        raise ValueError("a position is out of range; the order is [longitude, latitude]")
