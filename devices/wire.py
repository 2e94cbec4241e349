"""Bytes to readings, or one named error. Nothing but ``WireError`` escapes ``decode``.

Sans I/O: the caller brings the topic, the bytes and the receive time. The identity is the
topic's; a payload ``id`` must agree. One bad element of a batch never costs the others.
"""

import re
from hashlib import blake2b
from typing import NamedTuple, NoReturn, TypeVar

import msgspec

from devices.errors import WireError, WireReason
from devices.model import DeviceClass
from devices.payloads import (
    BatchMessage,
    BatteryPart,
    Common,
    CounterPart,
    DiskPart,
    EventMessage,
    FixMessage,
    HeartbeatMessage,
    PosPart,
    StateMessage,
    StatePart,
    StatusMessage,
    VersionPart,
)
from devices.readings import (
    AnyReading,
    CameraHeartbeat,
    ChargerStatus,
    DeviceState,
    Event,
    Fix,
    Flag,
    StateReport,
)
from devices.topics import RETAINED_OK, Topic
from devices.units import KMH_PER_MPS, time_ms

MAX_PAYLOAD_BYTES = 65_536
"""Most bytes of one message. Source: decisions.md 13."""
MAX_BATCH = 200
"""Most fixes of one batch. Source: wire.md, Topics."""
FUTURE_MS = 120_000
"""Ahead of the receive time by more: ``FUTURE``. Source: decisions.md 12."""
LATE_MS = 600_000
"""Older than this: the history lane, ``LATE``. Source: decisions.md 12."""

_fix = msgspec.json.Decoder(FixMessage)
_batch = msgspec.json.Decoder(BatchMessage)
_event = msgspec.json.Decoder(EventMessage)
_status = msgspec.json.Decoder(StatusMessage)
_heartbeat = msgspec.json.Decoder(HeartbeatMessage)
_state = msgspec.json.Decoder(StateMessage)
_version = msgspec.json.Decoder(VersionPart)


_BARE_WORD = re.compile(rb'("(?:[^"\\]|\\.)*+\\?(?:"|\Z))|-?\b(?:NaN|Infinity)\b', re.DOTALL)
"""A text (kept; one without end reaches to the end), or a number that is not finite."""


class Refused(NamedTuple):
    """One refused item of a message; ``item`` is its index, -1 the whole message."""

    item: int
    reason: WireReason
    detail: str
    payload: bytes


class Decoded(NamedTuple):
    """What a message holds: its good readings in order, and what was refused of it."""

    readings: list[AnyReading]
    refused: list[Refused]


def decode(topic: Topic, payload: bytes, *, recv_ms: int, retained: bool = False) -> Decoded:
    """Decode one message.

    Args:
        topic: Identity and channel.
        payload: Raw bytes as received.
        recv_ms: Receive time, ms UTC: judges FUTURE and LATE, stands in for a missing time.
        retained: Delivered as retained; only state channels may be.

    Raises:
        WireError: The whole message is refused; its reason says why. Nothing else escapes.
    """
    if retained and topic.channel not in RETAINED_OK:
        raise WireError(WireReason.RETAINED, f"{topic.channel} may not be retained")
    payload = payload.removeprefix(b"\xef\xbb\xbf")  # a byte order mark is accepted
    _check_bytes(payload)
    flags = int(Flag.RETAINED) if retained else 0
    channel = topic.channel
    if channel == "fix":
        fix = _parse(_fix, payload, topic)
        return Decoded([_to_fix(fix, fix.boot, payload, recv_ms, flags)], [])
    if channel == "batch":
        return _decode_batch(topic, payload, recv_ms)
    if channel == "event":
        return Decoded([_decode_event(topic, payload, recv_ms, flags)], [])
    if channel == "status" and topic.cls is DeviceClass.CHARGER:
        return Decoded([_decode_status(topic, payload, recv_ms, flags)], [])
    if channel == "hb":
        return Decoded([_decode_heartbeat(topic, payload, recv_ms, flags)], [])
    if channel == "state":
        return Decoded([_decode_state(topic, payload, recv_ms, flags)], [])
    raise WireError(WireReason.CHANNEL, f"{channel} is not decoded by this version; kept")


def _check_bytes(payload: bytes) -> None:
    if not payload.strip():
        raise WireError(WireReason.EMPTY, "no payload")
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise WireError(WireReason.SIZE, f"{len(payload)} bytes, at most {MAX_PAYLOAD_BYTES}")
    if payload[:2] in {b"\x1f\x8b", b"\x78\x9c", b"\x78\x01", b"\x78\xda"}:
        raise WireError(WireReason.ENCODING, "compressed payloads are not taken yet; kept")
    try:
        payload.decode()
    except UnicodeDecodeError as exc:
        raise WireError(WireReason.UTF8, f"byte {exc.start} is not UTF-8") from exc


