"""Which devices are run again with a vehicle: its own, and its neighbours as witnesses. Pure."""

from typing import NamedTuple

import msgspec

from devices.registry import Registry


class Chosen(NamedTuple):
    """Devices of one run.

    Attributes:
        registry: Only they are registered in it; vehicles and places are all there.
        neighbours: How many of them are not the vehicle's.
        whole_area: Whether no device of its area was left out.
    """

    registry: Registry
    neighbours: int
    whole_area: bool

    @property
    def ids(self) -> set[str]:
        """Of all of them."""
        return set(self.registry.devices)


def chosen(registry: Registry, vehicle_id: str, most: int) -> Chosen:
    """The vehicle's trackers and at most ``most`` devices of its areas, those of its site first.

    Witnesses stand within some hundred metres (``WitnessPolicy``): in its grid, mostly.
    """
    own = [device for device in registry.devices.values() if device.vehicle_id == vehicle_id]
    areas = {device.area for device in own}
    sites = {device.site_id for device in own} - {None}
    names = {device.id for device in own}
    near = [
        device
        for device in registry.devices.values()
        if device.area in areas and device.id not in names
    ]
    near.sort(key=lambda device: (device.site_id not in sites, device.slot))
    kept = own + near[:most]
    snapshot = msgspec.structs.replace(registry.snapshot(), devices=kept)
    return Chosen(Registry(snapshot), len(kept) - len(own), len(near) <= most)
