"""A device's last believed state in the words of the answers."""

import math
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from api.schemas import CauseOut, DeviceOut, HealthOut, PositionOut, ProfileOut
from api.times import format_known_time
from devices.causes import PRESENCE_CAUSES, Cause, causes_of
from devices.device_filter import KnownDevice
from devices.latest import ArmedState
from devices.model import Device, Profile
from devices.presence import Presence
from devices.readings import SOURCE_CODE
from devices.severity import severity_of

_SOURCE = {code: source.value for source, code in SOURCE_CODE.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Believed:
    """One row of LatestState as plain values; None = unknown.

    Attributes:
        t_ms: Time of the position, ms UTC; None = no position known.
        missing: Records that never came, told by their numbers.
        missing_newest: First and last number of the newest hole; None = nothing is missing.
    """

    presence: Presence
    causes: Cause
    armed: ArmedState
    level: int
    recv_ms: int
    since_ms: int
    due_ms: int
    t_ms: int | None
    lat_deg: float | None
    lon_deg: float | None
    acc_m: float | None
    speed_mps: float | None
    course_deg: float | None
    source: str | None
    battery_pct: float | None
    rssi_dbm: float | None
    clock_off_ms: float | None
    missing: int
    missing_newest: tuple[int, int] | None


NOTHING = Believed(
    presence=Presence.UNKNOWN,
    causes=Cause.NEVER_HEARD,
    armed=ArmedState.DISARMED,
    level=0,
    recv_ms=0,
    since_ms=0,
    due_ms=0,
    t_ms=None,
    lat_deg=None,
    lon_deg=None,
    acc_m=None,
    speed_mps=None,
    course_deg=None,
    source=None,
    battery_pct=None,
    rssi_dbm=None,
    clock_off_ms=None,
    missing=0,
    missing_newest=None,
)
"""A device of which the processor has written nothing yet."""


def _known(value: np.floating[Any]) -> float | None:
    """The number as it is written shortest, in its own width."""
    return float(str(value)) if math.isfinite(value) else None


def believe(row: np.void | None) -> Believed:
    """Read one row of ``LATEST_DTYPE``."""
    if row is None:
        return NOTHING
    fix_t_ms, lat_deg, lon_deg = (
        int(row["fix_t_ms"]),
        _known(row["lat_deg"]),
        _known(row["lon_deg"]),
    )
    has_position = fix_t_ms > 0 and lat_deg is not None and lon_deg is not None
    heard = int(row["recv_ms"]) > 0
    causes = Cause(int(row["causes"]))
    missing, hole = int(row["missing"]), (int(row["missing_from"]), int(row["missing_to"]))
    return Believed(
        presence=Presence(int(row["presence"])),
        causes=causes if heard or causes else Cause.NEVER_HEARD,
        armed=ArmedState(int(row["armed"])),
        level=int(row["level"]),
        recv_ms=int(row["recv_ms"]),
        since_ms=int(row["since_ms"]),
        due_ms=int(row["due_ms"]),
        t_ms=fix_t_ms if has_position else None,
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        acc_m=_known(row["acc_m"]),
        speed_mps=_known(row["speed_mps"]),
        course_deg=_known(row["course_deg"]),
        source=_SOURCE.get(int(row["source"])),
        battery_pct=_known(row["battery_pct"]),
        rssi_dbm=_known(row["rssi_dbm"]),
        clock_off_ms=_known(row["clock_off_ms"]),
        missing=missing,
        missing_newest=hole if missing else None,
    )


def position_out(believed: Believed, now_ms: int) -> PositionOut | None:
    """Give the last position with its age and source, None when there is none."""
    if believed.t_ms is None or believed.lat_deg is None or believed.lon_deg is None:
        return None
    return PositionOut(
        lat_deg=believed.lat_deg,
        lon_deg=believed.lon_deg,
        acc_m=believed.acc_m,
        speed_mps=believed.speed_mps,
        course_deg=believed.course_deg,
        source=believed.source,
        t_ms=believed.t_ms,
        age_s=round(max(0, now_ms - believed.t_ms) / 1000, 1),
    )


def _health(device: Device | KnownDevice, believed: Believed, now_ms: int) -> dict[str, object]:
    heard = believed.recv_ms > 0
    return {
        "id": device.id,
        "presence": believed.presence.word,
        "condition": "degraded" if int(believed.causes) & ~int(PRESENCE_CAUSES) else "ok",
        "admin": device.admin.value,
        "severity": severity_of(believed.presence, int(believed.causes), device.admin).word,
        "causes": [
            CauseOut(code=cause.code, en=cause.en, zh=cause.zh)
            for cause in causes_of(int(believed.causes))
        ],
        "since": format_known_time(believed.since_ms),
        "next_expected": format_known_time(believed.due_ms),
        "heard": format_known_time(believed.recv_ms),
        "silent_s": round(max(0, now_ms - believed.recv_ms) / 1000, 1) if heard else None,
        "battery_pct": believed.battery_pct,
        "rssi_dbm": believed.rssi_dbm,
        "clock_off_ms": believed.clock_off_ms,
        "missing_records": believed.missing,
        "missing_newest": believed.missing_newest,
    }


def health_out(device: Device | KnownDevice, believed: Believed, now_ms: int) -> HealthOut:
    """Answer how a device is."""
    return HealthOut.model_validate(_health(device, believed, now_ms))


def device_out(
    device: Device, believed: Believed, now_ms: int, *, see_position: bool, see_profile: bool
) -> DeviceOut:
    """Answer what a device is and how it is; position and profile to whom they may be shown."""
    return DeviceOut.model_validate(
        _health(device, believed, now_ms)
        | {
            "cls": device.cls.value,
            "area": device.area,
            "vehicle_id": device.vehicle_id,
            "site_id": device.site_id,
            "model": device.model,
            "vendor": device.vendor,
            "name": device.name,
            "installed_lat_deg": device.lat_deg,
            "installed_lon_deg": device.lon_deg,
            "position": position_out(believed, now_ms) if see_position else None,
            "position_hidden": not see_position,
            "profile": _profile(device.profile) if see_profile else None,
        }
    )


def _profile(profile: Profile) -> ProfileOut:
    return ProfileOut.model_validate(msgspec.structs.asdict(profile))