_Message = TypeVar("_Message", bound=Common | BatchMessage)


def _parse(decoder: msgspec.json.Decoder[_Message], payload: bytes, topic: Topic) -> _Message:
    try:
        message = decoder.decode(payload)
    except msgspec.ValidationError as exc:
        if _version_of(payload) != 1:
            raise WireError(WireReason.VERSION, "schema version is not 1") from exc
        _refuse(exc)
    except msgspec.DecodeError as exc:
        _refuse_syntax(exc, payload)
    except RecursionError as exc:
        raise WireError(WireReason.DEPTH, "nested too deep") from exc
    if message.v != 1:
        raise WireError(WireReason.VERSION, f"schema version {message.v} is not 1")
    if message.id is not None and message.id != topic.device_id:
        raise WireError(WireReason.ID, "the payload names another device than the topic")
    return message


def _version_of(payload: bytes) -> int:
    try:
        return _version.decode(payload).v
    except (msgspec.DecodeError, RecursionError):
        return 1


def _refuse(exc: msgspec.ValidationError) -> NoReturn:
    """Name the reason of a well-formed message with a wrong value."""
    text = str(exc)
    if text.endswith("`$.t`"):
        raise WireError(WireReason.TIME, text) from exc
    if text.startswith("Number out of range"):
        raise WireError(WireReason.NUMBER, text) from exc
    if text.startswith("Expected `object`, got"):
        raise WireError(WireReason.SHAPE, text) from exc
    if "<" in text or ">" in text or "length" in text or "matching" in text:
        raise WireError(WireReason.RANGE, text) from exc
    if text.startswith(("Expected `float", "Expected `int")) and "got `str`" in text:
        raise WireError(WireReason.NUMBER, text) from exc
    raise WireError(WireReason.TYPE, text) from exc


def _refuse_syntax(exc: msgspec.DecodeError, payload: bytes) -> NoReturn:
    text = str(exc)
    if "out of range" in text or b"NaN" in payload or b"Infinity" in payload:
        raise WireError(WireReason.NUMBER, "a number that is not finite") from exc
    if "surrogate" in text or "utf" in text.lower():
        raise WireError(WireReason.UTF8, text) from exc
    raise WireError(WireReason.JSON, text) from exc


def _time(value: int | None, recv_ms: int, flags: int) -> tuple[int, int]:
    """Time of a record in ms UTC and its flags (decisions.md 12)."""
    if value is None:
        return recv_ms, flags | Flag.NO_TIME
    t_ms, scaled = time_ms(value)
    if scaled:
        flags |= Flag.TIME_SCALED
    ahead_ms = t_ms - recv_ms
    if ahead_ms > FUTURE_MS:
        flags |= Flag.FUTURE
    elif ahead_ms < -LATE_MS:
        flags |= Flag.LATE
    return t_ms, flags


def _key(message: Common, boot: str, payload: bytes, recv_ms: int) -> int:
    """0 when (boot, seq) identifies the record, else a hash of all it says.

    Without number and time a repetition is a new record, not a duplicate: a tracker that says the
    same words every minute is alive.
    """
    if message.seq is not None:
        return 0 if boot else _hash(payload)
    return _hash(payload if message.t is not None else b"%d " % recv_ms + payload)


def _hash(data: bytes) -> int:
    """63 bits that fit a signed column; never 0."""
    return int.from_bytes(blake2b(data, digest_size=8).digest()) >> 1 or 1


def _within(value: float | None, low: float, high: float) -> bool:
    return value is None or low <= value <= high


def _to_fix(message: FixMessage, boot: str, payload: bytes, recv_ms: int, flags: int) -> Fix:
    t_ms, flags = _time(message.t, recv_ms, flags)
    pos = message.pos or PosPart(valid=False)
    if pos.crs != "wgs84":
        raise WireError(WireReason.TYPE, "crs other than wgs84 is not taken yet; kept")
    lat, lon = pos.lat, pos.lon
    if not pos.valid or lat is None or lon is None:
        lat = lon = None
        flags |= Flag.NO_FIX
    elif lat == 0 and lon == 0:
        lat = lon = None
        flags |= Flag.NULL_ISLAND
    acc, speed, course, hdop = pos.acc_m, pos.spd_kmh, pos.cog, pos.hdop
    if not (_within(acc, 0, 1e6) and _within(speed, 0, 400) and _within(course, 0, 360)):
        flags |= Flag.IMPLAUSIBLE
        acc = acc if _within(acc, 0, 1e6) else None
        speed = speed if _within(speed, 0, 400) else None
        course = course if _within(course, 0, 360) else None
    st = message.st or StatePart()
    bat = message.bat or BatteryPart()
    pct = bat.pct
    if not _within(pct, 0, 100):
        flags |= Flag.IMPLAUSIBLE
        pct = None
    rssi = message.net.rssi_dbm if message.net else None
    if not _within(rssi, -200, 50):
        flags |= Flag.IMPLAUSIBLE
        rssi = None
    return Fix(
        t_ms=t_ms,
        boot=boot,
        seq=message.seq,
        key=_key(message, boot, payload, recv_ms),
        flags=flags,
        next_s=message.next_s,
        lat_deg=lat,
        lon_deg=lon,
        source=pos.src,
        acc_m=acc,
        hdop=hdop,
        sat=pos.sat,
        alt_m=pos.alt_m,
        speed_mps=None if speed is None else speed / KMH_PER_MPS,
        course_deg=course,
        ignition=st.ign,
        motion=st.motion,
        armed=st.armed,
        ext_power=st.ext_power,
        charging=st.charging,
        battery_pct=pct,
        ext_mv=bat.ext_mv,
        rssi_dbm=rssi,
    )


