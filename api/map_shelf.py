"""GeoJSON of the map, packed once for all who see the same and kept until a place changes.

A city of 100,000 sites is 15 MB of JSON: it is written once, and answered from memory.
"""

import gzip
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from alerts.fence_geojson import feature_of
from api.map_port import MapBook, PlacedSite
from api.roles import Scope
from devices.crs import Crs, from_wgs84
from devices.model import Grid

KEPT_MAX = 64
"""Answers kept: layers of some scopes; a city's largest takes 1.6 MB packed. Our choice."""
PACK_LEVEL = 5
"""Of gzip. Measured 2026-11-29 on 100,000 sites: 6 takes 29 % longer for 2 % less."""
DIGITS = 6
"""Of a degree: 0.11 m."""


OUTLIERS = 0.01
"""Share of positions left out on each side of the bounds: one slip of the pen hides no city."""

Box = tuple[float, float, float, float]
"""West, south, east, north, degrees."""


class Layer(StrEnum):
    """What a map has of ours."""

    SITES = "sites"
    GRIDS = "grids"
    FENCES = "fences"


class MapCrs(StrEnum):
    """Systems a map can be drawn in; a map in BD-09 has tiles of another kind."""

    WGS84 = "wgs84"
    GCJ02 = "gcj02"


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """One layer for one scope.

    Attributes:
        packed: GeoJSON by gzip.
        opaque: The tag, a hash of it, in quotes.
        version: ``MapBook.version`` it was made of.
        bounds: Round all but the ``OUTLIERS`` of its positions; None without any.
    """

    packed: bytes
    opaque: str
    version: int
    bounds: Box | None


class MapShelf:
    """Layers as they were packed last.

    Args:
        book: Where places are.
    """

    def __init__(self, book: MapBook) -> None:
        self._book = book
        self._kept: OrderedDict[tuple[Layer, Scope, MapCrs], Packed] = OrderedDict()
        self._turn = threading.Lock()  # one is packed at a time: the others would do the same work

    def layer(self, layer: Layer, scope: Scope, crs: MapCrs) -> Packed:
        """Give a layer as it is now."""
        version, key = self._book.version(), (layer, scope, crs)
        kept = self._kept.get(key)
        if kept is None or kept.version < version:
            with self._turn:
                kept = self._kept.get(key)
                if kept is None or kept.version < version:
                    kept = self._pack(layer, scope, crs, version)
                    self._keep(key, kept)
        return kept

    def bounds(self, scope: Scope, crs: MapCrs) -> Box | None:
        """Give where the grids in scope are, else the sites: west, south, east, north."""
        grids = self.layer(Layer.GRIDS, scope, crs).bounds
        return grids or self.layer(Layer.SITES, scope, crs).bounds

    def _keep(self, key: tuple[Layer, Scope, MapCrs], made: Packed) -> None:
        self._kept[key] = made
        self._kept.move_to_end(key)
        while len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)

    def _pack(self, layer: Layer, scope: Scope, crs: MapCrs, version: int) -> Packed:
        corners: list[list[float]] = []
        place = _noting(_placer(crs), corners)
        features: Mapping[Layer, Callable[[], Iterable[object]]] = {
            Layer.SITES: lambda: (_site(site, place) for site in self._book.sites(scope)),
            Layer.GRIDS: lambda: (_grid(grid, place) for grid in self._book.grids(scope)),
            Layer.FENCES: lambda: (
                _moved(feature_of(fence), place) for fence in self._book.city_fences(scope)
            ),
        }
        body = msgspec.json.encode(
            {"type": "FeatureCollection", "features": list(features[layer]())}
        )
        digest = hashlib.blake2b(body, digest_size=12).hexdigest()
        packed = gzip.compress(body, PACK_LEVEL, mtime=0)
        return Packed(packed=packed, opaque=f'"{digest}"', version=version, bounds=_box(corners))


_Place = Callable[[float, float], list[float]]
"""Longitude and latitude as they are drawn, of longitude and latitude in WGS 84."""


def _placer(crs: MapCrs) -> _Place:
    def as_it_is(lon_deg: float, lat_deg: float) -> list[float]:
        return [round(lon_deg, DIGITS), round(lat_deg, DIGITS)]

    def shifted(lon_deg: float, lat_deg: float) -> list[float]:
        lat_deg, lon_deg = from_wgs84(lat_deg, lon_deg, Crs.GCJ02)
        return as_it_is(lon_deg, lat_deg)

    return shifted if crs is MapCrs.GCJ02 else as_it_is


def _noting(place: _Place, corners: list[list[float]]) -> _Place:
    def noted(lon_deg: float, lat_deg: float) -> list[float]:
        corner = place(lon_deg, lat_deg)
        corners.append(corner)
        return corner

    return noted


def _box(corners: list[list[float]]) -> Box | None:
    if not corners:
        return None
    out = int(len(corners) * OUTLIERS)
    lon, lat = (sorted(corner[axis] for corner in corners) for axis in (0, 1))
    return lon[out], lat[out], lon[-1 - out], lat[-1 - out]


class _SiteProperties(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    id: str
    name: str = ""
    site_class: str | None = msgspec.field(default=None, name="class")


class _Point(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="Point"):
    coordinates: list[float]


class _SiteFeature(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="Feature"):
    properties: _SiteProperties
    geometry: _Point


def _site(site: PlacedSite, place: _Place) -> _SiteFeature:
    properties = _SiteProperties(site.id, site.name, site.site_class)
    return _SiteFeature(properties, _Point(place(site.lon_deg, site.lat_deg)))


def _grid(grid: Grid, place: _Place) -> dict[str, object]:
    properties = {"id": grid.id, "name": grid.name}
    feature: dict[str, object] = {
        "type": "Feature",
        "properties": properties,
        "geometry": grid.geometry,
    }
    return _moved(feature, place)


def _moved(feature: dict[str, object], place: _Place) -> dict[str, object]:
    """A Feature with its positions as they are drawn."""
    geometry = feature["geometry"]
    assert isinstance(geometry, dict)  # noqa: S101 - tells the type; a Feature of ours has one
    coordinates = _each(geometry["coordinates"], place)
    return feature | {"geometry": {"type": geometry["type"], "coordinates": coordinates}}


def _each(coordinates: object, place: _Place) -> object:
    """Nested lists of positions, each placed."""
    if not isinstance(coordinates, list | tuple):
        return coordinates
    if coordinates and isinstance(coordinates[0], int | float):
        return place(float(coordinates[0]), float(coordinates[1]))
    return [_each(inner, place) for inner in coordinates]
