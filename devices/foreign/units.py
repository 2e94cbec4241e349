"""Units and time forms of foreign senders become those of wire.md here."""

import math
import re
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from functools import lru_cache

from devices.errors import WireError, WireReason
from devices.judge import KMH_PER_KNOT
from devices.units import KMH_PER_MPS, time_ms

MICRO_PER_DEG = 1_000_000
"""Source: JT/T 808, location report."""
E7_PER_DEG = 10_000_000
"""Source: Meshtastic and u-blox position messages."""
GT06_PER_DEG = 1_800_000
"""Thirty-thousandths of a minute of arc. Source: GT06 protocol, location packet."""
AP3000_OFFSET_C = 65
"""A raw temperature is this much too high, °C. Source: domain.md, AP3000."""
WH_PER_CENTI_KWH = 10
"""0.01 kWh in Wh. Source: domain.md, JUY and AP3000 meters."""
UNKNOWN = (65_535, -1)
"""What 16-bit senders write for "unknown". Source: wire.md, Unit traps."""
_SECONDS_BELOW = 1e11
"""A smaller epoch number is seconds: as milliseconds it would lie before 1973."""
_MS_PER_S = 1000
_YEARS = range(1980, 2100)
"""As in ``devices.units``: a date before would be taken for seconds further on."""
_DAYS_REMEMBERED = 1_024
"""Days whose begin is remembered, about 200 bytes each."""
_BCD = re.compile(r"[0-9]{12}", re.ASCII)
_NEVER = "000000000000"
_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ]((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:\.(\d{1,9}))?"
    r"(Z|[+-]\d\d:?\d\d)?",
    re.ASCII,
)


class Unit(StrEnum):
    """How a foreign number is written where wire.md has another unit."""

    KNOTS = "knots"  # -> km/h
    MPS = "mps"  # -> km/h
    TENTH_KMH = "tenth_kmh"  # -> km/h
    MICRO_DEG = "micro_deg"  # -> degrees
    E7_DEG = "e7_deg"  # -> degrees
    GT06_DEG = "gt06_deg"  # -> degrees
    RATIO = "ratio"  # 0-1 -> per cent
    LEVEL_6 = "level_6"  # 0-6 -> per cent
    LEVEL_10 = "level_10"  # 0-10 -> per cent
    VOLTS = "volts"  # -> mV
    OFFSET_65 = "offset_65"  # °C + 65 -> °C
    TENTH_W = "tenth_w"  # -> W
    CENTI_KWH = "centi_kwh"  # -> Wh
    YUAN = "yuan"  # -> fen
    FROM_0 = "from_0"  # ports or channels counted from 0 -> from 1


_FACTOR: dict[Unit, float] = {
    Unit.KNOTS: KMH_PER_KNOT,
    Unit.MPS: KMH_PER_MPS,
    Unit.RATIO: 100.0,
    Unit.VOLTS: 1000.0,
    Unit.CENTI_KWH: WH_PER_CENTI_KWH,
    Unit.YUAN: 100.0,
}
_PER: dict[Unit, float] = {
    Unit.TENTH_KMH: 10.0,
    Unit.TENTH_W: 10.0,
    Unit.MICRO_DEG: MICRO_PER_DEG,
    Unit.E7_DEG: E7_PER_DEG,
    Unit.GT06_DEG: GT06_PER_DEG,
    Unit.LEVEL_6: 6 / 100,
    Unit.LEVEL_10: 10 / 100,
}
_PLUS: dict[Unit, float] = {Unit.OFFSET_65: -AP3000_OFFSET_C, Unit.FROM_0: 1}
_WHOLE = {Unit.VOLTS, Unit.CENTI_KWH, Unit.YUAN, Unit.FROM_0}
_DECIMALS = 9


def convert(value: float, unit: Unit) -> float:
    """A number in the unit of wire.md; whole where wire.md counts (mV, Wh, fen, ports).

    Levels and ratios beyond their end give over 100 per cent, which judging takes as unknown.

    Raises:
        WireError: ``number`` when nothing finite is left.
    """
    if unit in _PER:
        value /= _PER[unit]
    else:
        value = value * _FACTOR.get(unit, 1) + _PLUS.get(unit, 0)
    if not math.isfinite(value):
        raise WireError(WireReason.NUMBER, f"too large to be {unit}")
    return round(value) if unit in _WHOLE else round(value, _DECIMALS)


