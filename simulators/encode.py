"""The simulators' own encoder: payloads of docs/wire.md as values, values as JSON bytes.

Written from the page, not from the platform's decoder, so that the two check each other. The
attributes are the page's keys. Unknown is ``UNSET`` and left out, never 0.
"""

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

_ENCODER = msgspec.json.Encoder()
COORDINATE_DIGITS = 7
"""Decimals of a degree that are sent: 1 cm of latitude, finer than any receiver."""


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """The serving cell: country, network, area and cell code."""

    mcc: int
    mnc: int
    lac: int
    cid: int


class Network(msgspec.Struct, frozen=True, kw_only=True):
    """The radio: technology, signal and cell."""

    rat: str
    rssi_dbm: int
    cell: Cell | UnsetType = UNSET


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """Where a tracker believes it is.

    Attributes:
        lat: Degrees, WGS 84. Text where the text of a real file is passed on as it stands.
        valid: False = no fix, still a heartbeat.
        acc_m: The receiver's own estimate of its error, metres.
        cog: Course over ground, degrees clockwise from north, [0, 360).
        fix_t: With ``src`` "last": when the old position was taken, ms UTC.
    """

    lat: float | str | UnsetType = UNSET
    lon: float | str | UnsetType = UNSET
    crs: Literal["wgs84", "gcj02", "bd09"] | UnsetType = UNSET
    src: Literal["gnss", "cell", "wifi", "last", "manual"]
    valid: bool
    acc_m: float | UnsetType = UNSET
    hdop: float | UnsetType = UNSET
    sat: int | UnsetType = UNSET
    alt_m: float | UnsetType = UNSET
    spd_kmh: float | UnsetType = UNSET
    cog: float | UnsetType = UNSET
    fix_t: int | UnsetType = UNSET


class VehicleState(msgspec.Struct, frozen=True, kw_only=True):
    """The switches a tracker sees; ``armed`` is what the tracker believes of itself."""

    ign: bool | UnsetType = UNSET
    motion: bool | UnsetType = UNSET
    armed: bool | UnsetType = UNSET
    ext_power: bool | UnsetType = UNSET
    charging: bool | UnsetType = UNSET
    mode: str | UnsetType = UNSET


class Battery(msgspec.Struct, frozen=True, kw_only=True):
    """The tracker's own cell (percent, millivolts) and the vehicle's battery (millivolts)."""

    pct: int
    mv: int
    ext_mv: int | UnsetType = UNSET


class Fix(msgspec.Struct, frozen=True, kw_only=True):
    """``up/trk/{id}/fix``: one position report. ``next_s`` promises the next one."""

    v: int = 1
    id: str
    boot: str
    seq: int
    t: int
    pos: Position
    st: VehicleState | UnsetType = UNSET
    bat: Battery | UnsetType = UNSET
    net: Network | UnsetType = UNSET
    next_s: float | UnsetType = UNSET


class BatchedFix(msgspec.Struct, frozen=True, kw_only=True):
    """One element of a batch."""

    seq: int
    t: int
    pos: Position
    st: VehicleState | UnsetType = UNSET


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """``up/trk/{id}/batch``: 1-200 fixes of one boot."""

    v: int = 1
    id: str
    boot: str
    backfill: bool
    order: Literal["asc"] = "asc"
    fixes: list[BatchedFix]


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """``up/{class}/{id}/event``: something happened.

    Attributes:
        boot, seq: With the id the key against doubles, as those of a fix.
        ev_id: Unique per device; the key of an event without a number.
        lvl: Strength as the device grades it, 1-3.
        dur_s: How long it lasted, seconds.
        raw: What a gateway got from the original protocol.
    """

    v: int = 1
    id: str
    boot: str | UnsetType = UNSET
    seq: int | UnsetType = UNSET
    ev_id: str
    t: int
    type: str
    on: bool | UnsetType = UNSET
    lvl: int | UnsetType = UNSET
    dur_s: float | UnsetType = UNSET
    count: int | UnsetType = UNSET
    pos: Position | UnsetType = UNSET
    st: VehicleState | UnsetType = UNSET
    raw: dict[str, int | str] | UnsetType = UNSET


class CoinBox(msgspec.Struct, frozen=True, kw_only=True):
    """What lies in the cash box now."""

    coins: int
    amount_fen: int | UnsetType = UNSET
    cap_coins: int | UnsetType = UNSET


