"""What every rule of the engine looks at: registry, grids, watch and casebook, as one value."""

from dataclasses import dataclass

from alerts.casebook import Casebook
from alerts.fences import FenceWatch
from alerts.open_alert import Cause
from alerts.policy import DetectionPolicy
from alerts.routing import GridIndex
from alerts.site_classes import SiteClasses
from alerts.watch import Watch
from devices.admitted import Record
from devices.model import Device, DeviceClass, Vehicle
from devices.readings import Event, Fix
from devices.registry import Registry


@dataclass(slots=True)
class Scope:
    """The parts of one engine."""

    policy: DetectionPolicy
    registry: Registry
    grids: GridIndex
    watch: Watch
    fences: FenceWatch
    cases: Casebook
    sites: SiteClasses

    def vehicle_of(self, device: Device) -> Vehicle | None:
        """The vehicle a tracker is on."""
        return self.registry.vehicles.get(device.vehicle_id or "")

    def is_of_now(self, device: Device) -> bool:
        """Whether a record's tracker is still on the vehicle it was on then."""
        return self.watch.is_on(device.slot, device.vehicle_id)

    def tracker_of(self, vehicle_id: str) -> Device | None:
        """The tracker that stands for a vehicle: one that is on it, else one that was revoked."""
        on_it = self.watch.trackers(vehicle_id)
        if on_it:
            return on_it[0]
        devices = self.registry.devices.values()
        return next((d for d in devices if d.vehicle_id == vehicle_id and _tracks(d)), None)

    def placed(self, cause: Cause) -> Cause:
        """``cause`` with the patrol grid of its place."""
        return cause._replace(grid=self.grids.grid_of(cause.lat_deg, cause.lon_deg))

    def cause_of(self, record: Record, moved_m: float) -> Cause:
        """The record as a cause, at its own place or at the last one known."""
        reading, entry = record.reading, record.entry
        cause = Cause(
            t_ms=reading.t_ms,
            recv_ms=entry.recv_ms,
            elapsed_ms=entry.elapsed_ms,
            moved_m=moved_m,
        )
        if isinstance(reading, Fix | Event) and reading.lat_deg is not None:
            acc_m = reading.acc_m if isinstance(reading, Fix) else None
            cause = cause._replace(lat_deg=reading.lat_deg, lon_deg=reading.lon_deg, acc_m=acc_m)
        else:
            cause = self.watch.place(record.device.slot, cause)
        return self.placed(cause)


def _tracks(device: Device) -> bool:
    return device.cls is DeviceClass.TRACKER
