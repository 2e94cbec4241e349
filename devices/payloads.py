"""The messages of wire.md as their JSON says them, before they are judged. Keys are the wire's.

Numbers are bounded so that whatever is accepted fits every column it may reach (64-bit integers,
32-bit floats of LatestState): one absurd number must not stop a reader.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from devices.readings import CameraChannel, DeviceState, EventType, FixSource, Port

_Lat = Annotated[float, Meta(ge=-90, le=90)]
_Lon = Annotated[float, Meta(ge=-180, le=180)]
_Seq = Annotated[int, Meta(ge=0, lt=2**53)]
_Count = Annotated[int, Meta(ge=0, lt=2**53)]
_Boot = Annotated[str, Meta(max_length=32, pattern=r"^[A-Za-z0-9_-]*$")]
_EvId = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$")]
_Seconds = Annotated[float, Meta(gt=0, le=604_800)]


class PosPart(msgspec.Struct, gc=False):
    """Where, and how well (``pos``)."""

    lat: _Lat | None = None
    lon: _Lon | None = None
    crs: str = "wgs84"
    src: FixSource = FixSource.GNSS
    valid: bool = True
    acc_m: float | None = None
    hdop: float | None = None
    sat: int | None = None
    alt_m: float | None = None
    spd_kmh: float | None = None
    cog: float | None = None
    fix_t: int | None = None


class StatePart(msgspec.Struct, gc=False):
    """What is switched on (``st``)."""

    ign: bool | None = None
    motion: bool | None = None
    armed: bool | None = None
    ext_power: bool | None = None
    charging: bool | None = None
    mode: str | None = None


class BatteryPart(msgspec.Struct, gc=False):
    """``bat``."""

    pct: float | None = None
    mv: int | None = None
    ext_mv: int | None = None


class NetPart(msgspec.Struct, gc=False):
    """``net``."""

    rssi_dbm: float | None = None


class Common(msgspec.Struct):
    """What every message may carry."""

    v: int = 1
    id: str | None = None
    boot: _Boot = ""
    seq: _Seq | None = None
    t: int | None = None
    next_s: _Seconds | None = None


class FixMessage(Common):
    """One fix."""

    pos: PosPart | None = None
    st: StatePart | None = None
    bat: BatteryPart | None = None
    net: NetPart | None = None


class BatchMessage(msgspec.Struct):
    """Several fixes; each is read apart, so that one bad element costs itself."""

    fixes: list[msgspec.Raw]
    v: int = 1
    id: str | None = None
    boot: _Boot = ""
    backfill: bool = False


class EventMessage(Common, kw_only=True):
    """Something the device noticed."""

    ev_id: _EvId
    type: EventType
    on: bool = True
    lvl: int | None = None
    pos: PosPart | None = None


class CounterPart(msgspec.Struct):
    """Counters that only grow (``ctr``)."""

    coins_total: _Count | None = None
    amount_total_fen: _Count | None = None
    energy_total_wh: _Count | None = None


class StatusMessage(Common):
    """A charging station."""

    ports: list[Port] = []
    rssi_dbm: float | None = None
    temp_c: float | None = None
    mains_v: float | None = None
    smoke: bool | None = None
    ctr: CounterPart | None = None


class DiskPart(msgspec.Struct):
    """The recorder's disk."""

    total_gb: float | None = None
    used_gb: float | None = None


class HeartbeatMessage(Common):
    """A camera."""

    ch: list[CameraChannel] = []
    disk: DiskPart | None = None
    clock_off_ms: float | None = None
    temp_c: float | None = None


class StateMessage(Common, kw_only=True):
    """Birth, farewell or will."""

    state: DeviceState
    reason: str = ""


class VersionPart(msgspec.Struct):
    """Only the version, to name it in a refusal."""

    v: int = 1
