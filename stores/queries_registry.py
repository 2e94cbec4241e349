"""The registry as the API writes it (``api.ports.Registry``): who does it is said per call."""

from collections.abc import Callable, Sequence

import sqlalchemy as sa

from devices.model import AdminState, Device, Fence, Grid, Site, Vehicle
from stores.queries import AuditRow
from stores.registry import Adopted, Registry, Swapped
from stores.registry_devices import NewDevice


class RegistryWriter:
    """Registers through ``stores.registry.Registry`` in the name of whoever asks."""

    def __init__(self, engine: sa.Engine, now_ms: Callable[[], int]) -> None:
        """``now_ms`` stamps changes (wall, ms UTC)."""
        self._engine = engine
        self._now_ms = now_ms

    def add_devices(
        self,
        new: Sequence[tuple[Device, str]],
        *,
        by: str,
        audit: Sequence[AuditRow],
        adopt: AuditRow | None,
    ) -> Adopted:
        """Register (device, password hash) with its audit, as ``Registry.add_new_devices`` does.

        Raises:
            AlreadyRegistered: One is; nothing was stored.
            RegistryError: A line for every fault; nothing was stored.
        """
        wanted = [
            NewDevice(
                id=device.id,
                cls=device.cls,
                secret_hash=secret_hash,
                vehicle_id=device.vehicle_id,
                site_id=device.site_id,
                area=device.area,
                model=device.model,
                interval_s=device.interval_s,
                profile=device.profile,
                vendor=device.vendor,
                name=device.name,
                lat_deg=device.lat_deg,
                lon_deg=device.lon_deg,
            )
            for device, secret_hash in new
        ]
        return self._as(by).add_new_devices(wanted, audit, adopt=adopt)

    def swap_devices(
        self, old_id: str, new_id: str, *, by: str, audit: Sequence[AuditRow], why: str
    ) -> Swapped:
        """Put one device in the place of another, as ``Registry.swap_devices`` does.

        Raises:
            SwapRefused: It cannot be; nothing was stored.
        """
        return self._as(by).swap_devices(old_id, new_id, audit, why=why)

    def give_admin(
        self, device_id: str, admin: AdminState, *, by: str, audit: Sequence[AuditRow]
    ) -> bool:
        """Say that a device is in use, or in maintenance; False: it is so, or retired."""
        return self._as(by).give_admin(device_id, admin, audit)

    def add_vehicles(self, new: Sequence[Vehicle], *, by: str) -> None:
        """Register vehicles.

        Raises:
            AlreadyRegistered: One is; nothing was stored.
        """
        self._as(by).add_new_vehicles(new)

    def add_places(self, sites: Sequence[Site], grids: Sequence[Grid], *, by: str) -> None:
        """Register or replace sites and grids."""
        self._as(by).add_places(sites, grids)

    def save_fence(self, fence: Fence, *, by: str) -> None:
        """Add or replace a fence."""
        self._as(by).save_fence(fence)

    def save_fences(self, new: Sequence[Fence], *, by: str) -> None:
        """Add or replace fences, all or none."""
        self._as(by).save_fences(new)

    def delete_fence(self, fence_id: str, *, by: str) -> None:
        """Forget a fence."""
        self._as(by).delete_fence(fence_id)

    def _as(self, by: str) -> Registry:
        return Registry(self._engine, self._now_ms, by=by)
