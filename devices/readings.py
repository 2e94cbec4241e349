"""Judged messages: what a device said, in SI units and WGS 84 degrees.

Three times are kept apart: ``t_ms`` (the device's, corrected), the entry's ``recv_ms`` and,
where something is stored, the store's own. ``None`` is unknown; zero is zero.
"""

import msgspec

from devices.payloads import CameraChannel, FixMessage, Port
from devices.units import KMH_PER_MPS
from devices.words import (
    SOURCE_CODE,
    AckResult,
    CoinKind,
    DeviceState,
    EventType,
    FixSource,
    Flag,
    PayKind,
    PortState,
    SessionKind,
    StopReason,
)

__all__ = [
    "SOURCE_CODE",
    "AckResult",
    "AnyReading",
    "CameraChannel",
    "CameraHeartbeat",
    "ChargerSession",
    "ChargerStatus",
    "CoinKind",
    "CoinReport",
    "CommandAck",
    "DeviceInfo",
    "DeviceState",
    "Event",
    "EventType",
    "Fix",
    "FixSource",
    "Flag",
    "PayKind",
    "Port",
    "PortState",
    "Reading",
    "SessionKind",
    "StateReport",
    "StopReason",
]

JUDGED = {name: f"§{name}" for name in ("t_ms", "key", "flags", "ext")}
"""What judging adds to a decoded fix has keys that strict decoding never meets: ``devices.codec``
reads messages with keys beyond ASCII the careful way."""


