"""Distance travelled: what was ridden counts, what a receiver wanders does not."""

import math
import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.admitted import Record
from devices.odometer import Odometer, OdometerState
from devices.readings import Fix, FixSource, Flag
from support.factories import a_device, a_fix, a_record


def _ridden(fixes: list[Fix], *, size: int = 1_000) -> float:
    odometer = Odometer()
    records = [a_record(fix) for fix in fixes]
    for k in range(0, len(records), size):
        odometer.records(records[k : k + size])
    return odometer.distance_m(1)


def _parked(seed: int, *, count: int = 40, from_s: int = 0) -> list[Fix]:
    """The car park of A-03: one fix in 30 s, 12 m scatter each way, claimed 9 m."""
    rng = random.Random(seed)  # noqa: S311 - noise of a test
    return [
        a_fix(
            from_s + 30 * k,
            rng.uniform(-12.1, 12.1),
            rng.uniform(-12.2, 12.2),
            speed_mps=(k % 2) * 1.4 / 3.6,
            acc_m=9.0,
        )
        for k in range(count)
    ]


@pytest.mark.parametrize("seed", range(200))
def test_parked_vehicle_collects_no_kilometres(seed: int) -> None:
    """Twenty minutes of drift are less than 20 m (A-03)."""
    assert _ridden(_parked(seed)) < 20


@pytest.mark.parametrize("seed", range(20))
def test_shove_that_stays_counts(seed: int) -> None:
    """60 m, kept for three fixes, without a speed (A-03)."""
    fixes = _parked(seed)
    shoved = [a_fix(1_200 + 30 * k, 60, speed_mps=0.0, acc_m=9.0) for k in range(3)]

    assert _ridden(fixes + shoved) == pytest.approx(60, abs=15)


def test_outlier_that_comes_back_counts_nothing() -> None:
    """One reflection 200 m off, then where it was."""
    fixes = [a_fix(10 * k, 200.0 if k == 5 else 0.0, speed_mps=0.0) for k in range(12)]

    assert _ridden(fixes) == 0


@pytest.mark.parametrize("interval_s", [1, 10, 30])
@pytest.mark.parametrize("speed_mps", [None, 5.0])
def test_ride_is_measured(interval_s: int, speed_mps: float | None) -> None:
    """2 km there, a stop of 10 min and 2 km back, with and without Doppler."""
    rng = random.Random(7)  # noqa: S311 - noise of a test
    fixes, leg_s = [], 400
    for at_s in range(0, 2 * leg_s + 600 + 1, interval_s):
        out_s, back_s = min(at_s, leg_s), max(0, at_s - leg_s - 600)
        rides = at_s <= leg_s or back_s > 0
        told = None if speed_mps is None else speed_mps * rides
        east_m = 5.0 * (out_s - back_s) + rng.gauss(0, 1)
        fixes.append(a_fix(at_s, east_m, rng.gauss(0, 1), speed_mps=told, acc_m=4.0))

    assert _ridden(fixes) == pytest.approx(4_000, rel=0.08)


@pytest.mark.parametrize("speed_mps", [None, 12.0])
def test_leap_counts_nothing_and_the_ride_after_it_does(speed_mps: float | None) -> None:
    """A first place in another country, then a ride (A-01)."""
    start = a_fix(0, 5_000_000)
    ride = [a_fix(5 + 10 * k, 120.0 * k, speed_mps=speed_mps) for k in range(11)]

    assert _ridden([start, *ride]) == pytest.approx(1_200, rel=0.25)


def test_walk_after_a_leap_counts_from_its_end() -> None:
    """Pushed at 1 m/s, a fix a minute: the way from the first place near to where it stops."""
    push = [
        a_fix(60 * (k + 1), 60.0 * min(k, 9), speed_mps=1.0 if k < 9 else 0.0) for k in range(13)
    ]

    assert _ridden([a_fix(0, 5_000_000), *push]) == pytest.approx(540, abs=35)


