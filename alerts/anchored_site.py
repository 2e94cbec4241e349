"""At which registered site a vehicle is kept: where its tracker is anchored decides. Pure."""

from typing import Protocol

from alerts.watch import Watch
from devices.model import Device


class SiteBook(Protocol):
    """Knows sites by place (``alerts.surroundings``)."""

    def site_of(self, device: Device, lat_deg: float, lon_deg: float) -> str:
        """The site the device is registered at, else the one around a place, "" = none."""
        ...


def anchored_site(device: Device, *, watch: Watch, book: SiteBook) -> str:
    """The tracker's own site, else the one that holds its anchor; "" = neither, or not armed."""
    if watch.anchor(device.slot) is None:
        return device.site_id or ""
    return book.site_of(device, *watch.home(device.slot))
