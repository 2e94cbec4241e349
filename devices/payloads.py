"""The messages of wire.md as their bytes say them, before they are judged. Keys are the wire's.

Numbers are bounded so that whatever is accepted fits every column it may reach (64-bit integers,
32-bit floats of LatestState): one absurd number must not stop a reader. Structs refuse keys they
do not know; ``devices.fitting`` keeps those under ``ext``. ``docs/wire.md`` has a JSON Schema of
each, made from these types.
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from devices.crs import Crs
from devices.words import (
    AckResult,
    CoinKind,
    DeviceState,
    EventType,
    FixSource,
    PayKind,
    PortState,
    SessionKind,
    StopReason,
)

VITAL = {"vital": True}
"""Marks position, time, money, energy and counters: text that is no number refuses the record
there; elsewhere it makes the measure unknown (decisions.md 11)."""

Lat = Annotated[float, Meta(ge=-90, le=90, extra=VITAL)]
Lon = Annotated[float, Meta(ge=-180, le=180, extra=VITAL)]
Seq = Annotated[int, Meta(ge=0, lt=2**53, extra=VITAL)]
Time = Annotated[int, Meta(ge=0, le=2**63 - 1, extra=VITAL)]
Count = Annotated[int, Meta(ge=0, lt=2**53, extra=VITAL)]
Money = Annotated[int, Meta(gt=-(2**53), lt=2**53, extra=VITAL)]
Version = Annotated[int, Meta(ge=1, le=1, extra=VITAL)]
Boot = Annotated[str, Meta(max_length=32, pattern=r"^[A-Za-z0-9_-]*$(?!\n)")]
EvId = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$(?!\n)")]
Seconds = Annotated[float, Meta(gt=0, le=604_800)]
Int = Annotated[int, Meta(ge=-(2**31), lt=2**31)]
PartNumber = Annotated[int, Meta(ge=0, lt=2**31)]
Float = Annotated[float, Meta(ge=-1e12, le=1e12)]
Word = Annotated[str, Meta(max_length=64)]
Line = Annotated[str, Meta(max_length=256)]
MAX_PARTS = 256
"""Most ports of a station, channels of a recorder or cells of a battery in one message."""


class Part(msgspec.Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True):
    """An object inside a message."""


class PosPart(Part, frozen=True, kw_only=True, gc=False):
    """Where, and how well (``pos``)."""

    lat: Lat | None = None
    lon: Lon | None = None
    crs: Crs = Crs.WGS84
    src: FixSource = FixSource.GNSS
    valid: bool = True
    acc_m: Float | None = None
    hdop: Float | None = None
    sat: Int | None = None
    alt_m: Float | None = None
    spd_kmh: Float | None = None
    cog: Float | None = None
    fix_t: Time | None = None


class StatePart(Part, frozen=True, kw_only=True, gc=False):
    """What is switched on (``st``)."""

    ign: bool | None = None
    motion: bool | None = None
    armed: bool | None = None
    ext_power: bool | None = None
    charging: bool | None = None
    mode: str | None = None


class BatteryPart(Part, frozen=True, kw_only=True, gc=False):
    """``bat``."""

    pct: Float | None = None
    mv: Int | None = None
    ext_mv: Int | None = None


class CellPart(Part, frozen=True, kw_only=True, gc=False):
    """The serving cell (``net.cell``)."""

    mcc: Int | None = None
    mnc: Int | None = None
    lac: Int | None = None
    cid: Count | None = None


class NetPart(Part, frozen=True, kw_only=True, gc=False):
    """``net``."""

    rat: str | None = None
    rssi_dbm: Float | None = None
    cell: CellPart | None = None


class PackPart(Part, frozen=True, kw_only=True):
    """Battery data of GB 17761-2024 (``pack``)."""

    mv: Int | None = None
    ma: Int | None = None
    temp_c: Float | None = None
    cells_mv: Annotated[list[Int], Meta(max_length=MAX_PARTS)] = []


NO_STATE, NO_BATTERY, NO_NET = StatePart(), BatteryPart(), NetPart()
NOWHERE = PosPart(valid=False)


class Message(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every message may carry."""

    v: Version = 1
    id: str | None = None
    boot: Boot = ""
    seq: Seq | None = None
    t: Time | None = None
    next_s: Seconds | None = None


class FixMessage(Message, frozen=True, kw_only=True, gc=False):
    """One fix."""

    boot: Annotated[str, Meta(max_length=32)] = ""  # a pattern costs 0.5 µs here: see BOOT
    pos: PosPart = NOWHERE
    st: StatePart = NO_STATE
    bat: BatteryPart = NO_BATTERY
    net: NetPart = NO_NET
    pack: PackPart | None = None


class BatchMessage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Several fixes; each is read apart, so that one bad element costs itself."""

    fixes: list[msgspec.Raw]
    v: Version = 1
    id: str | None = None
    boot: Boot = ""
    backfill: bool = False
    order: Word = "asc"


class MultiItem(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename={"cls": "class"},
):
    """One message of a device behind a gateway."""

    cls: Word
    id: Word
    channel: Word
    msg: Any


class MultiMessage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Several messages of a gateway's children; each is read apart."""

    items: list[msgspec.Raw]
    v: Version = 1
    id: str | None = None
    boot: Boot = ""


