"""Messages as their bytes said them become readings: times, places, keys, SI units, flags."""

from collections.abc import Callable
from hashlib import blake2b
from typing import Any

import msgspec

from devices import payloads
from devices.clocks import FUTURE_MS, LATE_MS, judge_time
from devices.crs import Crs, to_wgs84
from devices.errors import WireError, WireReason
from devices.lenient import check
from devices.model import Profile, SpeedUnit
from devices.payloads import CounterPart, DiskPart, PosPart
from devices.readings import (
    AnyReading,
    CameraHeartbeat,
    ChargerSession,
    ChargerStatus,
    CoinReport,
    CommandAck,
    DeviceInfo,
    Event,
    Fix,
    StateReport,
)
from devices.units import KMH_PER_MPS
from devices.words import DeviceState, Flag

KMH_PER_KNOT = 1.852
"""Exactly, by definition of the nautical mile."""
MAX_ACC_M = 1e6
"""A claimed accuracy beyond this is no accuracy, metres; ours."""
MAX_KMH = 400.0
"""No road vehicle is faster; ours. What is merely unlikely is the detector's gate to judge."""
FULL_TURN_DEG = 360.0
_KMH_PER = {SpeedUnit.KNOTS: KMH_PER_KNOT, SpeedUnit.MPS: KMH_PER_MPS}
_CRS = {crs.value: crs for crs in Crs}
NO_SESSION = {"", "0", "-1"}
"""Session ids that stations send when they have none (field case A-19)."""
_KEPT_TIME = int(Flag.TIME_SCALED | Flag.WEEK_ROLLOVER | Flag.TIME_LEARNT)
"""The time as it was said is kept beside the one it became."""
_WGS84, _KMH, _NO_TIME = Crs.WGS84, SpeedUnit.KMH, int(Flag.NO_TIME)
_IMPLAUSIBLE = int(Flag.IMPLAUSIBLE)
_set = msgspec.structs.force_setattr
_dumps = msgspec.json.encode


class Spoken(msgspec.Struct, frozen=True):
    """Everything around a message that judging needs."""

    body: bytes
    recv_ms: int
    flags: int
    profile: Profile
    offset_ms: int
    ext: dict[str, Any]


def judge_fix(fix: Fix, boot: str, spoken: Spoken) -> Fix:
    """Judge a decoded fix in place; it is nobody else's yet."""
    said_t, recv_ms = fix.t, spoken.recv_ms
    flags, ext = spoken.flags, spoken.ext
    if said_t is None:
        t_ms = recv_ms
        flags |= _NO_TIME
    elif recv_ms - LATE_MS <= said_t <= recv_ms + FUTURE_MS and not spoken.offset_ms:
        t_ms = said_t  # as it should be
    else:
        t_ms, noted = judge_time(said_t, recv_ms, spoken.offset_ms)
        flags |= noted
    pos, profile = fix.pos, spoken.profile
    acc, speed, course = pos.acc_m, pos.spd_kmh, pos.cog
    if not (
        pos.lat  # neither unknown nor 0
        and pos.lon
        and pos.valid
        and pos.crs == "wgs84"
        and profile.crs is _WGS84
        and profile.speed_unit is _KMH
        and (acc is None or 0 <= acc <= MAX_ACC_M)
        and (speed is None or 0 <= speed <= MAX_KMH)
        and (course is None or 0 <= course <= FULL_TURN_DEG)
    ):
        pos, more, ext = judge_position(pos, profile, ext)
        flags |= more
        _set(fix, "pos", pos)
    pct, rssi = fix.bat.pct, fix.net.rssi_dbm
    if pct is not None and not 0 <= pct <= 100:  # noqa: PLR2004 - per cent
        flags |= _IMPLAUSIBLE
        _set(fix, "bat", msgspec.structs.replace(fix.bat, pct=None))
    if rssi is not None and not -200 <= rssi <= 50:  # noqa: PLR2004 - no radio does that
        flags |= _IMPLAUSIBLE
        _set(fix, "net", msgspec.structs.replace(fix.net, rssi_dbm=None))
    if boot is not fix.boot:
        _set(fix, "boot", boot)
    _set(fix, "t_ms", t_ms)
    if fix.seq is None or not boot:
        _set(fix, "key", _key(fix.seq, said_t, boot, spoken))
    if flags:
        _set(fix, "flags", flags)
        if flags & _KEPT_TIME:
            ext = {**ext, "t": said_t}
    if ext:
        _set(fix, "ext", _dumps(ext).decode())
    return fix