class Counters(msgspec.Struct, frozen=True, kw_only=True):
    """Cumulative counters; they never fall within one boot."""

    coins_total: int
    amount_total_fen: int
    energy_total_wh: int | UnsetType = UNSET
    sessions_total: int | UnsetType = UNSET


class Port(msgspec.Struct, frozen=True, kw_only=True):
    """One outlet: number from 1, state, session, watts, milliamperes, Wh, deg C, seconds."""

    n: int
    state: str
    session: str | UnsetType = UNSET
    err: str | UnsetType = UNSET
    vendor_err: str | UnsetType = UNSET
    w: int | UnsetType = UNSET
    ma: int | UnsetType = UNSET
    wh: int | UnsetType = UNSET
    temp_c: int | UnsetType = UNSET
    s: int | UnsetType = UNSET


class ChargerStatus(msgspec.Struct, frozen=True, kw_only=True):
    """``up/chg/{id}/status``: the station and all its ports; also its heartbeat."""

    v: int = 1
    id: str
    boot: str
    seq: int
    t: int
    rssi_dbm: int
    temp_c: int
    mains_v: float
    door_open: bool
    smoke: bool
    box: CoinBox
    ctr: Counters
    ports: list[Port]
    next_s: float


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """``up/chg/{id}/session``: a charge starts, goes on or stops. Money in fen, energy in Wh."""

    v: int = 1
    id: str
    t: int
    kind: Literal["start", "update", "stop"]
    session: str
    port: int
    pay: Literal["coin", "card", "qr", "free", "admin"]
    paid_fen: int
    start_t: int
    energy_wh: int | UnsetType = UNSET
    seconds: int | UnsetType = UNSET
    w_max: int | UnsetType = UNSET
    w_end: int | UnsetType = UNSET
    stop: str | UnsetType = UNSET
    charged_fen: int | UnsetType = UNSET
    refund_fen: int | UnsetType = UNSET
    cur: str = "CNY"
    offline: bool | UnsetType = UNSET


class Coin(msgspec.Struct, frozen=True, kw_only=True):
    """``up/chg/{id}/coin``: coins taken, refused or collected, with the counters after it."""

    v: int = 1
    id: str
    t: int
    kind: Literal["insert", "reject", "jam", "box_open", "collect"]
    n: int | UnsetType = UNSET
    denom_fen: int | UnsetType = UNSET
    amount_fen: int | UnsetType = UNSET
    port: int | UnsetType = UNSET
    session: str | UnsetType = UNSET
    by: str | UnsetType = UNSET
    counted_fen: int | UnsetType = UNSET
    ctr: Counters
    box: CoinBox


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """One picture source of a camera; ``frames`` counts since it was switched on."""

    n: int
    online: bool
    fps: float
    fps_expected: int
    frames: int
    last_frame_t: int
    kbps: int
    reconn_1h: int
    stalls_1h: int
    recording: bool
    occluded: bool
    tampered: bool
    video_loss: bool


class Disk(msgspec.Struct, frozen=True, kw_only=True):
    """The recorder's disk, decimal gigabytes; ``oldest_t`` is its oldest picture, ms UTC."""

    total_gb: int
    used_gb: int
    ok: bool
    oldest_t: int


class CameraHeartbeat(msgspec.Struct, frozen=True, kw_only=True):
    """``up/cam/{id}/hb``."""

    v: int = 1
    id: str
    t: int
    up_s: int
    fw: str
    ch: list[Channel]
    disk: Disk
    clock_off_ms: int
    temp_c: int
    next_s: float


class State(msgspec.Struct, frozen=True, kw_only=True):
    """``up/{class}/{id}/state``: birth, clean end or, as the will, death. Retained."""

    v: int = 1
    id: str
    state: Literal["online", "sleeping", "disconnected", "lost"]
    t: int
    boot: str
    reason: str
    next_s: float | UnsetType = UNSET


Payload = Fix | Batch | Event | ChargerStatus | Session | Coin | CameraHeartbeat | State


def encode(payload: Payload) -> bytes:
    """Encode one payload as UTF-8 JSON, keys in the order of docs/wire.md, unknown left out."""
    return _ENCODER.encode(payload)
