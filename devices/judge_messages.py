"""Every message but a fix becomes its reading: times, keys, SI units, flags."""

from collections.abc import Callable
from typing import Any

import msgspec

from devices import payloads
from devices.clocks import judge_time
from devices.judge import KEPT_TIME, Spoken, hash_of, judge_fix, judge_position, kept, key_of
from devices.payloads import BoxPart, CounterPart, DiskPart
from devices.plain_objects import check
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
from devices.units import time_ms
from devices.words import DeviceState, Flag

NO_SESSION = {"", "0", "-1"}
"""Session ids that stations send when they have none (field case A-19)."""


def _common(t: int | None, spoken: Spoken, ext: dict[str, Any] | None = None) -> dict[str, Any]:
    """Time, flags and kept keys, as arguments of a reading."""
    ext = spoken.ext if ext is None else ext
    if t is None:
        t_ms, flags = spoken.recv_ms, spoken.flags | int(Flag.NO_TIME)
    else:
        t_ms, flags = judge_time(t, spoken.recv_ms, spoken.offset_ms)
        flags |= spoken.flags
        if flags & KEPT_TIME:
            ext = {**ext, "t": t}
    return {
        "t_ms": t_ms,
        "flags": int(flags),
        "ext": kept(ext),
    }


def _numbered(message: payloads.Message, spoken: Spoken) -> dict[str, Any]:
    """The same with what counts and promises."""
    return _common(message.t, spoken) | {
        "boot": message.boot,
        "seq": message.seq,
        "key": key_of(message.seq, message.t, message.boot, spoken),
        "next_s": message.next_s,
    }


def _event(message: payloads.EventMessage, spoken: Spoken) -> Event:
    pos, ext = message.pos or payloads.NOWHERE, spoken.ext
    more = 0
    if message.pos is not None:
        pos, more, ext = judge_position(pos, spoken, ext)
    if message.raw is not None:
        check(message.raw, 2)  # the only part that typed decoding does not look into
    for name in ("raw", "dur_s", "count"):
        if (value := getattr(message, name)) is not None:
            ext = {**ext, name: value}
    if message.st is not None:
        ext = {**ext, "st": _without_none(message.st)}
    common = _common(message.t, spoken, ext)
    common["flags"] |= more & int(Flag.CONVERTED | Flag.NULL_ISLAND)
    return Event(
        **common,
        boot=message.boot,
        seq=message.seq,
        key=0 if message.seq is not None else hash_of(f"event {message.ev_id}".encode()),
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


def _without_none(part: msgspec.Struct) -> dict[str, Any]:
    return {
        name: value for name, value in msgspec.structs.asdict(part).items() if value is not None
    }


def _status(message: payloads.StatusMessage, spoken: Spoken) -> ChargerStatus:
    ctr, box = message.ctr or CounterPart(), message.box or BoxPart()
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
        door_open=message.door_open,
        box_coins=box.coins,
        box_amount_fen=box.amount_fen,
        box_cap_coins=box.cap_coins,
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
        up_s=message.up_s,
        fw=message.fw,
        disk_ok=disk.ok,
        oldest_t_ms=None if disk.oldest_t is None else time_ms(disk.oldest_t)[0],
        newest_t_ms=None if disk.newest_t is None else time_ms(disk.newest_t)[0],
    )


def _state(message: payloads.StateMessage, spoken: Spoken) -> StateReport:
    said_t = message.t
    key = key_of(None, said_t, "", spoken)
    if message.state is DeviceState.LOST:
        said_t = None  # a will's time is its connect time (wire.md); each one is a new one
        if not spoken.flags & Flag.RETAINED:
            key = key_of(None, None, "", spoken)
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