def judge_position(
    pos: PosPart, profile: Profile, ext: dict[str, Any]
) -> tuple[PosPart, int, dict[str, Any]]:
    """A position in WGS 84 and km/h, or none; its flags; what is kept of the original.

    Raises:
        WireError: ``type`` for a coordinate system that is not known.
    """
    flags = 0
    lat, lon, speed = pos.lat, pos.lon, pos.spd_kmh
    if speed is not None and profile.speed_unit in _KMH_PER:
        speed *= _KMH_PER[profile.speed_unit]
    crs = _CRS.get(pos.crs)
    if crs is None:
        raise WireError(WireReason.TYPE, f"crs {pos.crs[:32]!r} is not one of {[*_CRS]}")
    if crs is Crs.WGS84:
        crs = profile.crs
    if lat is None or lon is None or not pos.valid:
        lat = lon = None
        flags |= Flag.NO_FIX
    elif lat == 0 and lon == 0:
        lat = lon = None
        flags |= Flag.NULL_ISLAND
    elif crs is not Crs.WGS84:
        ext = {**ext, "pos": {"crs": crs.value, "lat": lat, "lon": lon}}
        lat, lon = to_wgs84(lat, lon, crs)
        flags |= Flag.CONVERTED
    said = (pos.acc_m, speed, pos.cog)
    limits = (MAX_ACC_M, MAX_KMH, FULL_TURN_DEG)
    kept = tuple(_within(value, limit) for value, limit in zip(said, limits, strict=True))
    if kept != said:
        flags |= Flag.IMPLAUSIBLE
    judged = msgspec.structs.replace(
        pos, lat=lat, lon=lon, acc_m=kept[0], spd_kmh=kept[1], cog=kept[2]
    )
    return judged, int(flags), ext


def _within(value: float | None, high: float) -> float | None:
    return value if value is not None and 0 <= value <= high else None


def _key(seq: int | None, said_t: int | None, boot: str, spoken: Spoken) -> int:
    """0 when (boot, seq) identifies the record, else a hash of all it says.

    Without number and time a repetition is a new record, not a duplicate: a tracker that says the
    same words every minute is alive.
    """
    if seq is not None:
        return 0 if boot else _hash(spoken.body)
    return _hash(spoken.body if said_t is not None else b"%d " % spoken.recv_ms + spoken.body)


def _hash(data: bytes) -> int:
    """63 bits that fit a signed column; never 0."""
    return int.from_bytes(blake2b(data, digest_size=8).digest()) >> 1 or 1


def _common(t: int | None, spoken: Spoken, ext: dict[str, Any] | None = None) -> dict[str, Any]:
    """Time, flags and kept keys, as arguments of a reading."""
    ext = spoken.ext if ext is None else ext
    if t is None:
        t_ms, flags = spoken.recv_ms, spoken.flags | int(Flag.NO_TIME)
    else:
        t_ms, flags = judge_time(t, spoken.recv_ms, spoken.offset_ms)
        flags |= spoken.flags
        if flags & _KEPT_TIME:
            ext = {**ext, "t": t}
    return {"t_ms": t_ms, "flags": int(flags), "ext": _dumps(ext).decode() if ext else ""}


def _numbered(message: payloads.Message, spoken: Spoken) -> dict[str, Any]:
    """The same with what counts and promises."""
    return _common(message.t, spoken) | {
        "boot": message.boot,
        "seq": message.seq,
        "key": _key(message.seq, message.t, message.boot, spoken),
        "next_s": message.next_s,
    }


def _event(message: payloads.EventMessage, spoken: Spoken) -> Event:
    pos, ext = message.pos or payloads.NOWHERE, spoken.ext
    more = 0
    if message.pos is not None:
        pos, more, ext = judge_position(pos, spoken.profile, ext)
    if message.raw is not None:
        check(message.raw, 2)  # the only part that typed decoding does not look into
    for name in ("raw", "dur_s", "count"):
        if (value := getattr(message, name)) is not None:
            ext = {**ext, name: value}
    common = _common(message.t, spoken, ext)
    common["flags"] |= more & int(Flag.CONVERTED | Flag.NULL_ISLAND)
    return Event(
        **common,
        key=_hash(f"event {message.ev_id}".encode()),
        next_s=message.next_s,
        ev_id=message.ev_id,
        type=message.type,
        on=message.on,
        level=message.lvl,
        lat_deg=pos.lat,
        lon_deg=pos.lon,
        port=message.port,
        channel=message.ch,
    )


