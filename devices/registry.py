"""The registry as the journal tells it: the same for every reader at the same entry."""

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


class RegistrySnapshot(msgspec.Struct):
    """Everything registered, for checkpoints and cold starts."""

    devices: list[Device] = []
    vehicles: list[Vehicle] = []
    sites: list[Site] = []
    grids: list[Grid] = []
    fences: list[Fence] = []


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

    def snapshot(self) -> RegistrySnapshot:
        """Everything registered now."""
        return RegistrySnapshot(
            devices=list(self.devices.values()),
            vehicles=list(self.vehicles.values()),
            sites=list(self.sites.values()),
            grids=list(self.grids.values()),
            fences=list(self.fences.values()),
        )

    def apply(self, control: AnyControl) -> bool:
        """Apply one control; whether it was one about the registry."""
        match control:
            case RegisterDevices():
                self.devices |= {device.id: device for device in control.devices}
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
                device = self.devices.get(control.device_id)
                if device is not None:
                    self.devices[device.id] = msgspec.structs.replace(
                        device, admin=AdminState.RETIRED
                    )
            case _:
                return False
        return True
