"""Who will be empty within three days is told from what the processor sees, hour by hour."""

import msgspec
import numpy as np

from devices.battery_fall import BatteryFall, BatteryFallState

HOUR_MS = 3_600_000


def told(levels: list[float], *, restart_at: int | None = None) -> list[tuple[int, bool]]:
    """Hours at which one device's verdict changed; its level is said in steps of 1 %."""
    fall, found = BatteryFall(), []
    for hour, level in enumerate(levels):
        if hour == restart_at:
            state = msgspec.msgpack.encode(fall.dump())
            fall = BatteryFall()
            fall.load(msgspec.msgpack.decode(state, type=BatteryFallState))
        column = np.array([np.nan, np.round(level)], np.float32)
        for minute in (0, 30):
            changed = fall.tick(hour * HOUR_MS + minute * 60_000, column)
            found += [(hour, bad) for bad in changed.values()]
    return found


def falling(hours: int, *, from_pct: float, per_day: float) -> list[float]:
    """A battery that falls evenly, not below 0."""
    return [max(0.0, from_pct - per_day * hour / 24) for hour in range(hours)]


def test_it_is_told_once_three_days_before_it_is_empty() -> None:
    """100 % at 10 % a day is empty after 240 hours; a restart in between changes nothing."""
    levels = falling(240, from_pct=100, per_day=10)

    [(hour, is_bad)] = told(levels)

    assert is_bad
    assert 160 <= hour <= 175
    assert told(levels, restart_at=100) == [(hour, True)]


def test_a_charge_ends_it() -> None:
    """And begins a new watch."""
    down = falling(220, from_pct=100, per_day=10)

    verdicts = told(down + falling(200, from_pct=100, per_day=2))

    assert [bad for _, bad in verdicts] == [True, False]
    assert verdicts[1][0] == 220


def test_what_is_no_trend_is_not_told() -> None:
    """A day of rides, one step of a coarse gauge, a full one on the mains, a slow one."""
    assert told(falling(40, from_pct=60, per_day=35)) == []
    assert told([20.0] * 60 + [16.0] * 60) == []
    assert told([100.0 - hour % 2 for hour in range(300)]) == []
    assert told(falling(300, from_pct=90, per_day=1)) == []


def test_a_level_that_is_unknown_for_a_while_is_no_charge() -> None:
    """Neither is the first word after it."""
    levels = falling(240, from_pct=100, per_day=10)
    for hour in range(60, 90):
        levels[hour] = float("nan")

    assert [bad for _, bad in told(levels)] == [True]
