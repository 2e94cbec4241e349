"""The registry around one vehicle: its devices, and those of its areas that may witness for it.

Of a city of 100,000 trackers a few hundred rows are read, and all places: they are few.
"""

from collections.abc import Collection
from typing import NamedTuple

import sqlalchemy as sa

from devices.model import Device, DeviceClass, Fence
from devices.registry import RegistrySnapshot
from stores.bulk import one_of
from stores.registry import Registry
from stores.registry_devices import DEVICE_COLUMNS, device_of
from stores.registry_lookup import RegistryLookup
from stores.schema import devices


class Near(NamedTuple):
    """What matters for a vehicle.

    Attributes:
        snapshot: Its trackers, its neighbours, the gateways that speak for them, their vehicles and
            fences, all sites and grids.
        neighbours: How many devices are not its own; gateways are not counted.
        whole_area: Whether no device of its area was left out.
    """

    snapshot: RegistrySnapshot
    neighbours: int
    whole_area: bool


def registry_near(engine: sa.Engine, vehicle_id: str, *, most: int, also: Collection[str]) -> Near:
    """Its trackers, those named in ``also``, and at most ``most`` devices of its areas.

    Those of its site come first, then chargers and cameras, which are few and witness for many.
    Witnesses stand within some hundred metres (``WitnessPolicy``): in its grid, mostly.
    """
    with engine.connect() as connection:
        own = _devices(connection, devices.c.vehicle_id == vehicle_id)
        names = {device.id for device in own}
        named = _devices(connection, one_of(connection, devices.c.id, set(also) - names))
        known = names | {device.id for device in named}
        areas = {device.area for device in own}
        sites = {device.site_id for device in own if device.site_id is not None}
        ranks = (
            sa.case((one_of(connection, devices.c.site_id, sites), 0), else_=1),
            sa.case((devices.c.cls == DeviceClass.TRACKER.value, 1), else_=0),
            devices.c.slot,
        )
        around = _devices(
            connection,
            one_of(connection, devices.c.area, areas)
            & ~one_of(connection, devices.c.id, known)
            & (devices.c.cls != DeviceClass.GATEWAY.value),
            *ranks,
            most=most + 1,
        )
        kept = own + named + around[:most]
        gateways = {device.profile.gateway for device in kept} - {""}
        speaking = _devices(connection, one_of(connection, devices.c.id, gateways))
    registry = Registry(engine, lambda: 0)
    vehicles = RegistryLookup(engine).vehicles(
        {vehicle_id} | {device.vehicle_id for device in kept if device.vehicle_id is not None}
    )
    snapshot = RegistrySnapshot(
        devices=sorted(kept + speaking, key=lambda device: device.slot),
        vehicles=sorted(vehicles.values(), key=lambda vehicle: vehicle.id),
        sites=registry.sites(),
        grids=registry.grids(),
        fences=[fence for fence in registry.fences() if _speaks_of(fence, vehicles)],
    )
    return Near(snapshot, len(kept) - len(own), len(around) <= most)


def _devices(
    connection: sa.Connection,
    where: sa.ColumnElement[bool],
    *ranks: sa.ColumnElement[int],
    most: int | None = None,
) -> list[Device]:
    query = sa.select(*DEVICE_COLUMNS).where(where).order_by(*(ranks or (devices.c.slot,)))
    return [device_of(row) for row in connection.execute(query.limit(most))]


def _speaks_of(fence: Fence, vehicles: Collection[str]) -> bool:
    return fence.vehicle_id is None or fence.vehicle_id in vehicles