def _decode_batch(topic: Topic, payload: bytes, recv_ms: int) -> Decoded:
    if b"NaN" in payload or b"Infinity" in payload:  # no JSON: would cost the whole batch
        payload = _BARE_WORD.sub(lambda found: found[1] or b"1e999", payload)
    batch = _parse(_batch, payload, topic)
    if not 1 <= len(batch.fixes) <= MAX_BATCH:
        raise WireError(WireReason.SIZE, f"{len(batch.fixes)} fixes, 1 to {MAX_BATCH} are taken")
    flags = int(Flag.BACKFILL) if batch.backfill else 0
    decoded = Decoded([], [])
    for index, raw in enumerate(batch.fixes):
        item = bytes(raw)
        try:
            fix = _parse(_fix, item, topic)
            reading = _to_fix(fix, fix.boot or batch.boot, item, recv_ms, flags)
        except WireError as exc:
            decoded.refused.append(Refused(index, exc.reason, exc.detail, item))
        else:
            decoded.readings.append(reading)
    return decoded


def _decode_event(topic: Topic, payload: bytes, recv_ms: int, flags: int) -> Event:
    message = _parse(_event, payload, topic)
    t_ms, flags = _time(message.t, recv_ms, flags)
    pos = message.pos
    lat, lon = (pos.lat, pos.lon) if pos and pos.valid and pos.crs == "wgs84" else (None, None)
    if lat is None or lon is None or (lat == 0 and lon == 0):
        lat = lon = None
    return Event(
        t_ms=t_ms,
        key=_hash(f"event {message.ev_id}".encode()),
        flags=flags,
        next_s=message.next_s,
        ev_id=message.ev_id,
        type=message.type,
        on=message.on,
        level=message.lvl,
        lat_deg=lat,
        lon_deg=lon,
    )


def _decode_status(topic: Topic, payload: bytes, recv_ms: int, flags: int) -> ChargerStatus:
    message = _parse(_status, payload, topic)
    t_ms, flags = _time(message.t, recv_ms, flags)
    ctr = message.ctr or CounterPart()
    return ChargerStatus(
        t_ms=t_ms,
        boot=message.boot,
        seq=message.seq,
        key=_key(message, message.boot, payload, recv_ms),
        flags=flags,
        next_s=message.next_s,
        ports=tuple(message.ports),
        rssi_dbm=message.rssi_dbm,
        temp_c=message.temp_c,
        mains_v=message.mains_v,
        smoke=message.smoke,
        coins_total=ctr.coins_total,
        amount_total_fen=ctr.amount_total_fen,
        energy_total_wh=ctr.energy_total_wh,
    )


def _decode_heartbeat(topic: Topic, payload: bytes, recv_ms: int, flags: int) -> CameraHeartbeat:
    message = _parse(_heartbeat, payload, topic)
    t_ms, flags = _time(message.t, recv_ms, flags)
    disk = message.disk or DiskPart()
    return CameraHeartbeat(
        t_ms=t_ms,
        boot=message.boot,
        seq=message.seq,
        key=_key(message, message.boot, payload, recv_ms),
        flags=flags,
        next_s=message.next_s,
        channels=tuple(message.ch),
        disk_total_gb=disk.total_gb,
        disk_used_gb=disk.used_gb,
        clock_off_ms=message.clock_off_ms,
        temp_c=message.temp_c,
    )


def _decode_state(topic: Topic, payload: bytes, recv_ms: int, flags: int) -> StateReport:
    message = _parse(_state, payload, topic)
    if message.state is DeviceState.LOST:  # a will's time is its connect time (wire.md)
        t_ms = recv_ms
    else:
        t_ms, flags = _time(message.t, recv_ms, flags)
    return StateReport(
        t_ms=t_ms,
        boot=message.boot,
        seq=None,
        key=_key(message, "", payload, recv_ms),
        flags=flags,
        next_s=message.next_s,
        state=message.state,
        reason=message.reason[:64],
    )
