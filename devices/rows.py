"""Accepted records as rows of the telemetry store."""

from collections.abc import Callable
from typing import Any

import msgspec

from devices.admitted import Record
from devices.readings import (
    CameraHeartbeat,
    ChargerSession,
    ChargerStatus,
    CoinReport,
    CommandAck,
    DeviceInfo,
    Event,
    Fix,
    PortState,
    StateReport,
)
from devices.telemetry import Row

_BUSY = {PortState.CHARGING, PortState.FLOAT, PortState.FINISHING, PortState.OCCUPIED}
_SAID: dict[bool | None, int] = {None: 0, False: 1, True: 3}


def state_bits(fix: Fix) -> int:
    """Two bits per state of ``ignition motion armed ext_power charging``: known, true."""
    st, said = fix.st, _SAID
    return (
        said[st.ign]
        | said[st.motion] << 2
        | said[st.armed] << 4
        | said[st.ext_power] << 6
        | said[st.charging] << 8
    )


def to_row(record: Record) -> Row:
    """One record as one row, its fields in the column order of ``MEASUREMENTS``."""
    reading = record.reading
    measurement, older, newer = _MEASURED[type(reading)]
    seq = reading.key or reading.seq or 0
    fields = (*older(reading), reading.flags, reading.ext or None, *newer(reading))
    return Row(measurement, record.device.id, reading.t_ms, seq, fields)


_Fields = tuple[float | int | str | None, ...]


def _fix(fix: Fix) -> _Fields:
    return (
        fix.lat_deg,
        fix.lon_deg,
        fix.acc_m,
        fix.speed_mps,
        fix.course_deg,
        fix.sat,
        str(fix.source),
        fix.battery_pct,
        fix.ext_mv,
        _rounded(fix.rssi_dbm),
        state_bits(fix),
    )


def _event(event: Event) -> _Fields:
    return (
        str(event.type),
        event.ev_id,
        int(event.on),
        event.level,
        event.lat_deg,
        event.lon_deg,
    )


def _charger(status: ChargerStatus) -> _Fields:
    states = [port.state for port in status.ports]
    ports = [(p.n, str(p.state), p.w, p.session, p.err) for p in status.ports]
    return (
        _rounded(status.rssi_dbm),
        status.temp_c,
        status.mains_v,
        status.coins_total,
        status.amount_total_fen,
        status.energy_total_wh,
        sum(state in _BUSY for state in states),
        states.count(PortState.FAULTED),
        msgspec.json.encode(ports).decode(),
    )


def _charger_newer(status: ChargerStatus) -> _Fields:
    door = None if status.door_open is None else int(status.door_open)
    return status.sessions_total, door, status.box_coins, status.box_amount_fen


def _camera_newer(heartbeat: CameraHeartbeat) -> _Fields:
    disk_ok = None if heartbeat.disk_ok is None else int(heartbeat.disk_ok)
    return heartbeat.up_s, heartbeat.fw or None, disk_ok, heartbeat.oldest_t_ms


def _camera(heartbeat: CameraHeartbeat) -> _Fields:
    channels = heartbeat.channels
    fps = [channel.fps for channel in channels if channel.fps is not None]
    kbps = [channel.kbps for channel in channels if channel.kbps is not None]
    return (
        min(fps) if fps else None,
        sum(channel.frames or 0 for channel in channels),
        round(sum(kbps)),
        sum(channel.online is True for channel in channels),
        sum(channel.recording is True for channel in channels),
        heartbeat.disk_used_gb,
        _rounded(heartbeat.clock_off_ms),
        heartbeat.temp_c,
    )


def _session(session: ChargerSession) -> _Fields:
    return (
        str(session.kind),
        session.session,
        session.port,
        session.pay and str(session.pay),
        session.paid_fen,
        session.start_t_ms,
        session.energy_wh,
        session.meter_wh,
        session.seconds,
        session.w_max,
        session.w_end,
        session.stop and str(session.stop),
        session.charged_fen,
        session.refund_fen,
        session.cur,
        int(session.offline),
    )


def _coin(coin: CoinReport) -> _Fields:
    return (
        str(coin.kind),
        coin.n,
        coin.denom_fen,
        coin.amount_fen,
        coin.port,
        coin.session,
        coin.by,
        coin.counted_fen,
        coin.coins_total,
        coin.amount_total_fen,
        coin.box_coins,
    )


def _info(info: DeviceInfo) -> _Fields:
    caps = " ".join(info.caps)
    return info.model, info.fw, info.hw, caps, info.interval_s, int(info.receipts)


def _rounded(value: float | None) -> int | None:
    return None if value is None else round(value)


_MEASURED: dict[type, tuple[str, Callable[[Any], _Fields], Callable[[Any], _Fields]]] = {
    Fix: ("fix", _fix, lambda _: ()),
    Event: ("event", _event, lambda event: (event.port, event.channel)),
    ChargerStatus: ("charger", _charger, _charger_newer),
    ChargerSession: ("session", _session, lambda _: ()),
    CoinReport: ("coin", _coin, lambda _: ()),
    CameraHeartbeat: ("camera", _camera, _camera_newer),
    StateReport: ("state", lambda said: (str(said.state), said.reason), lambda _: ()),
    DeviceInfo: ("info", _info, lambda _: ()),
    CommandAck: ("ack", lambda ack: (ack.cmd_id, str(ack.result), ack.detail), lambda _: ()),
}
"""Measurement of each reading, its fields before ``flags ext``, and those after."""
