"""When a coin box will be full, from what it took by day. Pure."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from devices.charger_conditions import FULL_SHARE

DAYS_MAX = 28
"""Whole days looked at, the newest ones. Source: our choice: four weeks hold every weekday."""
SPREAD = 2.0
"""Variance of a day's coins over their mean where fewer than ``SPREAD_DAYS`` are known. Source: our
choice: customers come in rushes; 1 would be chance alone."""
SPREAD_DAYS = 7
Z = 1.645
"""Half width of a 90 % interval, standard deviations."""
NONE_SEEN = 3.0
"""Coins there may have been though none was seen, with 95 % confidence (rule of three)."""


class Forecast(NamedTuple):
    """Days until a box is full (``FULL_SHARE`` of it); 0 = it is.

    Attributes:
        coins_per_day: Mean of the days looked at.
        days: The likely time; None = nothing falls into it.
        low_days, high_days: 90 % interval; ``high_days`` None = perhaps never.
        of_days: How many days it is from.
    """

    coins_per_day: float
    days: float | None
    low_days: float
    high_days: float | None
    of_days: int


def forecast_full(coins: int, cap_coins: int, by_day: Sequence[int]) -> Forecast | None:
    """Forecast when a box is full.

    The rate is a mean of whole days, the time one of many coins: both vary with the spread of the
    days, and the interval is taken on the logarithm, where it is even.

    Args:
        coins: In it now.
        cap_coins: What it holds.
        by_day: Coins of whole days on which the station was heard, oldest first.

    Returns:
        None when no whole day is known, or the box's size is not.
    """
    days = [max(0, number) for number in by_day[-DAYS_MAX:]]
    if not days or cap_coins <= 0:
        return None
    room, taken = max(0, math.ceil(FULL_SHARE * cap_coins) - coins), sum(days)
    rate = taken / len(days)
    if not room:
        return Forecast(rate, 0.0, 0.0, 0.0, len(days))
    if not taken:
        return Forecast(0.0, None, room * len(days) / NONE_SEEN, None, len(days))
    spread = _spread(days, rate)
    width = Z * math.sqrt(spread / taken + spread / room)
    likely = room / rate
    return Forecast(rate, likely, likely * math.exp(-width), likely * math.exp(width), len(days))


def _spread(days: list[int], mean: float) -> float:
    """Variance over mean: at least 1, chance alone."""
    if len(days) < SPREAD_DAYS:
        return SPREAD
    variance = sum((number - mean) ** 2 for number in days) / (len(days) - 1)
    return max(1.0, variance / mean)
