"""Fences as GeoJSON (RFC 7946): a Feature each; a circle is a Point with ``radius_m``.

Members that are not ours are passed over: maps write many. What is wrong is said with the number
of the Feature, from 1.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated

import msgspec

from alerts.rules.fence_area import Area, FenceTooSmall
from devices.crs import Crs, to_wgs84
from devices.geometry_mending import mend
from devices.model import Fence, FenceKind

RADIUS_MAX_M = 50_000.0
"""A circle fence wider than a city is a slip of the pen."""
MARGIN_MAX_M = 1_000.0
DWELL_MAX_S = 3_600.0
FEATURES_MAX = 10_000
"""Fences of one file: thrice what staff of a city of 5,662 sites would draw by hand."""
_WORLD = {"urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:EPSG::4326", "EPSG:4326"}
_PAIR = 2

_Id = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]


class _Properties(msgspec.Struct, frozen=True, kw_only=True):
    """What a Feature says of its fence."""

    id: _Id
    name: Annotated[str, msgspec.Meta(max_length=64)] = ""
    kind: FenceKind = FenceKind.WATCH
    radius_m: Annotated[float, msgspec.Meta(gt=0, le=RADIUS_MAX_M)] | None = None
    margin_m: Annotated[float, msgspec.Meta(ge=0, le=MARGIN_MAX_M)] = 10.0
    dwell_s: Annotated[float, msgspec.Meta(ge=0, le=DWELL_MAX_S)] = 20.0
    vehicle_id: _Id | None = None


class FenceRow(msgspec.Struct, frozen=True, kw_only=True):
    """One Feature as it was read.

    Attributes:
        number: Of the Feature, from 1; ``fence_id`` "" = it has none.
        fence: None: it is refused, ``fault`` says why.
        note: What was mended.
    """

    number: int
    fence_id: str = ""
    fence: Fence | None = None
    fault: str = ""
    note: str = ""


def feature_of(fence: Fence) -> dict[str, object]:
    """A fence as a Feature."""
    properties: dict[str, object] = {
        "name": fence.name,
        "kind": fence.kind.value,
        "margin_m": fence.margin_m,
        "dwell_s": fence.dwell_s,
        "vehicle_id": fence.vehicle_id,
    }
    geometry = fence.geometry
    if geometry is None:
        geometry = {"type": "Point", "coordinates": [fence.lon_deg, fence.lat_deg]}
        properties["radius_m"] = fence.radius_m
    return {"type": "Feature", "id": fence.id, "properties": properties, "geometry": geometry}


def collection_of(fences: Iterable[Fence]) -> dict[str, object]:
    """Fences as a FeatureCollection."""
    return {"type": "FeatureCollection", "features": [feature_of(fence) for fence in fences]}


def read_fences(document: object, crs: Crs = Crs.WGS84) -> list[FenceRow]:
    """Read a FeatureCollection, or one Feature; a row for each.

    Raises:
        ValueError: It is neither; says what it is.
    """
    rows: list[FenceRow] = []
    seen: dict[str, int] = {}
    for number, feature in enumerate(_features(document), start=1):
        row = _row(number, feature, crs)
        if row.fence is not None and row.fence_id in seen:
            fault = f"feature {seen[row.fence_id]} has this id already"
            row = FenceRow(number=number, fence_id=row.fence_id, fault=fault)
        if row.fence_id:
            seen.setdefault(row.fence_id, number)
        rows.append(row)
    return rows


def checked(fence: Fence) -> tuple[Fence, str]:
    """A fence that can be watched, mended if need be, and what was mended.

    Raises:
        ValueError: It cannot be; says why, and where.
    """
    note = ""
    if fence.geometry is not None:
        kind, coordinates = fence.geometry.get("type"), fence.geometry.get("coordinates")
        if kind not in {"Polygon", "MultiPolygon"} or not isinstance(coordinates, list):
            raise ValueError("the geometry is no Polygon or MultiPolygon")
        mended = mend(str(kind), coordinates)
        fence, note = msgspec.structs.replace(fence, geometry=mended.geometry), mended.note
    try:
        Area(fence)
    except FenceTooSmall as exc:
        raise ValueError(str(exc)) from exc
    return fence, note


def _features(document: object) -> list[object]:
    collection = _object(document, "not GeoJSON: a FeatureCollection is a JSON object")
    named = collection.get("crs")
    if named is not None and not any(name in str(named) for name in _WORLD):
        raise ValueError(f"its crs {str(named)[:80]} is not WGS 84: export it as EPSG:4326")
    if collection.get("type") == "Feature":
        return [document]
    features = collection.get("features")
    if collection.get("type") != "FeatureCollection" or not isinstance(features, list):
        raise ValueError('not GeoJSON: its "type" is FeatureCollection, with "features"')
    if len(features) > FEATURES_MAX:
        raise ValueError(f"more than {FEATURES_MAX} features: cut the file in parts")
    return features


def _row(number: int, feature: object, crs: Crs) -> FenceRow:
    fence_id = ""
    try:
        fields = _object(feature, "a Feature is a JSON object")
        said = _said(fields)
        fence_id = str(said.get("id", ""))[:64]
        drawn, note = _fence(msgspec.convert(said, _Properties), fields, crs)
        fence, more = checked(drawn)
    except (ValueError, RecursionError) as exc:  # msgspec.ValidationError is a ValueError
        return FenceRow(number=number, fence_id=fence_id, fault=str(exc) or "nested too deep")
    return FenceRow(number=number, fence_id=fence_id, fence=fence, note=note or more)


def _said(feature: Mapping[str, object]) -> dict[str, object]:
    """The properties of a Feature that are given, and its id."""
    if feature.get("type") != "Feature":
        raise ValueError('its "type" is Feature')
    properties = _object(feature.get("properties") or {}, 'its "properties" are an object')
    said = {name: value for name, value in properties.items() if value is not None}
    if feature.get("id") is not None:
        said["id"] = feature["id"]
    return said


def _object(value: object, words: str) -> Mapping[str, object]:
    if isinstance(value, Mapping):
        return value
    raise ValueError(words)


def _fence(properties: _Properties, feature: Mapping[str, object], crs: Crs) -> tuple[Fence, str]:
    """The fence in WGS 84, and what was mended: that is said in the coordinates of the file."""
    fields = msgspec.structs.asdict(properties)
    radius_m = fields.pop("radius_m")
    geometry = _object(feature.get("geometry"), 'its "geometry" is an object')
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if kind == "Point":
        lon_deg, lat_deg = _position(coordinates)
        if radius_m is None:
            raise ValueError('a circle is a Point with the property "radius_m"')
        lat_deg, lon_deg = to_wgs84(lat_deg, lon_deg, crs)
        return Fence(**fields, lat_deg=lat_deg, lon_deg=lon_deg, radius_m=radius_m), ""
    if kind not in {"Polygon", "MultiPolygon"} or not isinstance(coordinates, list):
        raise ValueError("a fence is a Polygon, a MultiPolygon, or a Point with radius_m")
    if radius_m is not None:
        raise ValueError("radius_m belongs to a Point")
    geometry, note = mend(str(kind), coordinates)
    if crs is not Crs.WGS84:
        geometry["coordinates"] = _in_wgs84(geometry["coordinates"], crs)
    return Fence(**fields, geometry=geometry), note


def _position(coordinates: object) -> tuple[float, float]:
    if (
        not isinstance(coordinates, list)
        or len(coordinates) < _PAIR
        or any(isinstance(n, bool) or not isinstance(n, int | float) for n in coordinates)
    ):
        raise ValueError("a position is [longitude, latitude]")
    lon_deg, lat_deg = float(coordinates[0]), float(coordinates[1])
    if not (abs(lon_deg) <= 180 and abs(lat_deg) <= 90):  # noqa: PLR2004 - degrees
        raise ValueError("a position is out of range; the order is [longitude, latitude]")
    return lon_deg, lat_deg


def _in_wgs84(nested: object, crs: Crs) -> object:
    """Every position of nested lists, converted."""
    if isinstance(nested, list) and nested and isinstance(nested[0], list):
        return [_in_wgs84(inner, crs) for inner in nested]
    lon_deg, lat_deg = _position(nested)
    lat_deg, lon_deg = to_wgs84(lat_deg, lon_deg, crs)
    return [lon_deg, lat_deg]
