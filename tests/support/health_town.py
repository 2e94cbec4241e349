"""Devices of several sites that speak as they promise, and what health tells of them."""

from collections.abc import Collection, Iterable

import msgspec

from devices.causes import Cause, causes_of
from devices.health import Health, HealthState
from devices.health_events import HealthChange, HealthEvent
from devices.model import Device, DeviceClass
from devices.presence import Presence, PresencePolicy
from devices.readings import DeviceState, StateReport
from support.factories import a_device, a_record, a_tick, at_ms
from support.fakes import LatestColumns

STEP_S = 2
"""A tick; more would not count as listening."""


def cameras(numbers: Iterable[int], site_id: str, **changes: object) -> list[Device]:
    """Cameras of a site that report every minute."""
    return [
        a_device(
            k,
            id=f"cam-{k:06d}",
            cls=DeviceClass.CAMERA,
            vehicle_id=None,
            site_id=site_id,
            interval_s=60,
            **{"area": "34010200100101", **changes},
        )
        for k in numbers
    ]


class HealthTown:
    """One health, its devices, and everything it told so far."""

    def __init__(self, devices: list[Device], policy: PresencePolicy | None = None) -> None:
        self.devices = devices
        self.policy = policy or PresencePolicy()
        self.columns = LatestColumns()
        self.health = Health(self.columns, self.policy)
        self.now_s = 0
        self.seq = 0
        self.step_ms = 0
        self.events: list[HealthEvent] = []
        self.changes: list[HealthChange] = []
        for device in devices:
            self.health.register(device)

    def run(
        self,
        seconds: int,
        *,
        silent: Collection[Device] = (),
        connected: bool = True,
        restart_at: int = -1,
    ) -> None:
        """Let time pass; all but ``silent`` speak, each in its turn."""
        mute = {device.slot for device in silent}
        for _ in range(0, seconds, STEP_S):
            self.now_s += STEP_S
            speak = [
                device
                for device in self.devices
                if (self.now_s + 7 * device.slot) % device.interval_s < STEP_S
            ]
            if connected:
                for device in speak:
                    if device.slot not in mute:
                        self.say(device, DeviceState.ONLINE)
            self.tick(connected=connected)
            if self.seq == restart_at:
                self.restart()

    def say(self, device: Device, state: DeviceState, next_s: float | None = None) -> None:
        """One word, received now."""
        report = StateReport(t_ms=at_ms(self.now_s), state=state, key=1, next_s=next_s)
        self.health.records([a_record(report, device=device, at_s=self.now_s)])

    def tick(self, *, connected: bool = True) -> None:
        """One tick; the wall clock is off by ``step_ms``."""
        self.seq += 1
        tick = a_tick(self.now_s, seq=self.seq)
        self.health.tick(tick._replace(recv_ms=tick.recv_ms + self.step_ms), connected=connected)
        self.events += self.health.take_events()
        self.changes += self.health.take_changes()

    def restart(self) -> None:
        """From a checkpoint; what was told stays told."""
        blob = msgspec.msgpack.encode(self.health.dump())
        self.health = Health(self.columns, self.policy)
        self.health.load(msgspec.msgpack.decode(blob, type=HealthState), self.devices)

    def told(self) -> list[tuple[str, str]]:
        """Kind, and whose it is: a device or a scope."""
        return [(event.kind, event.device_id or event.scope) for event in self.events]

    def presence(self, device: Device) -> Presence:
        """As the API sees it."""
        return Presence(int(self.columns.rows["presence"][device.slot]))

    def causes(self, device: Device) -> list[Cause]:
        """As the API sees them."""
        return causes_of(int(self.columns.rows["causes"][device.slot]))
