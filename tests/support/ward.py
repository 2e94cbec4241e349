"""A tracker, a charger and a camera under one health, on a clock of seconds."""

from collections.abc import Iterable

import msgspec

from devices.causes import Cause, causes_of
from devices.health import Health
from devices.model import Device, DeviceClass
from devices.presence import Presence, PresencePolicy
from devices.readings import (
    AnyReading,
    CameraChannel,
    CameraHeartbeat,
    ChargerStatus,
    Port,
    PortState,
)
from support.factories import a_device, a_fix, a_record, a_tick, at_ms
from support.fakes import LatestColumns

CHARGER = a_device(2, id="chg-000002", cls=DeviceClass.CHARGER, vehicle_id=None)
CAMERA = a_device(3, id="cam-000003", cls=DeviceClass.CAMERA, vehicle_id=None)


class Ward:
    """A tracker, a charger and a camera, and a clock that ticks every second."""

    def __init__(self) -> None:
        self.columns = LatestColumns()
        self.health = Health(self.columns, PresencePolicy())
        self.now_s = 0.0
        for device in (a_device(), CHARGER, CAMERA):
            self.health.register(device)
        self.tick(1)

    def tick(self, seconds: int, *, connected: bool = True) -> None:
        """Let so many ticks pass."""
        for _ in range(seconds):
            self.now_s += 1
            self.health.tick(a_tick(self.now_s), connected=connected)

    def hear(self, reading: AnyReading, device: Device | None = None, *, flags: int = 0) -> None:
        """One accepted record, received now."""
        self.health.records([a_record(reading, device=device, at_s=self.now_s, flags=flags)])

    def presence(self, slot: int = 1) -> Presence:
        """As the API sees it."""
        return Presence(int(self.columns.rows["presence"][slot]))

    def causes(self, slot: int = 1) -> list[Cause]:
        """As the API sees them."""
        return causes_of(int(self.columns.rows["causes"][slot]))


def a_heartbeat(at_s: float = 0.0, /, flags: int = 0, **changes: object) -> CameraHeartbeat:
    channel = CameraChannel(n=1, online=True, fps=25, fps_expected=25, frames=100, recording=True)
    channels = (msgspec.structs.replace(channel, **changes),)
    return CameraHeartbeat(t_ms=at_ms(at_s), channels=channels, flags=flags)


def a_station(*ports: Port, mains_v: float | None = 230, smoke: bool = False) -> ChargerStatus:
    return ChargerStatus(t_ms=at_ms(0), ports=ports, mains_v=mains_v, smoke=smoke)


def ports_of(faulted: int, of: int) -> Iterable[Port]:
    for n in range(of):
        yield Port(n=n, state=PortState.FAULTED if n < faulted else PortState.AVAILABLE)


def a_fleet(size: int) -> tuple[Ward, list[Device]]:
    ward = Ward()
    devices = [a_device(k) for k in range(10, 10 + size)]
    for device in devices:
        ward.health.register(device)
        ward.hear(a_fix(ward.now_s), device)
    ward.tick(1)
    return ward, devices
