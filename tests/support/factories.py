"""Devices, readings, entries and messages with believable defaults.

Places are metres east and north of ``HOME``, times are seconds after ``T0_MS``.
"""

import math

import msgspec

from devices import control as controls
from devices.admitted import Record
from devices.control import AnyControl
from devices.entry import Entry, EntryKind
from devices.geo import M_PER_DEG_LAT
from devices.model import Device, DeviceClass, Fence, Vehicle
from devices.readings import AnyReading, Event, EventType, Fix
from devices.registry import Registry, RegistrySnapshot
from devices.units import KMH_PER_MPS

T0_MS = 1_764_032_400_000
"""2025-11-25 01:00:00 UTC."""
ROOT = "pg/v1"
HOME = (31.820613, 117.227239)
"""WGS 84, in the city the examples of wire.md are from."""
ELAPSED0_MS = 5_000_000
"""The steady clock at ``T0_MS``: it has nothing to do with the wall clock."""


def at_ms(at_s: float) -> int:
    """Wall clock, ms UTC."""
    return T0_MS + round(at_s * 1000)


def place(east_m: float, north_m: float = 0.0) -> tuple[float, float]:
    """WGS 84 degrees of a place near ``HOME``."""
    east_per_deg = M_PER_DEG_LAT * math.cos(math.radians(HOME[0]))
    return HOME[0] + north_m / M_PER_DEG_LAT, HOME[1] + east_m / east_per_deg


def a_device(number: int = 1, **changes: object) -> Device:
    """A tracker on vehicle ``v-{number}`` unless told otherwise."""
    device = Device(
        id=f"trk-{number:06d}", slot=number, cls=DeviceClass.TRACKER, vehicle_id=f"v-{number}"
    )
    return msgspec.structs.replace(device, **changes)


def a_vehicle(number: int = 1, **changes: object) -> Vehicle:
    """An e-bike whose owner is wang and whose second contact is li."""
    vehicle = Vehicle(id=f"v-{number}", plate="皖A12345", label="red bike", contacts=("wang", "li"))
    return msgspec.structs.replace(vehicle, **changes)


def a_registry(
    *, trackers: int = 1, vehicle: Vehicle | None = None, fences: tuple[Fence, ...] = ()
) -> Registry:
    """Trackers 1, 2 ... each on its own vehicle; ``vehicle`` takes the place of its namesake."""
    vehicles = {f"v-{k}": a_vehicle(k) for k in range(1, trackers + 1)}
    if vehicle is not None:
        vehicles[vehicle.id] = vehicle
    return Registry(
        RegistrySnapshot(
            devices=[a_device(k) for k in range(1, trackers + 1)],
            vehicles=list(vehicles.values()),
            fences=list(fences),
        )
    )


PARTS_OF = {
    "lat_deg": ("pos", "lat"),
    "lon_deg": ("pos", "lon"),
    "source": ("pos", "src"),
    "acc_m": ("pos", "acc_m"),
    "hdop": ("pos", "hdop"),
    "sat": ("pos", "sat"),
    "alt_m": ("pos", "alt_m"),
    "speed_mps": ("pos", "spd_kmh"),
    "course_deg": ("pos", "cog"),
    "ignition": ("st", "ign"),
    "motion": ("st", "motion"),
    "armed": ("st", "armed"),
    "ext_power": ("st", "ext_power"),
    "charging": ("st", "charging"),
    "battery_pct": ("bat", "pct"),
    "ext_mv": ("bat", "ext_mv"),
    "rssi_dbm": ("net", "rssi_dbm"),
}
"""Where the properties of a ``Fix`` stand in its message."""


