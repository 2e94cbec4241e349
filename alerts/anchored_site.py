"""At which registered site a vehicle is kept: where its tracker is anchored decides. Pure."""

import math
from typing import Protocol

from alerts.watch import Watch
from devices.geo import M_PER_DEG_LAT
from devices.model import Device


class SiteBook(Protocol):
    """Knows sites by place (``alerts.surroundings``)."""

    def site_of(self, device: Device, lat_deg: float, lon_deg: float) -> str:
        """The site the device is registered at, else the one around a place, "" = none."""
        ...


def anchored_site(device: Device, *, watch: Watch, book: SiteBook) -> str:
    """The tracker's own site, else the one that holds its anchor; "" = neither, or not armed."""
    spot, arrays, slot = watch.anchor(device.slot), watch.anchors, device.slot
    if spot is None:
        return device.site_id or ""
    lat0_deg = float(arrays.origin_lat[slot])
    east_m = M_PER_DEG_LAT * math.cos(math.radians(lat0_deg))
    lon_deg = float(arrays.origin_lon[slot]) + spot.x / east_m
    return book.site_of(device, lat0_deg + spot.y / M_PER_DEG_LAT, lon_deg)