class Reading(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Common to every decoded record.

    Attributes:
        t_ms: Time of the measurement, ms UTC.
        boot: Boot id of the device, when it counts.
        seq: Its sequence number within the boot; with ``boot`` the idempotency key.
        key: For records without a sequence: 8 bytes of hash as a number, else 0.
        flags: ``Flag`` bits.
        next_s: Promised next report, seconds.
        ext: JSON object of keys wire.md does not know, and of originals that were converted;
            "" = none.
    """

    t_ms: int
    boot: str = ""
    seq: int | None = None
    key: int = 0
    flags: int = 0
    next_s: float | None = None
    ext: str = ""


class Fix(FixMessage, frozen=True, kw_only=True, gc=False, rename=JUDGED):
    """One report of a tracker; without position it is still a sign of life.

    It is the decoded message itself (a copy of every field costs more than decoding it) with
    what judging added; the properties give SI units. ``pos.lat`` is None unless the position
    is one: wire.md's ``valid:false`` and 0/0 are not. Attributes as in ``Reading``.
    """

    t_ms: int = 0
    key: int = 0
    flags: int = 0
    ext: str = ""

    @property
    def lat_deg(self) -> float | None:
        """WGS 84 latitude."""
        return self.pos.lat

    @property
    def lon_deg(self) -> float | None:
        """WGS 84 longitude."""
        return self.pos.lon

    @property
    def source(self) -> FixSource:
        """Where the position comes from."""
        return self.pos.src

    @property
    def acc_m(self) -> float | None:
        """Accuracy the device claims, metres."""
        return self.pos.acc_m

    @property
    def hdop(self) -> float | None:
        """Horizontal dilution of precision."""
        return self.pos.hdop

    @property
    def sat(self) -> int | None:
        """Satellites used."""
        return self.pos.sat

    @property
    def alt_m(self) -> float | None:
        """Altitude, metres."""
        return self.pos.alt_m

    @property
    def speed_mps(self) -> float | None:
        """Ground speed, metres per second."""
        speed_kmh = self.pos.spd_kmh
        return None if speed_kmh is None else speed_kmh / KMH_PER_MPS

    @property
    def course_deg(self) -> float | None:
        """Course over ground, degrees from north."""
        return self.pos.cog

    @property
    def pos_t_ms(self) -> int:
        """Time of the position, ms UTC: ``fix_t`` of a repeated one, else the report's."""
        return self.t_ms if self.pos.fix_t is None else self.pos.fix_t

    @property
    def ignition(self) -> bool | None:
        """Ignition on."""
        return self.st.ign

    @property
    def motion(self) -> bool | None:
        """The motion sensor's word."""
        return self.st.motion

    @property
    def armed(self) -> bool | None:
        """Armed by its own key."""
        return self.st.armed

    @property
    def ext_power(self) -> bool | None:
        """External power connected."""
        return self.st.ext_power

    @property
    def charging(self) -> bool | None:
        """Charging."""
        return self.st.charging

    @property
    def battery_pct(self) -> float | None:
        """Charge of the battery, per cent."""
        return self.bat.pct

    @property
    def ext_mv(self) -> int | None:
        """External voltage, millivolts."""
        return self.bat.ext_mv

    @property
    def rssi_dbm(self) -> float | None:
        """Mobile signal, dBm."""
        return self.net.rssi_dbm


class Event(Reading, frozen=True, kw_only=True, gc=False):
    """Something a device noticed by itself."""

    ev_id: str
    type: EventType
    on: bool = True
    level: int | None = None
    lat_deg: float | None = None
    lon_deg: float | None = None
    port: int | None = None
    channel: int | None = None


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
    sessions_total: int | None = None
    door_open: bool | None = None
    box_coins: int | None = None
    box_amount_fen: int | None = None
    box_cap_coins: int | None = None


class ChargerSession(Reading, frozen=True, kw_only=True, gc=False):
    """One word about a charging session. Money in fen, energy in Wh, power in W.

    ``session`` is "" when the station has no usable id ("", 0, -1): it is matched by its port.
    """

    kind: SessionKind
    session: str = ""
    port: int | None = None
    pay: PayKind | None = None
    paid_fen: int | None = None
    start_t_ms: int | None = None
    energy_wh: int | None = None
    meter_wh: int | None = None
    seconds: int | None = None
    w_max: float | None = None
    w_end: float | None = None
    stop: StopReason | None = None
    charged_fen: int | None = None
    refund_fen: int | None = None
    cur: str = "CNY"
    offline: bool = False


class CoinReport(Reading, frozen=True, kw_only=True, gc=False):
    """Coins in, or the box emptied. Money in fen; totals are the station's counters."""

    kind: CoinKind
    n: int | None = None
    denom_fen: int | None = None
    amount_fen: int | None = None
    port: int | None = None
    session: str = ""
    by: str = ""
    counted_fen: int | None = None
    coins_total: int | None = None
    amount_total_fen: int | None = None
    box_coins: int | None = None


class DeviceInfo(Reading, frozen=True, kw_only=True):
    """What a device is: model, firmware, what it can, how often it reports."""

    model: str = ""
    fw: str = ""
    hw: str = ""
    caps: tuple[str, ...] = ()
    interval_s: float | None = None
    receipts: bool = False


class CommandAck(Reading, frozen=True, kw_only=True, gc=False):
    """A device's answer to a command of ours."""

    cmd_id: str
    result: AckResult = AckResult.DONE
    detail: str = ""


class CameraHeartbeat(Reading, frozen=True, kw_only=True):
    """A camera or recorder with its channels."""

    channels: tuple[CameraChannel, ...] = ()
    disk_total_gb: float | None = None
    disk_used_gb: float | None = None
    clock_off_ms: float | None = None
    temp_c: float | None = None
    up_s: float | None = None
    fw: str = ""
    disk_ok: bool | None = None
    oldest_t_ms: int | None = None
    newest_t_ms: int | None = None


class StateReport(Reading, frozen=True, kw_only=True, gc=False):
    """A birth, a will or a farewell. A will's own time means nothing."""

    state: DeviceState
    reason: str = ""


AnyReading = (
    Fix
    | Event
    | ChargerStatus
    | ChargerSession
    | CoinReport
    | CameraHeartbeat
    | StateReport
    | DeviceInfo
    | CommandAck
)
