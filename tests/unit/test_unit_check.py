"""Is a device's unit of speed what its profile says? By its own places."""

import random

import msgspec
import numpy as np
import pytest

from devices.readings import Fix
from devices.unit_check import STATE, UnitChange, UnitCheck, UnitCheckState
from support.factories import a_device, a_fix, a_record


def _line(speed_mps: float, told_mps: float, *, count: int = 8, every_s: int = 50) -> list[Fix]:
    return [
        a_fix(every_s * k, speed_mps * every_s * k, speed_mps=told_mps, ignition=True)
        for k in range(count)
    ]


def _checked(fixes: list[Fix]) -> UnitCheck:
    check = UnitCheck()
    check.records([a_record(fix) for fix in fixes])
    return check


@pytest.mark.parametrize(
    "ratio", [1.852, 1 / 1.852, 3.6, 1 / 3.6, 10.0, 0.1], ids=lambda r: f"{r:.3f}"
)
def test_steady_ratio_makes_the_unit_suspect(ratio: float) -> None:
    """72 km/h by its places; told as knots, m/s, tenths, or the other way (A-02)."""
    check = _checked(_line(20.0, 20.0 * ratio))

    assert check.suspect(1) == pytest.approx(ratio)
    (change,) = check.take_changes()
    assert change.slot == 1
    assert change.ratio == pytest.approx(ratio)
    assert check.take_changes() == []


@pytest.mark.parametrize("ratio", [1.0, 0.9, 1.1, 1.4, 2.5, 6.0])
def test_other_ratios_are_no_unit(ratio: float) -> None:
    """A speed that is merely poor names no unit."""
    assert _checked(_line(20.0, 20.0 * ratio)).suspect(1) is None


def _turning() -> list[Fix]:
    corners = [(60.0 * ((k + 1) // 2), 60.0 * (k // 2)) for k in range(40)]
    return [a_fix(10 * k, *at, speed_mps=6.0 * 1.852) for k, at in enumerate(corners)]


def _surging() -> list[Fix]:
    return [a_fix(10 * k, 100.0 * k, speed_mps=27.0 if k % 2 else 10.04) for k in range(40)]


@pytest.mark.parametrize(
    "fixes", [_turning(), _surging(), _line(60.0, 111.0)], ids=["turns", "surges", "leaps"]
)
def test_legs_that_prove_nothing(fixes: list[Fix]) -> None:
    """Corners make the way longer than the legs; surges and leaps are no steady speed."""
    assert _checked(fixes).suspect(1) is None


def test_five_legs_decide() -> None:
    """Not four."""
    assert _checked(_line(20.0, 37.04, count=5)).suspect(1) is None
    assert _checked(_line(20.0, 37.04, count=6)).suspect(1) is not None


def test_right_speeds_clear_the_suspicion() -> None:
    """After the profile was mended, five good legs."""
    check = _checked(_line(20.0, 37.04))
    mended = [
        a_fix(1_000 + 50 * k, 20_000 + 1_000.0 * k, speed_mps=20.0, ignition=True) for k in range(6)
    ]
    check.records([a_record(fix) for fix in mended])

    assert check.suspect(1) is None
    assert check.take_changes() == [UnitChange(1, None)]


@pytest.mark.parametrize("seed", range(30))
def test_parked_and_winding_rides_are_not_suspect(seed: int) -> None:
    """Drift at standstill and a ride with a turn every minute, 3.5 m of noise."""
    rng = random.Random(seed)  # noqa: S311 - noise of a test
    east_m = north_m = at_s = 0.0
    fixes = []
    for k in range(200):
        rides = k >= 40
        if rides and k % 2:
            east_m += 55 * rng.choice([-1, 1])
        elif rides:
            north_m += 55 * rng.choice([-1, 1])
        at_s += 10
        told = 5.5 if rides else rng.uniform(0, 1)
        place = east_m + rng.gauss(0, 3.5), north_m + rng.gauss(0, 3.5)
        fixes.append(a_fix(at_s, *place, speed_mps=told))

    assert _checked(fixes).suspect(1) is None


@pytest.mark.parametrize("seed", range(10))
def test_noise_does_not_hide_a_wrong_unit(seed: int) -> None:
    """20 km/h every 10 s, told in knots, 2 m of noise, over 10 min."""
    rng = random.Random(seed)  # noqa: S311 - noise of a test
    fixes = [
        a_fix(
            10 * k, 55.6 * k + rng.gauss(0, 2), rng.gauss(0, 2), speed_mps=5.56 * 1.852, acc_m=4.0
        )
        for k in range(60)
    ]

    assert _checked(fixes).suspect(1) == pytest.approx(1.852)


def test_checkpoint_goes_on_in_the_middle() -> None:
    """Three legs before, two after."""
    fixes = _line(20.0, 37.04, count=6)
    check = _checked(fixes[:4])
    restarted = UnitCheck()
    blob = msgspec.msgpack.encode(check.dump())
    restarted.load(msgspec.msgpack.decode(blob, type=UnitCheckState))

    restarted.records([a_record(fix) for fix in fixes[4:]])

    assert restarted.suspect(1) == pytest.approx(1.852)
    assert restarted.suspect(10**6) is None


def test_verdict_is_not_changed_by_others_in_the_round() -> None:
    """A ride with a stop and a corner, alone and beside one that rides in every round."""
    ride = [*_line(20.0, 37.04, count=3)]
    ride += [a_fix(110 + 10 * k, 2_000.0, 10.0 * k, speed_mps=0.0) for k in range(4)]
    ride += [a_fix(150 + 10 * k, 2_000.0, 50 + 200.0 * k, speed_mps=37.04) for k in range(4)]
    alone, together = UnitCheck(), UnitCheck()
    other = a_device(2)
    for k, fix in enumerate(ride):
        beside = a_fix(50 * k, 1_000.0 * k, speed_mps=20.0, ignition=True)
        alone.records([a_record(fix)])
        together.records([a_record(fix), a_record(beside, device=other)])

    rows = [np.frombuffer(check.dump().rows, STATE)[1] for check in (alone, together)]
    assert rows[0] == rows[1]
