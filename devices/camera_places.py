"""Where cameras stand, and which of them are nearest to a place.

A camera stands where it was put up, else where its site is; one with neither is nowhere and never
found. A search looks at all of them: a city's 4,704 cost 0.2-0.4 ms (docs/cameras.md).
"""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from devices.geo import Floats, distances_m
from devices.model import AdminState, Device, DeviceClass, Site


def place_of(device: Device, sites: Mapping[str, Site]) -> tuple[float, float] | None:
    """Latitude and longitude of a device that stands still, WGS 84 degrees; None = not known."""
    if device.lat_deg is not None and device.lon_deg is not None:
        return device.lat_deg, device.lon_deg
    site = sites.get(device.site_id or "")
    return None if site is None else (site.lat_deg, site.lon_deg)


class CameraPlaces:
    """Cameras and where they stand, one element each, by id.

    Attributes:
        cameras: Registered ones that are not retired and stand somewhere.
        slots, lat_deg, lon_deg: Of each.
    """

    def __init__(self, devices: Iterable[Device], sites: Mapping[str, Site]) -> None:
        """Take the cameras among some devices."""
        placed = [
            (device, place)
            for device in sorted(devices, key=lambda one: one.id)
            if device.cls is DeviceClass.CAMERA
            and device.admin is not AdminState.RETIRED
            and (place := place_of(device, sites)) is not None
        ]
        self.cameras = tuple(device for device, _ in placed)
        self.slots = np.array([device.slot for device in self.cameras], np.int64)
        places = np.array([place for _, place in placed], np.float64).reshape(-1, 2)
        self.lat_deg: Floats = places[:, 0]
        self.lon_deg: Floats = places[:, 1]

    def nearest(
        self, lat_deg: float, lon_deg: float, *, within_m: float
    ) -> tuple[NDArray[np.int64], Floats]:
        """Indices of the cameras within a distance, nearest first (then by id), and metres."""
        away_m = distances_m(self.lat_deg, self.lon_deg, lat_deg, lon_deg)
        found = np.flatnonzero(away_m <= within_m)
        order = found[np.argsort(away_m[found], kind="stable")]
        return order, away_m[order]


def working_first(works: NDArray[np.bool_], most: int) -> list[int]:
    """Whom to name of cameras that stand nearest first: so many that work, then the broken ones.

    Of those that do not work only the ones nearer than the last named that does, as many at most:
    who goes there should know that the nearest one saw nothing.
    """
    good = np.flatnonzero(works)[:most]
    reach = int(good[-1]) if len(good) == most else len(works)
    bad = np.flatnonzero(~works[:reach])[:most]
    return [*good.tolist(), *bad.tolist()]
