"""Which site a place belongs to, while sites come, move and go."""

import msgspec

from alerts.sites import Sites
from devices.control import RegisterPlaces
from devices.model import Site
from devices.registry import Registry
from support.factories import a_device, place

REACH_M = 40.0


def a_site(number: int, east_m: float) -> Site:
    """A site that is a point."""
    lat_deg, lon_deg = place(east_m)
    return Site(id=f"s-{number}", name="", lat_deg=lat_deg, lon_deg=lon_deg)


def test_sites_that_come_and_move_are_found_where_they_are() -> None:
    """Those that did not change stay; a question between two changes spoils nothing."""
    registry, sites = Registry(), Sites(REACH_M)
    tracker, found = a_device(), []
    first, second = a_site(1, 0), a_site(2, 500)
    moved = msgspec.structs.replace(second, lon_deg=a_site(2, 1_000).lon_deg)
    sites.follow(registry)

    for change in ([], [first], [second], [moved]):
        registry.apply(RegisterPlaces(at_ms=0, sites=list(change)))
        sites.places_changed(registry)
        found.append([sites.site_of(tracker, *place(east_m)) for east_m in (0, 500, 1_000)])

    assert found == [
        ["", "", ""],
        ["s-1", "", ""],
        ["s-1", "s-2", ""],
        ["s-1", "", "s-2"],
    ]