def _status(message: payloads.StatusMessage, spoken: Spoken) -> ChargerStatus:
    ctr = message.ctr or CounterPart()
    return ChargerStatus(
        **_numbered(message, spoken),
        ports=tuple(message.ports),
        rssi_dbm=message.rssi_dbm,
        temp_c=message.temp_c,
        mains_v=message.mains_v,
        smoke=message.smoke,
        coins_total=ctr.coins_total,
        amount_total_fen=ctr.amount_total_fen,
        energy_total_wh=ctr.energy_total_wh,
        sessions_total=ctr.sessions_total,
    )


def _session_id(session: str | int) -> str:
    text = str(session).strip()
    return "" if text in NO_SESSION else text


def _session(message: payloads.SessionMessage, spoken: Spoken) -> ChargerSession:
    start_t_ms = None
    if message.start_t is not None:
        start_t_ms, _ = judge_time(message.start_t, spoken.recv_ms, spoken.offset_ms)
    return ChargerSession(
        **_numbered(message, spoken),
        kind=message.kind,
        session=_session_id(message.session),
        port=message.port,
        pay=message.pay,
        paid_fen=message.paid_fen,
        start_t_ms=start_t_ms,
        energy_wh=message.energy_wh,
        meter_wh=message.meter_wh,
        seconds=message.seconds,
        w_max=message.w_max,
        w_end=message.w_end,
        stop=message.stop,
        charged_fen=message.charged_fen,
        refund_fen=message.refund_fen,
        cur=message.cur,
        offline=message.offline,
    )


def _coin(message: payloads.CoinMessage, spoken: Spoken) -> CoinReport:
    ctr = message.ctr or CounterPart()
    return CoinReport(
        **_numbered(message, spoken),
        kind=message.kind,
        n=message.n,
        denom_fen=message.denom_fen,
        amount_fen=message.amount_fen,
        port=message.port,
        session=_session_id(message.session),
        by=message.by,
        counted_fen=message.counted_fen,
        coins_total=ctr.coins_total,
        amount_total_fen=ctr.amount_total_fen,
        box_coins=message.box.coins if message.box else None,
    )


def _heartbeat(message: payloads.HeartbeatMessage, spoken: Spoken) -> CameraHeartbeat:
    disk = message.disk or DiskPart()
    return CameraHeartbeat(
        **_numbered(message, spoken),
        channels=tuple(message.ch),
        disk_total_gb=disk.total_gb,
        disk_used_gb=disk.used_gb,
        clock_off_ms=message.clock_off_ms,
        temp_c=message.temp_c,
    )


def _state(message: payloads.StateMessage, spoken: Spoken) -> StateReport:
    said_t = message.t
    key = _key(None, said_t, "", spoken)
    if message.state is DeviceState.LOST:
        said_t = None  # a will's time is its connect time (wire.md); each one is a new one
        if not spoken.flags & Flag.RETAINED:
            key = _key(None, None, "", spoken)
    common = _common(said_t, spoken)
    if message.state is DeviceState.LOST:
        common["flags"] &= ~int(Flag.NO_TIME)
    return StateReport(
        **common,
        boot=message.boot,
        key=key,
        next_s=message.next_s,
        state=message.state,
        reason=message.reason[:64],
    )


def _info(message: payloads.InfoMessage, spoken: Spoken) -> DeviceInfo:
    return DeviceInfo(
        **_numbered(message, spoken),
        model=message.model,
        fw=message.fw,
        hw=message.hw,
        caps=tuple(message.caps),
        interval_s=message.interval_s,
        receipts=message.receipts,
    )


def _ack(message: payloads.AckMessage, spoken: Spoken) -> CommandAck:
    return CommandAck(
        **_numbered(message, spoken),
        cmd_id=message.cmd_id,
        result=message.result,
        detail=message.detail,
    )


JUDGES: dict[type[msgspec.Struct], Callable[[Any, Spoken], AnyReading]] = {
    Fix: lambda fix, spoken: judge_fix(fix, fix.boot, spoken),
    payloads.EventMessage: _event,
    payloads.StatusMessage: _status,
    payloads.SessionMessage: _session,
    payloads.CoinMessage: _coin,
    payloads.HeartbeatMessage: _heartbeat,
    payloads.StateMessage: _state,
    payloads.InfoMessage: _info,
    payloads.AckMessage: _ack,
}
"""How each message becomes its reading."""