def test_leg_of_a_vehicle_that_stood_begins_at_its_mean() -> None:
    """Not at the first fix, which was off."""
    first = a_fix(0, -12, -12, speed_mps=0.0)
    stood = [a_fix(30 * k, speed_mps=0.0) for k in range(1, 60)]
    shoved = [a_fix(1_800 + 30 * k, 60, speed_mps=0.0) for k in range(3)]

    assert _ridden([first, *stood, *shoved]) == pytest.approx(60, abs=3)


def test_no_position_then_a_place_is_no_distance() -> None:
    """A power-on with 0/0 and ``fix:false`` (A-01)."""
    nowhere = a_fix(0, lat_deg=None, lon_deg=None, flags=int(Flag.NULL_ISLAND))

    assert _ridden([nowhere, a_fix(5), a_fix(10)]) == 0


@pytest.mark.parametrize(
    "odd",
    [
        a_fix(10**7, 9_000, flags=int(Flag.FUTURE), speed_mps=9.0),
        a_fix(20, 9_000, source=FixSource.CELL, speed_mps=9.0),
        a_fix(20, 900, source=FixSource.LAST, speed_mps=9.0),
        a_fix(20, 900, acc_m=1_450.0, speed_mps=9.0),
        a_fix(-500, 900, flags=int(Flag.LATE), speed_mps=9.0),
        a_fix(10, 900, speed_mps=90.0),
    ],
)
def test_what_is_no_place_of_now_counts_nothing(odd: Fix) -> None:
    """Future, cell, repeated, poor, out of order: neither there nor back."""
    fixes = [a_fix(0, speed_mps=0.0), a_fix(10, speed_mps=0.0)]
    after = [a_fix(30 + 10 * k, speed_mps=0.0) for k in range(3)]

    assert _ridden([*fixes, odd, odd, *after]) == 0


def test_doppler_near_metal_is_no_ride() -> None:
    """2.5 m/s at a dilution of 4 is a reflection (detection.md)."""
    rng = random.Random(3)  # noqa: S311 - noise of a test
    fixes = [
        a_fix(10 * k, rng.gauss(0, 6), rng.gauss(0, 6), speed_mps=2.5, hdop=4.0) for k in range(100)
    ]

    assert _ridden(fixes) < 40


def test_batches_change_nothing() -> None:
    """One by one, in one batch, or mixed with others: the same metres."""
    fixes = [
        a_fix(10 * k, 40.0 * k, 30 * math.sin(k), speed_mps=4.0 if k % 3 else None)
        for k in range(60)
    ]
    others = [
        a_record(a_fix(10 * k, 25.0 * k, speed_mps=3.0), device=a_device(2)) for k in range(60)
    ]
    mixed: list[Record] = []
    for fix, other in zip(fixes, others, strict=True):
        mixed += [a_record(fix), other]
    together = Odometer()
    together.records(mixed)

    assert _ridden(fixes) == _ridden(fixes, size=1) == together.distance_m(1)
    assert together.distance_m(2) == pytest.approx(25 * 59, rel=0.02)


@given(st.lists(st.tuples(st.integers(0, 600), st.integers(-3_000, 3_000)), max_size=40))
def test_distance_never_falls_and_a_checkpoint_goes_on(places: list[tuple[int, int]]) -> None:
    """Whatever comes, in whatever order."""
    whole, cut, before_m = Odometer(), Odometer(), 0.0
    for k, (at_s, east_m) in enumerate(places):
        records = [a_record(a_fix(at_s, east_m, speed_mps=float(k % 9)))]
        whole.records(records)
        cut.records(records)
        restarted = Odometer()
        restarted.load(
            msgspec.msgpack.decode(msgspec.msgpack.encode(cut.dump()), type=OdometerState)
        )
        cut = restarted
        assert whole.distance_m(1) >= before_m
        before_m = whole.distance_m(1)

    assert cut.distance_m(1) == whole.distance_m(1)
    assert whole.distance_m(10**6) == 0
