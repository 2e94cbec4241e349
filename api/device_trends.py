"""Trends of one device from the telemetry store: battery, signal, and how well it fixes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median

from api.ports import TrackStore
from devices.model import Device, DeviceClass
from devices.telemetry import Interval
from devices.trends import DAY_MS, Trend, battery_trend, trend_of

HOUR_MS = 3_600_000
DAYS = 14
"""A line through so many days: long enough for a tracker that speaks once a day, short enough that
a season does not bend it. Ours."""
MEASURES: Mapping[DeviceClass, tuple[str, Mapping[str, bool]]] = {
    DeviceClass.TRACKER: ("fix", {"battery_pct": True, "rssi_dbm": False}),
    DeviceClass.CHARGER: ("charger", {"rssi_dbm": False}),
}
"""Measurement of a class and its measures; whether it is a battery, which runs empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FixDay:
    """Stored fixes of one day, UTC.

    Attributes:
        day: As ``2025-11-25``.
        usable: Share that says where it is and how well, [0, 1].
        acc_m: Median of the hours' mean accuracy, metres; None = none said it.
    """

    day: str
    fixes: int
    usable: float
    acc_m: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trends:
    """What the last days say.

    Attributes:
        lines: By measure.
        hours: The hourly means each line goes through: (begin ms UTC, mean).
        fix_days: Of a tracker, ascending; days without a fix are left out.
    """

    lines: Mapping[str, Trend]
    hours: Mapping[str, list[tuple[int, float]]]
    fix_days: list[FixDay]


def trends_of(telemetry: TrackStore, device: Device, now_ms: int) -> Trends:
    """Read the last ``DAYS`` days of a device; a camera or a gateway has none.

    Raises:
        StoreError: The store is away.
    """
    measurement, measures = MEASURES.get(device.cls, ("", {}))
    from_ms = (now_ms - DAYS * DAY_MS) // HOUR_MS * HOUR_MS
    lines: dict[str, Trend] = {}
    hours: dict[str, list[tuple[int, float]]] = {}
    for measure, is_battery in measures.items():
        found = telemetry.history(measurement, measure, device.id, from_ms, now_ms, HOUR_MS)
        hours[measure] = [(one.begin_ms, one.mean) for one in found]
        line = battery_trend if is_battery else trend_of
        lines[measure] = line([one.begin_ms for one in found], [one.mean for one in found])
    fix_days: list[FixDay] = []
    if device.cls is DeviceClass.TRACKER:
        told = telemetry.history("fix", "acc_m", device.id, from_ms, now_ms, HOUR_MS)
        fixes = telemetry.availability("fix", device.id, from_ms, now_ms, every_ms=HOUR_MS)
        fix_days = _fix_days(dict(fixes), told)
    return Trends(lines=lines, hours=hours, fix_days=fix_days)


def _fix_days(fixes: Mapping[int, int], told: Sequence[Interval]) -> list[FixDay]:
    accuracy: dict[int, list[Interval]] = {}
    for one in told:
        accuracy.setdefault(one.begin_ms // DAY_MS, []).append(one)
    days: dict[int, int] = {}
    for begin_ms, count in fixes.items():
        days[begin_ms // DAY_MS] = days.get(begin_ms // DAY_MS, 0) + count
    return [
        FixDay(
            day=datetime.fromtimestamp(day * DAY_MS / 1000, UTC).date().isoformat(),
            fixes=count,
            usable=sum(one.rows for one in accuracy.get(day, [])) / count,
            acc_m=median(one.mean for one in accuracy[day]) if day in accuracy else None,
        )
        for day, count in sorted(days.items())
        if count
    ]
