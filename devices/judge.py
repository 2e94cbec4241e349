"""Messages as their bytes said them become readings: times, places, keys, SI units, flags."""

from hashlib import blake2b
from typing import Any

import msgspec

from devices.clocks import judge_time
from devices.crs import Crs, to_wgs84
from devices.errors import WireError
from devices.model import Profile, SpeedUnit
from devices.payloads import PosPart
from devices.readings import (
    Fix,
)
from devices.units import KMH_PER_MPS
from devices.words import Flag

KMH_PER_KNOT = 1.852
"""Exactly, by definition of the nautical mile."""
UNKNOWN_16_BIT = 65_535
"""Sixteen ones, how many protocols say that they do not know; -1 is the same with a sign."""
MAX_ACC_M = UNKNOWN_16_BIT - 1.0
"""A claimed accuracy beyond this is no accuracy, metres."""
MAX_HDOP = 99.9
"""Receivers say 99.9 or 99.99 where they have no geometry."""
MAX_SAT = 254
"""255 is eight ones: unknown."""
MAX_RSSI_DBM = -10.0
"""No modem receives more; -1, 0 and 99 are how they say that they do not know, dBm."""
MIN_RSSI_DBM = -200.0
MAX_KMH = 400.0
"""No road vehicle is faster; ours. What is merely unlikely is the detector's gate to judge."""
FULL_TURN_DEG = 360.0
FULL_PCT = 100.0
_KMH_PER = {SpeedUnit.KNOTS: KMH_PER_KNOT, SpeedUnit.MPS: KMH_PER_MPS}
KEPT_TIME = int(Flag.TIME_SCALED | Flag.WEEK_ROLLOVER | Flag.TIME_LEARNT)
"""The time as it was said is kept beside the one it became."""
_WGS84, _KMH, _NO_TIME = Crs.WGS84, SpeedUnit.KMH, int(Flag.NO_TIME)
_IMPLAUSIBLE = int(Flag.IMPLAUSIBLE)
_set = msgspec.structs.force_setattr
_sorted = msgspec.json.Encoder(order="sorted")


class Spoken(msgspec.Struct, frozen=True):
    """Everything around a message that judging needs."""

    body: bytes
    recv_ms: int
    flags: int
    profile: Profile
    offset_ms: int
    ext: dict[str, Any]


def judge_fix(fix: Fix, boot: str, spoken: Spoken) -> Fix:
    """Judge a decoded fix in place; it is nobody else's yet.

    Raises:
        WireError: ``time`` or ``type``, with the number of the record.
    """
    try:
        return _judge_fix(fix, boot, spoken)
    except WireError as exc:
        exc.number = None if fix.seq is None else (boot, fix.seq)
        raise


def _judge_fix(fix: Fix, boot: str, spoken: Spoken) -> Fix:
    said_t, recv_ms, profile = fix.t, spoken.recv_ms, spoken.profile
    flags, ext = spoken.flags, spoken.ext
    if said_t is None:
        t_ms = recv_ms
        flags |= _NO_TIME
    else:
        t_ms, noted = judge_time(said_t, recv_ms, spoken.offset_ms)
        flags |= noted
    if not (profile.crs is _WGS84 and profile.speed_unit is _KMH and is_plausible(fix)):
        pos, more, ext = judge_position(fix.pos, spoken, ext)
        _set(fix, "pos", pos)
        flags |= more | _judge_vitals(fix)
    if boot is not fix.boot:
        _set(fix, "boot", boot)
    _set(fix, "t_ms", t_ms)
    if fix.seq is None or not boot:
        _set(fix, "key", key_of(fix.seq, said_t, boot, spoken))
    if flags:
        _set(fix, "flags", flags)
        if flags & KEPT_TIME:
            ext = {**ext, "t": said_t}
    if ext:
        _set(fix, "ext", kept(ext))
    return fix


