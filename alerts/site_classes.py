"""In which class of site each tracker's vehicle stands: where it is anchored decides.

A registered site that has a class and holds the anchor gives it; elsewhere it is the class that
the registry says of the vehicle. It is found when an anchor is made and when places change, so
that a fix costs one look-up.
"""

from collections.abc import Iterable

import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.errors import ShapelyError
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from alerts.detection.anchor import ARMED, AnchorArrays
from alerts.detection.thresholds import CLASS_OF, CODE_OF
from devices.geo import M_PER_DEG_LAT
from devices.model import Device, Site, SiteClass
from devices.registry import Registry

U1 = NDArray[np.uint8]
OUTSIDE = 255
"""Anchored in no site that has a class."""
POINT_SITE_M = 60.0
"""A site that is a point alone reaches so far, metres; as `witness.site_m` (ours)."""


class SiteClassesState(msgspec.Struct, frozen=True):
    """For checkpoints: codes by slot as raw bytes."""

    anchored: bytes = b""


class SiteClasses:
    """A code of ``CODE_OF`` per tracker slot.

    Attributes:
        unusable: Sites whose class cannot be used, with the reason of each.
    """

    def __init__(self, state: SiteClassesState | None = None) -> None:
        """Nothing is known, or what a checkpoint held; ``follow`` a registry afterwards."""
        self.unusable: dict[str, str] = {}
        saved = np.frombuffer(state.anchored if state else b"", np.uint8)
        self._anchored: U1 = saved.copy()
        self._own: U1 = np.full(len(saved), CODE_OF[SiteClass.OPEN], np.uint8)
        self._codes: list[int] = []
        self._tree = shapely.STRtree([])

    def follow(self, registry: Registry) -> None:
        """Take over the places and vehicles of a registry; where slots are anchored is kept."""
        self._index(registry.sites.values())
        self.bind(registry.devices.values(), registry)

    def bind(self, devices: Iterable[Device], registry: Registry) -> None:
        """Take what the registry says of the vehicles of these trackers."""
        for device in devices:
            self._room_for(device.slot)
            vehicle = registry.vehicles.get(device.vehicle_id or "")
            if vehicle is not None:
                self._own[device.slot] = CODE_OF[vehicle.site_class]

    def places_changed(self, registry: Registry, anchors: AnchorArrays) -> None:
        """Find every armed slot's site again."""
        self._index(registry.sites.values())
        self.anchored(np.flatnonzero(anchors.mode == ARMED), anchors)

    def anchored(self, slots: NDArray[np.int64], anchors: AnchorArrays) -> None:
        """These slots got an anchor, or places changed under it."""
        if not len(slots):
            return
        self._room_for(int(slots.max()))
        self._anchored[slots] = OUTSIDE
        if not self._codes:
            return
        lat_deg = anchors.origin_lat[slots] + anchors.anchor_y[slots] / M_PER_DEG_LAT
        east_m = M_PER_DEG_LAT * np.cos(np.radians(anchors.origin_lat[slots]))
        lon_deg = anchors.origin_lon[slots] + anchors.anchor_x[slots] / east_m
        points = shapely.points(lon_deg, lat_deg)
        which, sites = self._tree.query(points, predicate="intersects")
        order = np.argsort(-sites, kind="stable")  # of two sites the smaller id is written last
        self._anchored[slots[which[order]]] = np.array(self._codes, np.uint8)[sites[order]]

    def codes(self, slots: NDArray[np.int64]) -> U1:
        """Index of each slot's class."""
        anchored: U1 = self._anchored[slots]
        return np.where(anchored == OUTSIDE, self._own[slots], anchored)

    def class_of(self, slot: int) -> SiteClass:
        """The class of one slot."""
        if slot >= len(self._own):
            return SiteClass.OPEN
        return CLASS_OF[int(self.codes(np.array([slot]))[0])]

    def dump(self) -> SiteClassesState:
        """State for a checkpoint."""
        return SiteClassesState(self._anchored.tobytes())

    def _index(self, sites: Iterable[Site]) -> None:
        self.unusable, self._codes = {}, []
        shapes: list[BaseGeometry] = []
        for site in sorted(sites, key=lambda site: site.id):
            if site.site_class is None:
                continue
            try:
                area = _shape_of(site)
            except ValueError as exc:
                self.unusable[site.id] = str(exc)
            else:
                shapes.append(area)
                self._codes.append(CODE_OF[site.site_class])
        self._tree = shapely.STRtree(shapes)

    def _room_for(self, slot: int) -> None:
        size = len(self._own)
        if slot < size:
            return
        grown = np.full(max(slot + 1, 2 * size, 1024), OUTSIDE, np.uint8)
        grown[:size] = self._anchored
        own = np.full(len(grown), CODE_OF[SiteClass.OPEN], np.uint8)
        own[:size] = self._own
        self._anchored, self._own = grown, own


def _shape_of(site: Site) -> BaseGeometry:
    """Where a site is: its polygon, or a circle about its point.

    Raises:
        ValueError: It is no area, and says why.
    """
    if site.geometry is None:
        north_deg = POINT_SITE_M / M_PER_DEG_LAT
        circle = shapely.Point(0, 0).buffer(north_deg)
        east = 1 / max(float(np.cos(np.radians(site.lat_deg))), 1e-6)
        return shapely.transform(circle, lambda at: at * [east, 1.0] + [site.lon_deg, site.lat_deg])
    try:
        area = shape(site.geometry)
    except (ShapelyError, ValueError, TypeError, KeyError, IndexError, AttributeError) as exc:
        raise ValueError(f"site {site.id}: not a GeoJSON polygon") from exc
    if area.geom_type not in {"Polygon", "MultiPolygon"} or area.is_empty or not area.is_valid:
        raise ValueError(f"site {site.id}: no area, or {shapely.is_valid_reason(area)}")
    return area
