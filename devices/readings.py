"""Decoded messages: what a device said, in SI units and WGS 84 degrees.

Three times are kept apart: ``t_ms`` (the device's, corrected), the entry's ``recv_ms`` and,
where something is stored, the store's own. ``None`` is unknown; zero is zero.
"""

from enum import IntFlag, StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

_Int = Annotated[int, Meta(ge=-(2**31), lt=2**31)]
_Count = Annotated[int, Meta(ge=0, lt=2**53)]
_Float = Annotated[float, Meta(ge=-1e12, le=1e12)]


class Flag(IntFlag):
    """What was noticed about a record. Stored as bits: never reuse one."""

    NO_TIME = 1 << 0  # no time given: the receive time stands in
    TIME_SCALED = 1 << 1  # seconds, µs or ns, told by magnitude
    FUTURE = 1 << 2  # more than 120 s ahead of the receive time
    LATE = 1 << 3  # older than 10 min: the history lane
    BACKFILL = 1 << 4  # the device says it was buffered
    NULL_ISLAND = 1 << 5  # 0/0: no position
    NO_FIX = 1 << 6  # valid:false or no coordinates
    IMPLAUSIBLE = 1 << 7  # a side value out of range, taken as unknown
    RETAINED = 1 << 8  # delivered as retained
    COERCED = 1 << 9  # a number written as text


class FixSource(StrEnum):
    """Where a position comes from (wire.md, ``src``)."""

    GNSS = "gnss"
    CELL = "cell"
    WIFI = "wifi"
    LAST = "last"
    MANUAL = "manual"


SOURCE_CODE = {source: code for code, source in enumerate(FixSource, start=1)}
"""Number of each source in LatestState; 0 = none."""


class EventType(StrEnum):
    """What a tracker can report (wire.md, Types)."""

    VIBRATION = "vibration"
    TOW = "tow"
    DISPLACEMENT = "displacement"
    TILT = "tilt"
    ILLEGAL_IGNITION = "illegal_ignition"
    FALL = "fall"
    CRASH = "crash"
    POWER_CUT = "power_cut"
    POWER_RESTORED = "power_restored"
    LOW_BATTERY = "low_battery"
    LOW_EXT_POWER = "low_ext_power"
    REMOVED = "removed"
    TAMPER = "tamper"
    SIM_CHANGED = "sim_changed"
    JAMMING_GSM = "jamming_gsm"
    JAMMING_GNSS = "jamming_gnss"
    GNSS_ANTENNA = "gnss_antenna"
    GNSS_BLIND_ENTER = "gnss_blind_enter"
    GNSS_BLIND_EXIT = "gnss_blind_exit"
    SOS = "sos"
    ARM = "arm"
    DISARM = "disarm"
    GEOFENCE_ENTER = "geofence_enter"
    GEOFENCE_EXIT = "geofence_exit"
    UNLOCK = "unlock"
    BATTERY_REMOVED = "battery_removed"
    BATT_OVER_TEMP = "batt_over_temp"
    BATT_OVER_VOLT = "batt_over_volt"
    SLEEP = "sleep"
    WAKE = "wake"
    POWER_ON = "power_on"
    POWER_OFF = "power_off"
    # chargers and cameras
    SMOKE = "smoke"
    OVER_TEMPERATURE = "over_temperature"
    DOOR = "door"
    MAINS = "mains"
    VIDEO_LOSS = "video_loss"
    OCCLUSION = "occlusion"
    DISK = "disk"


class Reading(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Common to every decoded record.

    Attributes:
        t_ms: Time of the measurement, ms UTC.
        boot: Boot id of the device, when it counts.
        seq: Its sequence number within the boot; with ``boot`` the idempotency key.
        key: For records without a sequence: 8 bytes of hash as a number, else 0.
        flags: ``Flag`` bits.
        next_s: Promised next report, seconds.
    """

    t_ms: int
    boot: str = ""
    seq: int | None = None
    key: int = 0
    flags: int = 0
    next_s: float | None = None


class Fix(Reading, frozen=True, kw_only=True, gc=False):
    """One report of a tracker; without position it is still a sign of life."""

    lat_deg: float | None = None
    lon_deg: float | None = None
    source: FixSource = FixSource.GNSS
    acc_m: float | None = None
    hdop: float | None = None
    sat: int | None = None
    alt_m: float | None = None
    speed_mps: float | None = None
    course_deg: float | None = None
    ignition: bool | None = None
    motion: bool | None = None
    armed: bool | None = None
    ext_power: bool | None = None
    charging: bool | None = None
    battery_pct: float | None = None
    ext_mv: int | None = None
    rssi_dbm: float | None = None


class Event(Reading, frozen=True, kw_only=True, gc=False):
    """Something a device noticed by itself."""

    ev_id: str
    type: EventType
    on: bool = True
    level: int | None = None
    lat_deg: float | None = None
    lon_deg: float | None = None


class PortState(StrEnum):
    """States of a charging port (wire.md; OCPP words where there are some)."""

    AVAILABLE = "available"
    PREPARING = "preparing"
    CHARGING = "charging"
    FLOAT = "float"
    FINISHING = "finishing"
    OCCUPIED = "occupied"
    RESERVED = "reserved"
    UNAVAILABLE = "unavailable"
    FAULTED = "faulted"


class Port(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One charging port."""

    n: _Int
    state: PortState
    session: str | None = None
    err: str | None = None
    w: _Float | None = None
    wh: _Float | None = None
    temp_c: _Float | None = None


class ChargerStatus(Reading, frozen=True, kw_only=True):
    """A station with all its ports."""

    ports: tuple[Port, ...] = ()
    rssi_dbm: float | None = None
    temp_c: float | None = None
    mains_v: float | None = None
    smoke: bool | None = None
    coins_total: int | None = None
    amount_total_fen: int | None = None
    energy_total_wh: int | None = None


class CameraChannel(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One video channel."""

    n: _Int
    online: bool | None = None
    fps: _Float | None = None
    fps_expected: _Float | None = None
    frames: _Count | None = None
    last_frame_t: _Count | None = None
    kbps: _Float | None = None
    recording: bool | None = None
    occluded: bool | None = None
    tampered: bool | None = None
    video_loss: bool | None = None


class CameraHeartbeat(Reading, frozen=True, kw_only=True):
    """A camera or recorder with its channels."""

    channels: tuple[CameraChannel, ...] = ()
    disk_total_gb: float | None = None
    disk_used_gb: float | None = None
    clock_off_ms: float | None = None
    temp_c: float | None = None


class DeviceState(StrEnum):
    """Birth and will (wire.md, State)."""

    ONLINE = "online"
    SLEEPING = "sleeping"
    DISCONNECTED = "disconnected"
    LOST = "lost"


class StateReport(Reading, frozen=True, kw_only=True, gc=False):
    """A birth, a will or a farewell. A will's own time means nothing."""

    state: DeviceState
    reason: str = ""


AnyReading = Fix | Event | ChargerStatus | CameraHeartbeat | StateReport
