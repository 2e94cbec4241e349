"""Lines through batteries and signals: what they promise, and when they promise nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.trends import DAY_MS, Outlook, battery_trend, trend_of

HOUR_MS = 3_600_000
NOW_MS = 1_790_000_000_000


def hours(count: int) -> list[int]:
    """Hours up to now."""
    return [NOW_MS - (count - 1 - k) * HOUR_MS for k in range(count)]


def falling(count: int, *, from_pct: float, per_day: float) -> list[float]:
    """A battery that falls evenly."""
    return [from_pct - per_day * k / 24 for k in range(count)]


@given(st.floats(0.5, 8.0), st.floats(30.0, 90.0), st.integers(0, 2**32 - 1))
def test_empty_date_withstands_outliers(per_day: float, last_pct: float, seed: int) -> None:
    """One value in ten is nonsense: the date stays within a tenth of what is left."""
    random = np.random.default_rng(seed)
    t_ms = hours(10 * 24)
    percent = falling(len(t_ms), from_pct=last_pct + per_day * 10, per_day=per_day)
    for k in range(int(random.integers(10)), len(t_ms), 10):
        percent[k] -= random.uniform(0, 30)

    trend = battery_trend(t_ms, percent)

    left_days = last_pct / per_day
    assert trend.outlook is Outlook.FALLING
    assert trend.empty_ms is not None
    assert abs((trend.empty_ms - NOW_MS) / DAY_MS - left_days) < 0.1 * left_days + 0.1


def test_interval_holds_the_truth_nearly_always() -> None:
    """95 % is what it says; hours that go together and steps of 1 % included. 200 batteries."""
    held = 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        t_ms = hours(7 * 24)
        noise, value = [], 0.0
        for _ in t_ms:
            value = 0.7 * value + random.normal(0, 0.8)
            noise.append(value)
        percent = [
            float(round(p + n))
            for p, n in zip(falling(len(t_ms), from_pct=80, per_day=3), noise, strict=True)
        ]
        trend = trend_of(t_ms, percent)
        assert trend.low is not None
        assert trend.high is not None
        held += trend.low <= -3 <= trend.high

    assert held >= 180


def test_a_charge_begins_a_new_line() -> None:
    """What was before says nothing of when it is empty; a day is too little."""
    before = falling(100, from_pct=60, per_day=10)
    long_ago, lately = falling(72, from_pct=95, per_day=2), falling(6, from_pct=95, per_day=2)

    again = battery_trend(hours(172), before + long_ago)
    just = battery_trend(hours(106), before + lately)

    assert again.per_day == pytest.approx(-2)
    assert again.empty_ms is not None
    assert just.outlook is Outlook.CHARGED
    assert just.empty_ms is None


@pytest.mark.parametrize(
    ("percent", "outlook"),
    [
        ([], Outlook.UNKNOWN),
        (falling(11, from_pct=50, per_day=9), Outlook.TOO_FEW),
        ([80.0 + (k % 2) for k in range(200)], Outlook.STEADY),
        ([80.0] * 200, Outlook.STEADY),
        ([40.0 + k / 50 for k in range(200)], Outlook.RISING),
        (falling(300, from_pct=90, per_day=0.1), Outlook.FAR),
    ],
)
def test_without_a_date_it_says_why(percent: list[float], outlook: Outlook) -> None:
    """None is an answer only with its reason, in two languages."""
    trend = battery_trend(hours(len(percent)), percent)

    assert (trend.outlook, trend.empty_ms) == (outlook, None)
    assert trend.outlook.en
    assert trend.outlook.zh


def test_a_day_of_silence_does_not_bend_the_line() -> None:
    """Hours in which nothing was said are no points."""
    t_ms = hours(10 * 24)
    percent = falling(len(t_ms), from_pct=90, per_day=4)
    kept = [k for k in range(len(t_ms)) if not 60 < k < 130]

    trend = battery_trend([t_ms[k] for k in kept], [percent[k] for k in kept])

    assert trend.per_day == pytest.approx(-4)