def fix_of(base: Fix | None = None, **said: object) -> Fix:
    """``base`` (an empty fix when None) with what is said in the words of ``Fix``'s properties.

    A fix with a latitude is valid, one without is not.
    """
    fix = Fix() if base is None else base
    parts: dict[str, dict[str, object]] = {}
    plain: dict[str, object] = {}
    for name, value in said.items():
        if name not in PARTS_OF:
            plain[name] = value
            continue
        part, key = PARTS_OF[name]
        if name == "speed_mps" and isinstance(value, float | int):
            value = value * KMH_PER_MPS  # noqa: PLW2901 - one name for what is said
        parts.setdefault(part, {})[key] = value
    if "lat" in parts.get("pos", {}):
        parts["pos"]["valid"] = parts["pos"]["lat"] is not None
    for part, changes in parts.items():
        plain[part] = msgspec.structs.replace(getattr(fix, part), **changes)
    return msgspec.structs.replace(fix, **plain)


def a_fix(at_s: float = 0.0, east_m: float = 0.0, north_m: float = 0.0, **changes: object) -> Fix:
    """A fair GNSS fix of a parked vehicle, 6.5 m accurate."""
    lat_deg, lon_deg = place(east_m, north_m)
    fix = fix_of(
        t_ms=at_ms(at_s),
        boot="b1",
        seq=round(at_s * 10),
        next_s=10.0,
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        acc_m=6.5,
        hdop=0.9,
        sat=12,
        ignition=False,
    )
    return fix_of(fix, **changes)


def an_event(type_: EventType, at_s: float = 0.0, **changes: object) -> Event:
    """An event without a place; its id is made of type and time."""
    event = Event(t_ms=at_ms(at_s), ev_id=f"{type_}-{at_s}", type=type_, key=round(at_s * 10) + 1)
    return msgspec.structs.replace(event, **changes)


def an_entry(
    payload: bytes = b"",
    *,
    at_s: float = 0.0,
    seq: int = 1,
    device: Device | None = None,
    channel: str = "fix",
    flags: int = 0,
) -> Entry:
    """An MQTT entry of a device, received at ``at_s``."""
    device = device or a_device()
    topic = f"{ROOT}/up/{device.cls}/{device.id}/{channel}"
    elapsed_ms = ELAPSED0_MS + round(at_s * 1000)
    return Entry(seq, int(EntryKind.MQTT), at_ms(at_s), elapsed_ms, flags, topic, payload)


def a_tick(at_s: float = 0.0, *, seq: int = 1, connected: int = 1) -> Entry:
    """A tick."""
    elapsed_ms = ELAPSED0_MS + round(at_s * 1000)
    return Entry(seq, int(EntryKind.TICK), at_ms(at_s), elapsed_ms, connected, "", b"")


def a_control(control: AnyControl, *, at_s: float = 0.0, seq: int = 1) -> Entry:
    """What people did, as an entry."""
    elapsed_ms = ELAPSED0_MS + round(at_s * 1000)
    body = controls.encode(control)
    return Entry(seq, int(EntryKind.CONTROL), at_ms(at_s), elapsed_ms, 0, "", body)


def a_record(
    reading: AnyReading, *, device: Device | None = None, at_s: float | None = None, flags: int = 0
) -> Record:
    """An accepted record, received when it was measured unless told otherwise."""
    if at_s is None:
        at_s = (reading.t_ms - T0_MS) / 1000
    device = device or a_device()
    return Record(an_entry(at_s=at_s, device=device, flags=flags), device, reading)


def fix_bytes(
    at_s: float, *, seq: int, east_m: float = 0.0, north_m: float = 0.0, boot: str = "b1"
) -> bytes:
    """A fix as a tracker sends it."""
    lat_deg, lon_deg = place(east_m, north_m)
    pos = {"lat": lat_deg, "lon": lon_deg, "src": "gnss", "valid": True, "acc_m": 6.5, "hdop": 0.9}
    return msgspec.json.encode(
        {
            "v": 1,
            "boot": boot,
            "seq": seq,
            "t": at_ms(at_s),
            "pos": pos | {"sat": 12},
            "st": {"ign": False},
            "next_s": 10,
        }
    )


def event_bytes(type_: EventType, at_s: float) -> bytes:
    """An event as a tracker sends it."""
    body = {"v": 1, "ev_id": f"{type_}-{at_s}", "t": at_ms(at_s), "type": type_}
    return msgspec.json.encode(body)
