"""What one reading says of fire: causes, where, yes or no. Pure."""

from devices.causes import Cause
from devices.model import Device, DeviceClass
from devices.readings import (
    AnyReading,
    ChargerSession,
    ChargerStatus,
    Event,
    EventType,
    StopReason,
)

CRITICAL_C = 85.0
"""A port hotter is critical, degrees Celsius. Source: health.md, Charger."""
SHORT_CIRCUIT = "short_circuit"
"""The error of a port (wire.md, Errors)."""

Said = tuple[Cause, int | None, bool]
"""A cause, its port (None = the whole), and whether it holds."""

_OF_EVENT = {
    EventType.SMOKE: Cause.SMOKE,
    EventType.SHORT_CIRCUIT: Cause.SHORT_CIRCUIT,
    EventType.BATT_OVER_TEMP: Cause.BATTERY_HOT,
}
"""Of any class: a camera that sees smoke counts."""


def said_of(reading: AnyReading, device: Device) -> list[Said]:
    """Everything a reading says of fire, often nothing."""
    if isinstance(reading, ChargerStatus):
        return _of_status(reading)
    if isinstance(reading, Event):
        return _of_event(reading, device)
    return _of_session(reading) if isinstance(reading, ChargerSession) else []


def _of_status(status: ChargerStatus) -> list[Said]:
    """Smoke as it says, yes or no; of ports only what is wrong."""
    said: list[Said] = []
    if status.smoke is not None:
        said.append((Cause.SMOKE, None, status.smoke))
    for port in status.ports:
        if port.err == SHORT_CIRCUIT:
            said.append((Cause.SHORT_CIRCUIT, port.n, True))
        if port.temp_c is not None and port.temp_c > CRITICAL_C:
            said.append((Cause.OVERHEATED_CRITICAL, port.n, True))
    return said


def _of_event(event: Event, device: Device) -> list[Said]:
    cause = _OF_EVENT.get(event.type)
    if event.type is EventType.OVER_TEMPERATURE and device.cls is DeviceClass.CHARGER:
        cause = Cause.OVERHEATED_CRITICAL  # its own bound: 90 °C (domain.md 2)
    return [] if cause is None else [(cause, event.port, event.on)]


def _of_session(session: ChargerSession) -> list[Said]:
    """A session that smoke ended; one that was settled offline is of an unknown time."""
    smoke = session.stop is StopReason.SMOKE and not session.offline
    return [(Cause.SMOKE, session.port, True)] if smoke else []