class EventMessage(Message, frozen=True, kw_only=True):
    """Something the device noticed. ``raw`` is the foreign protocol's own words."""

    ev_id: EvId
    type: EventType
    on: bool = True
    lvl: Int | None = None
    dur_s: Float | None = None
    count: Int | None = None
    pos: PosPart | None = None
    st: StatePart | None = None
    port: Int | None = None
    ch: Int | None = None
    raw: dict[str, Any] | None = None


class CounterPart(Part, frozen=True, kw_only=True, gc=False):
    """Counters that only grow (``ctr``)."""

    coins_total: Count | None = None
    amount_total_fen: Count | None = None
    energy_total_wh: Count | None = None
    sessions_total: Count | None = None


class BoxPart(Part, frozen=True, kw_only=True, gc=False):
    """The coin box (``box``)."""

    coins: Count | None = None
    amount_fen: Money | None = None
    cap_coins: Count | None = None


class Port(Part, frozen=True, kw_only=True, gc=False):
    """One charging port (``ports``); stations count from 0 or from 1, and are believed."""

    n: PartNumber
    state: PortState
    session: Word | None = None
    err: Word | None = None
    vendor_err: Word | None = None
    w: Float | None = None
    ma: Float | None = None
    wh: Float | None = None
    temp_c: Float | None = None
    s: Float | None = None


class StatusMessage(Message, frozen=True, kw_only=True):
    """A charging station and all its ports; also its heartbeat."""

    ports: Annotated[list[Port], Meta(max_length=MAX_PARTS)] = []
    rssi_dbm: Float | None = None
    temp_c: Float | None = None
    mains_v: Float | None = None
    door_open: bool | None = None
    smoke: bool | None = None
    box: BoxPart | None = None
    ctr: CounterPart | None = None


class SessionMessage(Message, frozen=True, kw_only=True):
    """A charging session begins, goes on, or ends."""

    kind: SessionKind
    session: Word | int = ""
    port: Int | None = None
    pay: PayKind | None = None
    paid_fen: Money | None = None
    start_t: Time | None = None
    energy_wh: Count | None = None
    meter_wh: Count | None = None
    seconds: Count | None = None
    w_max: Float | None = None
    w_end: Float | None = None
    stop: StopReason | None = None
    charged_fen: Money | None = None
    refund_fen: Money | None = None
    cur: Word = "CNY"
    offline: bool = False


class CoinMessage(Message, frozen=True, kw_only=True):
    """Coins in, or the box emptied."""

    kind: CoinKind
    n: Count | None = None
    denom_fen: Money | None = None
    amount_fen: Money | None = None
    port: Int | None = None
    session: Word | int = ""
    by: Word = ""
    counted_fen: Money | None = None
    ctr: CounterPart | None = None
    box: BoxPart | None = None
    cur: Word = "CNY"


class DiskPart(Part, frozen=True, kw_only=True, gc=False):
    """The recorder's disk (``disk``)."""

    total_gb: Float | None = None
    used_gb: Float | None = None
    ok: bool | None = None
    oldest_t: Time | None = None
    newest_t: Time | None = None


class CameraChannel(Part, frozen=True, kw_only=True, gc=False):
    """One video channel (``ch``)."""

    n: PartNumber
    online: bool | None = None
    fps: Float | None = None
    fps_expected: Float | None = None
    frames: Count | None = None
    last_frame_t: Count | None = None
    kbps: Float | None = None
    reconn_1h: Int | None = None
    stalls_1h: Int | None = None
    recording: bool | None = None
    occluded: bool | None = None
    tampered: bool | None = None
    video_loss: bool | None = None
    luma_pct: Float | None = None
    motion: bool | None = None


class HeartbeatMessage(Message, frozen=True, kw_only=True):
    """A camera or recorder with its channels."""

    up_s: Float | None = None
    fw: Word = ""
    ch: Annotated[list[CameraChannel], Meta(max_length=MAX_PARTS)] = []
    disk: DiskPart | None = None
    clock_off_ms: Float | None = None
    temp_c: Float | None = None


class StateMessage(Message, frozen=True, kw_only=True):
    """Birth, farewell or will. A will is written at connect time: its ``t`` means nothing."""

    state: DeviceState
    reason: Line = ""


class InfoMessage(Message, frozen=True, kw_only=True):
    """What a device is and can. ``receipts`` asks for receipts (decisions.md)."""

    model: Word = ""
    fw: Word = ""
    hw: Word = ""
    caps: Annotated[list[Word], Meta(max_length=MAX_PARTS)] = []
    interval_s: Seconds | None = None
    receipts: bool = False


class AckMessage(Message, frozen=True, kw_only=True):
    """The answer to a command."""

    cmd_id: EvId
    result: AckResult = AckResult.DONE
    detail: Line = ""