def is_plausible(fix: Fix) -> bool:
    """Whether nothing of a fix has to be changed: a place of its own time, measures that can be.

    65,535 mV is a voltage: packs of 60 V have more. Bounds have the type of what they bound, which
    halves the cost of comparing.
    """
    pos, bat = fix.pos, fix.bat
    if not pos.lat or not pos.lon:
        return False  # unknown, or 0
    return (
        pos.valid
        and pos.crs is _WGS84
        and pos.fix_t is None
        and ((acc := pos.acc_m) is None or 0.0 <= acc <= MAX_ACC_M)
        and ((hdop := pos.hdop) is None or 0.0 <= hdop <= MAX_HDOP)
        and ((sat := pos.sat) is None or 0 <= sat <= MAX_SAT)
        and ((speed := pos.spd_kmh) is None or 0.0 <= speed <= MAX_KMH)
        and ((course := pos.cog) is None or 0.0 <= course <= FULL_TURN_DEG)
        and ((pct := bat.pct) is None or 0.0 <= pct <= FULL_PCT)
        and ((mv := bat.mv) is None or mv >= 0)
        and ((ext_mv := bat.ext_mv) is None or ext_mv >= 0)
        and ((rssi := fix.net.rssi_dbm) is None or MIN_RSSI_DBM <= rssi <= MAX_RSSI_DBM)
    )


def _judge_vitals(fix: Fix) -> int:
    """What is no charge, voltage or signal becomes unknown; the flags of it."""
    bat, rssi, flags = fix.bat, fix.net.rssi_dbm, 0
    pct = bat.pct if bat.pct is not None and 0 <= bat.pct <= FULL_PCT else None
    mv, ext_mv = (
        volts if volts is not None and volts >= 0 else None for volts in (bat.mv, bat.ext_mv)
    )
    judged = msgspec.structs.replace(bat, pct=pct, mv=mv, ext_mv=ext_mv)
    if judged != bat:
        _set(fix, "bat", judged)
        flags = _IMPLAUSIBLE
    if rssi is not None and not MIN_RSSI_DBM <= rssi <= MAX_RSSI_DBM:
        _set(fix, "net", msgspec.structs.replace(fix.net, rssi_dbm=None))
        flags = _IMPLAUSIBLE
    return flags


def judge_position(
    pos: PosPart, spoken: Spoken, ext: dict[str, Any]
) -> tuple[PosPart, int, dict[str, Any]]:
    """A position in WGS 84 and km/h, or none; its flags; what is kept of the original.

    Raises:
        WireError: ``time`` for the time of its position.
    """
    flags, profile, fix_t = 0, spoken.profile, pos.fix_t
    if fix_t is not None:
        fix_t, _ = judge_time(fix_t, spoken.recv_ms, spoken.offset_ms)
    lat, lon, speed = pos.lat, pos.lon, pos.spd_kmh
    if speed is not None and profile.speed_unit in _KMH_PER:
        speed *= _KMH_PER[profile.speed_unit]
    crs = profile.crs if pos.crs is _WGS84 else pos.crs
    if lat is None or lon is None or not pos.valid:
        lat = lon = None
        flags |= Flag.NO_FIX
    elif lat == 0 and lon == 0:
        lat = lon = None
        flags |= Flag.NULL_ISLAND
    elif crs is not _WGS84:
        ext = {**ext, "pos": {"crs": crs.value, "lat": lat, "lon": lon}}
        lat, lon = to_wgs84(lat, lon, crs)
        flags |= Flag.CONVERTED
    said = {
        "acc_m": (pos.acc_m, MAX_ACC_M),
        "spd_kmh": (speed, MAX_KMH),
        "cog": (pos.cog, FULL_TURN_DEG),
        "hdop": (pos.hdop, MAX_HDOP),
        "sat": (pos.sat, MAX_SAT),
    }
    side = {
        name: value if value is not None and 0 <= value <= limit else None
        for name, (value, limit) in said.items()
    }
    if any(side[name] != value for name, (value, _) in said.items()):
        flags |= Flag.IMPLAUSIBLE
    judged = msgspec.structs.replace(pos, lat=lat, lon=lon, fix_t=fix_t, **side)
    return judged, int(flags), ext


def key_of(seq: int | None, said_t: int | None, boot: str, spoken: Spoken) -> int:
    """0 when (boot, seq) identifies the record, else a hash of all it says.

    Without number and time a repetition is a new record, not a duplicate: a tracker that says the
    same words every minute is alive.
    """
    if seq is not None:
        return 0 if boot else hash_of(spoken.body)
    return hash_of(spoken.body if said_t is not None else b"%d " % spoken.recv_ms + spoken.body)


def kept(ext: dict[str, Any]) -> str:
    """What is kept beside a record, the same text however the message was written."""
    return _sorted.encode(ext).decode() if ext else ""


def hash_of(data: bytes) -> int:
    """63 bits that fit a signed column; never 0."""
    return int.from_bytes(blake2b(data, digest_size=8).digest()) >> 1 or 1
