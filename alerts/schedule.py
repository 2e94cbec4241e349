"""Arming by the owner's hours: within them a vehicle is watched, outside it is not."""

from datetime import UTC, datetime, tzinfo

from alerts.scope import Scope
from devices.entry import Entry
from devices.model import Hours, Vehicle
from devices.registry import Registry

MINUTE_MS = 60_000


class Schedule:
    """Vehicles with hours, looked at once a minute.

    Attributes:
        applied: What was applied last to each: whether it is its time.
        minute: When it was looked last, minutes UTC.
    """

    def __init__(
        self, zone: tzinfo = UTC, applied: dict[str, bool] | None = None, minute: int = -1
    ) -> None:
        """Hours are those of ``zone``'s days; ``minute`` is the one that was looked at last."""
        self._zone = zone
        self._vehicles: dict[str, Vehicle] = {}
        self.minute = minute
        self.applied = dict(applied or {})

    def follow(self, registry: Registry) -> None:
        """Take over the vehicles of a registry."""
        self._vehicles = {v.id: v for v in registry.vehicles.values() if v.hours}
        self.applied = {v: on for v, on in self.applied.items() if v in self._vehicles}

    def changed(self, vehicles: list[Vehicle]) -> None:
        """Vehicles were registered anew: their hours begin anew."""
        for vehicle in vehicles:
            self.applied.pop(vehicle.id, None)
            self._vehicles.pop(vehicle.id, None)
            if vehicle.hours:
                self._vehicles[vehicle.id] = vehicle
        self.minute = -1

    def tick(self, entry: Entry, scope: Scope) -> None:
        """Arm and disarm those whose time begins or ends.

        An open alert is not stood down by the clock: its vehicle is looked at again later.
        """
        minute = entry.recv_ms // MINUTE_MS
        if not self._vehicles or minute == self.minute:
            return
        self.minute = minute
        local = datetime.fromtimestamp(entry.recv_ms / 1000, tz=self._zone)
        now = local.hour * 60 + local.minute
        for vehicle in self._vehicles.values():
            on = any(is_within(now, hours) for hours in vehicle.hours)
            if on != self.applied.get(vehicle.id) and (on or vehicle.id not in scope.cases.open):
                self.applied[vehicle.id] = on
                _apply(vehicle, entry, scope, on=on)


def _apply(vehicle: Vehicle, entry: Entry, scope: Scope, *, on: bool) -> None:
    watch = scope.watch
    (watch.off_hours.discard if on else watch.off_hours.add)(vehicle.id)
    for device in watch.trackers(vehicle.id):
        if watch.is_held_back(device.slot):
            continue
        if on:
            watch.arm(device.slot, entry.recv_ms)
        else:
            watch.disarm(device.slot, entry.recv_ms)
        watch.by_rule(device.slot, arms=on and vehicle.auto_arm)


def is_within(minute: int, hours: Hours) -> bool:
    """Whether a minute of the day lies in [begin, end); hours may go over midnight."""
    begin, end = hours
    return begin <= minute < end if begin <= end else minute >= begin or minute < end