def degrees(value: float, *, per_deg: int, negative: bool) -> float:
    """A coordinate whose sign stands elsewhere: ``negative`` is the south or west bit.

    A value that is negative by itself stays so: some gateways apply the bit already.
    """
    size = abs(value) / per_deg
    return -size if negative or value < 0 else size


def known(value: float | None) -> float | None:
    """``value``, or None where it says "unknown"."""
    return None if value in UNKNOWN else value


# -- time -----------------------------------------------------------------------------------


def epoch_ms(value: object) -> int:
    """A time in seconds (fractions allowed), ms, µs or ns since 1970, a number or its text.

    Raises:
        WireError: ``time``.
    """
    number = value
    if isinstance(value, str):
        try:
            number = int(value) if value.isascii() and value.isdigit() else float(value)
        except ValueError:
            raise WireError(WireReason.TIME, "the time is text, no number") from None
    if not isinstance(number, int | float) or isinstance(number, bool):
        raise WireError(WireReason.TIME, f"the time is {type(value).__name__}")
    if not math.isfinite(number):
        raise WireError(WireReason.TIME, "the time is not finite")
    if abs(number) < _SECONDS_BELOW:
        number = number * _MS_PER_S
        if abs(number) < _SECONDS_BELOW:
            raise WireError(WireReason.TIME, "the time lies before 1973")
    return time_ms(round(number))[0]


def bcd_time_ms(value: object, zone_h: float) -> int | None:
    """``YYMMDDhhmmss`` of 2000-2099 in the zone ``zone_h`` hours east; None = never set (zeros).

    Raises:
        WireError: ``time``: not 12 digits, or no such moment.
    """
    if value == _NEVER:
        return None
    if not isinstance(value, str) or _BCD.fullmatch(value) is None:
        raise WireError(WireReason.TIME, "not YYMMDDhhmmss")
    hour, minute, second = int(value[6:8]), int(value[8:10]), int(value[10:])
    if hour >= 24 or minute >= 60 or second >= 60:  # noqa: PLR2004 - a clock's
        raise WireError(WireReason.TIME, "no such time of day")
    return _midnight_ms(value[:6], zone_h) + (hour * 3600 + minute * 60 + second) * _MS_PER_S


@lru_cache(_DAYS_REMEMBERED)
def _midnight_ms(day: str, zone_h: float) -> int:
    """When the day ``YYMMDD`` began."""
    year, month, number = (int(day[k : k + 2]) for k in range(0, 6, 2))
    try:
        moment = datetime(2000 + year, month, number, tzinfo=_zone(zone_h))
    except ValueError as exc:
        raise WireError(WireReason.TIME, str(exc)) from exc
    return round(moment.timestamp()) * _MS_PER_S


def iso_time_ms(value: str, zone_h: float | None = None) -> int:
    """ISO 8601 with its zone (``Z``, ``+08:00``, ``+0800``); ``zone_h`` where it names none.

    Raises:
        WireError: ``time``: another form, no such moment (24:00, :60), or a zone that nobody names.
    """
    found = _ISO.fullmatch(value)
    if found is None:
        raise WireError(WireReason.TIME, "not YYYY-MM-DDThh:mm:ss with a zone")
    day, clock, fraction, zone = found.groups()
    if zone is None and zone_h is None:
        raise WireError(WireReason.TIME, "the time names no zone, and the adapter has none set")
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}{zone or ''}")
        if moment.tzinfo is None and zone_h is not None:
            moment = moment.replace(tzinfo=_zone(zone_h))
        if moment.year not in _YEARS:
            raise WireError(WireReason.TIME, "not a year from 1980 to 2099")
        ms = int((fraction or "0").ljust(3, "0")[:3])
        return round(moment.timestamp()) * _MS_PER_S + ms
    except (ValueError, OverflowError) as exc:
        raise WireError(WireReason.TIME, str(exc)) from exc


def any_time_ms(value: object, zone_h: float | None = None) -> int:
    """ISO text or an epoch number, whichever it is.

    Raises:
        WireError: ``time``.
    """
    if isinstance(value, str) and not _is_number(value):
        return iso_time_ms(value, zone_h)
    return epoch_ms(value)


def _is_number(text: str) -> bool:
    return text.isascii() and text.replace(".", "", 1).isdigit()


def _zone(zone_h: float) -> timezone:
    return timezone(timedelta(hours=zone_h))
