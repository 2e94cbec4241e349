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
_Int = Annotated[int, Meta(ge=-(2**31), lt=2**31)]
_Float = Annotated[float, Meta(ge=-1e12, le=1e12)]
MAX_PARTS = 256
"""Most ports of a station or channels of a recorder in one message."""


class PosPart(msgspec.Struct, gc=False):
    """Where, and how well (``pos``)."""

    lat: _Lat | None = None
    lon: _Lon | None = None
    crs: str = "wgs84"
    src: FixSource = FixSource.GNSS
    valid: bool = True
    acc_m: _Float | None = None
    hdop: _Float | None = None
    sat: _Int | None = None
    alt_m: _Float | None = None
    spd_kmh: _Float | None = None
    cog: _Float | None = None
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

    pct: _Float | None = None
    mv: _Int | None = None
    ext_mv: _Int | None = None


class NetPart(msgspec.Struct, gc=False):
    """``net``."""

    rssi_dbm: _Float | None = None


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
    lvl: _Int | None = None
    pos: PosPart | None = None


class CounterPart(msgspec.Struct):
    """Counters that only grow (``ctr``)."""

    coins_total: _Count | None = None
    amount_total_fen: _Count | None = None
    energy_total_wh: _Count | None = None


class StatusMessage(Common):
    """A charging station."""

    ports: Annotated[list[Port], Meta(max_length=MAX_PARTS)] = []
    rssi_dbm: _Float | None = None
    temp_c: _Float | None = None
    mains_v: _Float | None = None
    smoke: bool | None = None
    ctr: CounterPart | None = None


class DiskPart(msgspec.Struct):
    """The recorder's disk."""

    total_gb: _Float | None = None
    used_gb: _Float | None = None


class HeartbeatMessage(Common):
    """A camera."""

    ch: Annotated[list[CameraChannel], Meta(max_length=MAX_PARTS)] = []
    disk: DiskPart | None = None
    clock_off_ms: _Float | None = None
    temp_c: _Float | None = None


class StateMessage(Common, kw_only=True):
    """Birth, farewell or will."""

    state: DeviceState
    reason: str = ""


class VersionPart(msgspec.Struct):
    """Only the version, to name it in a refusal."""

    v: int = 1
