"""Where a battery and a signal are going: a line through the last days that outliers do not move.

Theil-Sen: the median of the slopes of all pairs (Sen 1968, J. Am. Stat. Assoc. 63, 1379). Its 95 %
interval is Sen's by ranks, widened for what hours in a row have in common (first-order
autocorrelation of the residuals). Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

import numpy as np
from numpy.typing import NDArray

DAY_MS = 86_400_000
Z_95 = 1.96
POINTS_LEAST = 12
"""Hours in which it was known; fewer say nothing of an interval. Ours."""
SPAN_LEAST_MS = DAY_MS
"""A line through less than a day shows the day's course, not where it is going. Ours."""
CHARGED_PCT = 5.0
"""A rise of this much is a charge, and the line begins after it. Trackers tell their battery in
steps of 1 to 5 %. Ours."""
REACH = 2
"""A rise is looked for in medians over so many hours to both sides: two in a row that are nonsense
are no charge. Ours."""
FAR_DAYS = 365
"""Whoever is empty in more than a year is not predicted."""
ALIKE_MOST = 0.95
"""More autocorrelation than this is taken for this much."""

Floats = NDArray[np.float64]


class Outlook(StrEnum):
    """Where it goes, or why nobody can say. Stable words of the API."""

    FALLING = "falling"
    RISING = "rising"
    STEADY = "steady"
    UNKNOWN = "unknown"
    TOO_FEW = "too_few"
    CHARGED = "charged"
    FAR = "far"

    @property
    def en(self) -> str:
        """For people who read English."""
        return _WORDS[self][0]

    @property
    def zh(self) -> str:
        """For people who read Chinese."""
        return _WORDS[self][1]


_WORDS = {
    Outlook.FALLING: ("falling", "下降"),
    Outlook.RISING: ("rising", "上升"),
    Outlook.STEADY: ("no trend that is certain", "无明显趋势"),
    Outlook.UNKNOWN: ("it did not say", "未上报"),
    Outlook.TOO_FEW: ("too little is known of the last days", "近日数据不足"),
    Outlook.CHARGED: ("charged within the last day", "一天内刚充过电"),
    Outlook.FAR: ("falling, empty in more than a year", "下降, 一年以上才耗尽"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A measure's line.

    Attributes:
        outlook: Where it goes, or why nobody can say.
        level: On the line at the newest point, in the measure's unit; None = unknown.
        per_day: Slope, units a day, with ``low`` and ``high`` ends of its 95 % interval.
        empty_ms: When a battery reaches 0 %, wall ms UTC; None = ``outlook`` says why not.
        empty_from_ms: Earliest, by the interval.
        empty_to_ms: Latest.
    """

    outlook: Outlook
    level: float | None = None
    per_day: float | None = None
    low: float | None = None
    high: float | None = None
    empty_ms: int | None = None
    empty_from_ms: int | None = None
    empty_to_ms: int | None = None


def trend_of(t_ms: Sequence[int], values: Sequence[float]) -> Trend:
    """The line of any measure.

    Args:
        t_ms: Ascending, wall ms UTC, at most some hundreds: all pairs are looked at.
        values: One each.
    """
    if not t_ms:
        return Trend(outlook=Outlook.UNKNOWN)
    if len(t_ms) < POINTS_LEAST or t_ms[-1] - t_ms[0] < SPAN_LEAST_MS:
        return Trend(outlook=Outlook.TOO_FEW, level=float(values[-1]))
    days = (np.array(t_ms, np.float64) - t_ms[-1]) / DAY_MS
    slope, low, high, level = _line(days, np.array(values, np.float64))
    outlook = Outlook.STEADY
    if high < 0:
        outlook = Outlook.FALLING
    elif low > 0:
        outlook = Outlook.RISING
    return Trend(outlook=outlook, level=level, per_day=slope, low=low, high=high)


def battery_trend(t_ms: Sequence[int], percent: Sequence[float]) -> Trend:
    """The line since the last charge, and when it reaches 0 %."""
    begin = _after_charge(percent)
    trend = trend_of(t_ms[begin:], percent[begin:])
    if begin and trend.outlook is Outlook.TOO_FEW:
        return Trend(outlook=Outlook.CHARGED, level=trend.level)
    if trend.outlook is not Outlook.FALLING:
        return trend
    assert trend.level is not None  # noqa: S101 - a line has all of them
    assert trend.per_day is not None  # noqa: S101
    assert trend.low is not None  # noqa: S101
    assert trend.high is not None  # noqa: S101
    level = max(0.0, trend.level)
    days = [level / -slope for slope in (trend.per_day, trend.low, trend.high)]
    if days[0] > FAR_DAYS:
        return _with(trend, outlook=Outlook.FAR)
    at_ms, from_ms, to_ms = (t_ms[-1] + round(min(one, 100 * FAR_DAYS) * DAY_MS) for one in days)
    return _with(
        trend, outlook=Outlook.FALLING, empty_ms=at_ms, empty_from_ms=from_ms, empty_to_ms=to_ms
    )


def _with(
    trend: Trend,
    *,
    outlook: Outlook,
    empty_ms: int | None = None,
    empty_from_ms: int | None = None,
    empty_to_ms: int | None = None,
) -> Trend:
    return Trend(
        outlook=outlook,
        level=trend.level,
        per_day=trend.per_day,
        low=trend.low,
        high=trend.high,
        empty_ms=empty_ms,
        empty_from_ms=empty_from_ms,
        empty_to_ms=empty_to_ms,
    )


def _after_charge(percent: Sequence[float]) -> int:
    """Index of the fullest point since the last charge; 0 = it was not charged."""
    begin, least = 0, float("inf")
    smooth = [median(percent[max(0, k - REACH) : k + REACH + 1]) for k in range(len(percent))]
    for k, value in enumerate(smooth):
        if value >= least + CHARGED_PCT:
            begin, least = k, value
        least = min(least, value)
    if not begin:
        return 0
    since = smooth[begin:]
    return begin + since.index(max(since))


def _line(days: Floats, values: Floats) -> tuple[float, float, float, float]:
    """Slope a day, ends of its 95 % interval, and the level at day 0, the newest."""
    count = len(days)
    first, second = np.triu_indices(count, 1)
    slopes = np.sort((values[second] - values[first]) / (days[second] - days[first]))
    slope = float(np.median(slopes))
    level = float(np.median(values - slope * days))
    residuals = values - slope * days - level
    alike = 0.0
    if (spread := float(residuals @ residuals)) > 0:
        alike = min(max(float(residuals[1:] @ residuals[:-1]) / spread, 0.0), ALIKE_MOST)
    variance = count * (count - 1) * (2 * count + 5) / 18 * (1 + alike) / (1 - alike)
    reach = Z_95 * variance**0.5
    last = len(slopes) - 1
    low = slopes[max(0, int((last + 1 - reach) / 2))]
    high = slopes[min(last, int(np.ceil((last + 1 + reach) / 2)))]
    return slope, float(low), float(high), level
