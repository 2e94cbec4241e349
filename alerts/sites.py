"""Which parking site a place belongs to, and which chargers and cameras stand there."""

from collections.abc import Iterable

import shapely
from shapely.geometry.base import BaseGeometry

from alerts.site_shapes import area_of, circle_of
from devices.camera_places import CameraPlaces
from devices.model import AdminState, Device, DeviceClass, Site
from devices.registry import Registry


class Sites:
    """An index over registered sites; made anew at the first question after places changed.

    Attributes:
        has_chargers: Whether a charger ever stood at a site.
    """

    def __init__(self, reach_m: float) -> None:
        """A site without a polygon reaches ``reach_m`` from its point."""
        self._reach_m = reach_m
        self._sites: dict[str, Site] = {}
        self._cameras: dict[str, Device] = {}
        self._places: CameraPlaces | None = None
        self._areas: dict[str, tuple[Site, BaseGeometry]] = {}
        self._ids: list[str] = []
        self.has_chargers = False
        self._tree: shapely.STRtree | None = None

    def follow(self, registry: Registry) -> None:
        """Take over the sites and cameras of a registry."""
        self.places_changed(registry)
        self._cameras = {}
        self.bind(registry.devices.values())

    def places_changed(self, registry: Registry) -> None:
        """Take over the sites of a registry."""
        self._sites = registry.sites
        self._tree = self._places = None

    def bind(self, devices: Iterable[Device]) -> None:
        """Take what the registry says of devices."""
        for device in devices:
            gone = device.admin is AdminState.RETIRED or device.site_id is None
            if device.cls is DeviceClass.CHARGER and not gone:
                self.has_chargers = True
            elif device.cls is DeviceClass.CAMERA:
                self._cameras[device.id] = device
                self._places = None

    def site_of(self, device: Device, lat_deg: float, lon_deg: float) -> str:
        """The site of a place: the one its tracker is registered at, else the one around it."""
        if device.site_id is not None:
            return device.site_id
        return min(self._around(lat_deg, lon_deg), default="")

    def holds(self, site_id: str, lat_deg: float, lon_deg: float) -> bool:
        """Whether a place is at a site: in its polygon, or near its point."""
        return site_id in self._around(lat_deg, lon_deg)

    def _around(self, lat_deg: float, lon_deg: float) -> list[str]:
        if self._tree is None:
            self._tree = self._index()
        hits = self._tree.query(shapely.Point(lon_deg, lat_deg), predicate="intersects")
        return [self._ids[int(k)] for k in hits]

    def _index(self) -> shapely.STRtree:
        """All sites as they are now; the area of one that did not change is kept."""
        known, self._areas = self._areas, {}
        for name, site in sorted(self._sites.items()):
            of, area = known.get(name, (None, None))
            self._areas[name] = (site, area if of is site and area else self._area(site))
        self._ids = list(self._areas)
        return shapely.STRtree([area for _, area in self._areas.values()])

    def _area(self, site: Site) -> BaseGeometry:
        """A site's polygon; a circle about its point when it has none that can be asked."""
        try:
            return area_of(site, self._reach_m)
        except ValueError:  # said by SiteClasses.unusable, and by `parkguard places check`
            return circle_of(site, self._reach_m)

    def cameras(self, lat_deg: float, lon_deg: float, reach_m: float) -> list[tuple[float, Device]]:
        """Cameras within reach of a place by where they stand, nearest first, metres."""
        if self._places is None:
            self._places = CameraPlaces(self._cameras.values(), self._sites)
        found, away_m = self._places.nearest(lat_deg, lon_deg, within_m=reach_m)
        cameras = self._places.cameras
        return [(float(m), cameras[k]) for k, m in zip(found.tolist(), away_m, strict=True)]
