"""Which parking site a place belongs to, and which chargers and cameras stand there."""

import math
from collections.abc import Iterable

import shapely
from shapely.errors import ShapelyError
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from devices.geo import M_PER_DEG_LAT, distance_m
from devices.model import AdminState, Device, DeviceClass, Site
from devices.registry import Registry


class Sites:
    """An index over registered sites; rebuilt when places change.

    Attributes:
        has_chargers: Whether a charger ever stood at a site.
    """

    def __init__(self, reach_m: float) -> None:
        """A site without a polygon reaches ``reach_m`` from its point."""
        self._reach_m = reach_m
        self._sites: dict[str, Site] = {}
        self._cameras: dict[str, Device] = {}
        self._ids: list[str] = []
        self.has_chargers = False
        self._tree = shapely.STRtree([])

    def follow(self, registry: Registry) -> None:
        """Take over the sites and cameras of a registry."""
        self._sites = registry.sites
        self._ids = sorted(registry.sites)
        self._tree = shapely.STRtree([self._area(registry.sites[name]) for name in self._ids])
        self._cameras = {}
        self.bind(registry.devices.values())

    def bind(self, devices: Iterable[Device]) -> None:
        """Take what the registry says of devices."""
        for device in devices:
            gone = device.admin is AdminState.RETIRED or device.site_id is None
            if device.cls is DeviceClass.CHARGER and not gone:
                self.has_chargers = True
            elif device.cls is DeviceClass.CAMERA and gone:
                self._cameras.pop(device.id, None)
            elif device.cls is DeviceClass.CAMERA:
                self._cameras[device.id] = device

    def site_of(self, device: Device, lat_deg: float, lon_deg: float) -> str:
        """The site of a place: the one its tracker is registered at, else the one around it."""
        if device.site_id is not None:
            return device.site_id
        return min(self._around(lat_deg, lon_deg), default="")

    def holds(self, site_id: str, lat_deg: float, lon_deg: float) -> bool:
        """Whether a place is at a site: in its polygon, or near its point."""
        return site_id in self._around(lat_deg, lon_deg)

    def _around(self, lat_deg: float, lon_deg: float) -> list[str]:
        hits = self._tree.query(shapely.Point(lon_deg, lat_deg), predicate="intersects")
        return [self._ids[int(k)] for k in hits]

    def _area(self, site: Site) -> BaseGeometry:
        """A site's polygon; a circle about its point when it has none that can be asked."""
        if site.geometry is not None:
            try:
                area = shape(site.geometry)
            except (ShapelyError, ValueError, TypeError, KeyError, IndexError, AttributeError):
                area = None
            if area is not None and area.is_valid and not area.is_empty:
                return area
        circle = shapely.Point(0, 0).buffer(self._reach_m / M_PER_DEG_LAT)
        east = 1 / max(math.cos(math.radians(site.lat_deg)), 1e-6)
        at = (site.lon_deg, site.lat_deg)
        return shapely.transform(circle, lambda xy: xy * [east, 1.0] + at)

    def cameras(self, lat_deg: float, lon_deg: float, reach_m: float) -> list[tuple[float, Device]]:
        """Cameras within reach of a place by the sites they stand at, nearest first, metres."""
        found = []
        for camera in self._cameras.values():
            site = self._sites.get(camera.site_id or "")
            if site is not None:
                away_m = distance_m(site.lat_deg, site.lon_deg, lat_deg, lon_deg)
                if away_m <= reach_m:
                    found.append((away_m, camera))
        return sorted(found, key=lambda one: (one[0], one[1].id))
