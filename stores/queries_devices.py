"""Devices, vehicles, fences as the API reads them (``api.ports.DeviceBook, VehicleBook``)."""

from collections.abc import Collection
from typing import Any

import msgspec
import sqlalchemy as sa

from devices.device_filter import DeviceFilter, FoundDevices, KnownDevice
from devices.model import Device, DeviceClass, Fence, Vehicle
from stores.device_index import DeviceIndex
from stores.queries import IN_MAX, Scope, in_scope, taken_ids
from stores.registry_devices import DEVICE_COLUMNS, device_of
from stores.schema import devices, fences, vehicles

_vehicle = msgspec.json.Decoder(Vehicle)
_fence = msgspec.json.Decoder(Fence)


class DeviceQueries:
    """Registered devices of one records database."""

    def __init__(self, engine: sa.Engine) -> None:
        """Open nothing yet."""
        self._engine = engine
        self._index = DeviceIndex(engine)

    def find(self, scope: Scope, wanted: DeviceFilter) -> FoundDevices:
        """Devices in scope that ``wanted`` asks for, by the index of this process."""
        return self._index.find(scope, wanted)

    def of_slots(self, scope: Scope, slots: Collection[int]) -> list[Device]:
        """Devices of these slots that are in scope, in any order."""
        wanted = sorted(slots)
        found: list[Device] = []
        for start in range(0, len(wanted), IN_MAX):
            some = devices.c.slot.in_(wanted[start : start + IN_MAX])
            found += self._all(sa.select(*DEVICE_COLUMNS).where(_device_in(scope), some))
        return found

    def one(self, scope: Scope, device_id: str) -> Device | None:
        """One device."""
        query = sa.select(*DEVICE_COLUMNS).where(_device_in(scope), devices.c.id == device_id)
        return next(iter(self._all(query)), None)

    def known(self, scope: Scope, device_id: str, now_ms: int) -> KnownDevice | None:
        """One device from memory, as it was at most ``device_index.KNOWN_MS`` ago."""
        return self._index.known(scope, device_id, now_ms)

    def look(self, scope: Scope, device_id: str, now_ms: int) -> KnownDevice | None:
        """One device as it is now."""
        if scope.owner_id is None:
            return self._index.look(scope, device_id, now_ms)
        own = self.one(scope, device_id)
        return None if own is None else KnownDevice(id=own.id, slot=own.slot, admin=own.admin)

    def trackers(self, vehicle_ids: Collection[str]) -> list[Device]:
        """Trackers bound to these vehicles, ascending by slot."""
        wanted = sorted(vehicle_ids)
        found: list[Device] = []
        for start in range(0, len(wanted), IN_MAX):
            some = devices.c.vehicle_id.in_(wanted[start : start + IN_MAX])
            tracker = devices.c.cls == DeviceClass.TRACKER
            found += self._all(sa.select(*DEVICE_COLUMNS).where(some, tracker))
        return sorted(found, key=lambda device: device.slot)

    def _all(self, query: sa.Select[Any]) -> list[Device]:
        with self._engine.connect() as connection:
            return [device_of(row) for row in connection.execute(query)]


def _device_in(scope: Scope) -> sa.ColumnElement[bool]:
    return in_scope(scope, area=devices.c.area, vehicle_id=devices.c.vehicle_id)


class VehicleQueries:
    """Registered vehicles and fences of one records database."""

    def __init__(self, engine: sa.Engine) -> None:
        """Open nothing yet."""
        self._engine = engine

    def one(self, scope: Scope, vehicle_id: str) -> Vehicle | None:
        """One vehicle."""
        query = sa.select(vehicles.c.body).where(_vehicle_in(scope), vehicles.c.id == vehicle_id)
        with self._engine.connect() as connection:
            body = connection.scalar(query)
        return None if body is None else _vehicle.decode(body)

    def seen(self, scope: Scope, vehicle_ids: Collection[str]) -> frozenset[str]:
        """Which of these vehicles are in scope."""
        wanted = sorted(vehicle_ids)
        found: set[str] = set()
        with self._engine.connect() as connection:
            for start in range(0, len(wanted), IN_MAX):
                some = vehicles.c.id.in_(wanted[start : start + IN_MAX])
                query = sa.select(vehicles.c.id).where(_vehicle_in(scope), some)
                found.update(connection.scalars(query))
        return frozenset(found)

    def taken(self, vehicle_ids: Collection[str]) -> frozenset[str]:
        """Which of these ids are registered."""
        with self._engine.connect() as connection:
            return taken_ids(connection, vehicles.c.id, vehicle_ids)

    def owned(self, owner_id: str) -> frozenset[str]:
        """Ids of one owner's vehicles; nobody owns the vehicles without an owner."""
        if not owner_id:
            return frozenset()
        query = sa.select(vehicles.c.id).where(vehicles.c.owner_id == owner_id)
        with self._engine.connect() as connection:
            return frozenset(connection.scalars(query))

    def fences(self, *, after: str, limit: int) -> list[Fence]:
        """Fences above an id, ascending; not scoped."""
        query = sa.select(fences.c.body).where(fences.c.id > after).order_by(fences.c.id)
        with self._engine.connect() as connection:
            return [_fence.decode(body) for body in connection.scalars(query.limit(limit))]

    def fences_of(self, fence_ids: Collection[str]) -> list[Fence]:
        """Those fences of these ids that there are; not scoped."""
        wanted = sorted(fence_ids)
        found: list[Fence] = []
        with self._engine.connect() as connection:
            for start in range(0, len(wanted), IN_MAX):
                some = fences.c.id.in_(wanted[start : start + IN_MAX])
                found += map(
                    _fence.decode, connection.scalars(sa.select(fences.c.body).where(some))
                )
        return found

    def fence(self, fence_id: str) -> Fence | None:
        """One fence."""
        query = sa.select(fences.c.body).where(fences.c.id == fence_id)
        with self._engine.connect() as connection:
            body = connection.scalar(query)
        return None if body is None else _fence.decode(body)


def _vehicle_in(scope: Scope) -> sa.ColumnElement[bool]:
    return in_scope(scope, area=vehicles.c.area, vehicle_id=vehicles.c.id)
