"""The registry as the journal tells it: the same for every reader at the same entry."""

from typing import NamedTuple

import msgspec

from devices.control import (
    AnyControl,
    DeleteFence,
    RegisterDevices,
    RegisterPlaces,
    RegisterVehicles,
    RevokeDevice,
    SaveFence,
)
from devices.model import AdminState, Device, Fence, Grid, Site, Vehicle

MAX_BINDINGS = 16
"""Earlier vehicles remembered per device, the newest ones."""


class Binding(NamedTuple):
    """From ``since_ms`` on (wall, ms UTC) the device was on ``vehicle_id``."""

    since_ms: int
    vehicle_id: str | None


class RegistrySnapshot(msgspec.Struct):
    """Everything registered, for checkpoints and cold starts."""

    devices: list[Device] = []
    vehicles: list[Vehicle] = []
    sites: list[Site] = []
    grids: list[Grid] = []
    fences: list[Fence] = []
    bindings: dict[str, list[Binding]] = {}


class Registry:
    """Devices, vehicles and places, changed by control entries only."""

    def __init__(self, snapshot: RegistrySnapshot | None = None) -> None:
        """Start from ``snapshot`` or empty."""
        snapshot = snapshot or RegistrySnapshot()
        self.devices = {device.id: device for device in snapshot.devices}
        self.vehicles = {vehicle.id: vehicle for vehicle in snapshot.vehicles}
        self.sites = {site.id: site for site in snapshot.sites}
        self.grids = {grid.id: grid for grid in snapshot.grids}
        self.fences = {fence.id: fence for fence in snapshot.fences}
        self._bindings = {name: list(known) for name, known in snapshot.bindings.items()}
        self._foreign: dict[tuple[str, str], str] = {}
        for device in snapshot.devices:
            self._learn_foreign(device)

    def snapshot(self) -> RegistrySnapshot:
        """Everything registered now."""
        return RegistrySnapshot(
            devices=list(self.devices.values()),
            vehicles=list(self.vehicles.values()),
            sites=list(self.sites.values()),
            grids=list(self.grids.values()),
            fences=list(self.fences.values()),
            bindings={name: list(known) for name, known in self._bindings.items()},
        )

    def apply(self, control: AnyControl) -> bool:
        """Apply one control; whether it was one about the registry."""
        match control:
            case RegisterDevices():
                for device in control.devices:
                    self._register(device, control.at_ms)
            case RegisterVehicles():
                self.vehicles |= {vehicle.id: vehicle for vehicle in control.vehicles}
            case RegisterPlaces():
                self.sites |= {site.id: site for site in control.sites}
                self.grids |= {grid.id: grid for grid in control.grids}
            case SaveFence():
                self.fences[control.fence.id] = control.fence
            case DeleteFence():
                self.fences.pop(control.fence_id, None)
            case RevokeDevice():
                known = self.devices.get(control.device_id)
                if known is not None:
                    self._forget_foreign(known)
                    self.devices[known.id] = msgspec.structs.replace(
                        known, admin=AdminState.RETIRED
                    )
            case _:
                return False
        return True

    def _register(self, device: Device, at_ms: int) -> None:
        """Add or replace one device; remember the vehicle it was on before."""
        before = self.devices.get(device.id)
        if before is not None:
            if before.vehicle_id != device.vehicle_id:
                known = self._bindings.setdefault(device.id, [Binding(0, before.vehicle_id)])
                known.append(Binding(at_ms, device.vehicle_id))
                del known[:-MAX_BINDINGS]
            self._forget_foreign(before)
        self.devices[device.id] = device
        self._learn_foreign(device)

    def _forget_foreign(self, device: Device) -> None:
        for key in device.profile.foreign.items():
            if self._foreign.get(key) == device.id:
                del self._foreign[key]

    def _learn_foreign(self, device: Device) -> None:
        if device.admin is not AdminState.RETIRED:
            self._foreign |= dict.fromkeys(device.profile.foreign.items(), device.id)

    def by_foreign_id(self, adapter: str, foreign_id: str) -> Device | None:
        """The device that an adapter's sender means; ids in canonical form."""
        return self.devices.get(self._foreign.get((adapter, foreign_id), ""))

    @property
    def rebound(self) -> bool:
        """Whether any device was ever on another vehicle."""
        return bool(self._bindings)

    def bound_at(self, device: Device, t_ms: int) -> Device:
        """``device`` as it was bound at ``t_ms``: a reading belongs to the vehicle of its time."""
        known = self._bindings.get(device.id)
        if known is None or t_ms >= known[-1].since_ms:
            return device
        vehicle_id = known[0].vehicle_id
        for binding in known:
            if binding.since_ms <= t_ms:
                vehicle_id = binding.vehicle_id
        return msgspec.structs.replace(device, vehicle_id=vehicle_id)
