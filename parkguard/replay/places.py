"""Places of a replay file in WGS 84, whatever their coordinate system."""

from devices.crs import Crs, to_wgs84
from parkguard.replay.lines import PlaceFields

_PAIR = 2


def in_wgs84(
    place: PlaceFields,
) -> tuple[float | None, float | None, dict[str, object] | None]:
    """Latitude, longitude and GeoJSON geometry, each None when the place has none."""
    if place.crs is Crs.WGS84:
        return place.lat, place.lon, place.polygon
    geometry = None
    if place.polygon is not None:
        coordinates = _converted(place.polygon.get("coordinates"), place.crs)
        geometry = place.polygon | {"coordinates": coordinates}
    if place.lat is None or place.lon is None:
        return None, None, geometry
    return *to_wgs84(place.lat, place.lon, place.crs), geometry


def _converted(coordinates: object, crs: Crs) -> object:
    """GeoJSON coordinates of any depth, longitude first; what is no pair is left as it is."""
    if not isinstance(coordinates, list):
        return coordinates
    if len(coordinates) >= _PAIR and all(isinstance(value, int | float) for value in coordinates):
        lat_deg, lon_deg = to_wgs84(coordinates[1], coordinates[0], crs)
        return [lon_deg, lat_deg, *coordinates[_PAIR:]]
    return [_converted(inner, crs) for inner in coordinates]
