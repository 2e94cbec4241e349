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
from shapely.geometry.base import BaseGeometry

from alerts.detection.anchor import ARMED, AnchorArrays
from alerts.detection.thresholds import CLASS_OF, CODE_OF
from alerts.site_shapes import area_of
from devices.geo import M_PER_DEG_LAT
from devices.model import Device, Site, SiteClass
from devices.registry import Registry

U1 = NDArray[np.uint8]
OUTSIDE = 255
"""Anchored in no site that has a class."""


class SiteClassesState(msgspec.Struct, frozen=True):
    """For checkpoints: codes by slot as raw bytes."""

    anchored: bytes = b""


class SiteClasses:
    """A code of ``CODE_OF`` per tracker slot.

    Args:
        reach_m: A site that is a point alone reaches so far (``witness.site_m``).

    Attributes:
        unusable: Sites whose class cannot be used, with the reason of each.
    """

    def __init__(self, reach_m: float) -> None:
        """Nothing is known yet."""
        self._reach_m = reach_m
        self.unusable: dict[str, str] = {}
        self._codes: list[int] = []
        self._tree = shapely.STRtree([])
        self.load(SiteClassesState())

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

    def load(self, state: SiteClassesState) -> None:
        """Take the state of a checkpoint; ``follow`` a registry afterwards."""
        self._anchored: U1 = np.frombuffer(state.anchored, np.uint8).copy()
        self._own: U1 = np.full(len(self._anchored), CODE_OF[SiteClass.OPEN], np.uint8)

    def _index(self, sites: Iterable[Site]) -> None:
        self.unusable, self._codes = {}, []
        shapes: list[BaseGeometry] = []
        for site in sorted(sites, key=lambda site: site.id):
            if site.site_class is None:
                continue
            try:
                area = area_of(site, self._reach_m)
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
