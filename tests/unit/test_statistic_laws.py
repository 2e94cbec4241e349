"""Laws of the movement statistic: places, turns, doubles, order and batches change nothing."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.detection import statistic
from alerts.detection.anchor import AnchorArrays
from alerts.detection.statistic import Fixes, Moved
from support.factories import HOME
from support.parking import NOWHERE, Lot, armed_lot, metres

NAMES = [name for name in Moved.__dataclass_fields__]  # noqa: C416 - names only


TRACK = st.lists(
    st.tuples(st.floats(-300, 300), st.floats(-300, 300), st.sampled_from([2.0, 10.0, 60.0])),
    min_size=12,
    max_size=40,
)


def _walked(lot: Lot, track: list[tuple[float, float, float]]) -> list[Moved]:
    for _ in range(10):
        lot.step(NOWHERE, NOWHERE)
    return [lot.step(metres(east), metres(north), after_s=after) for east, north, after in track]


@settings(max_examples=25)
@given(track=TRACK, lat_deg=st.floats(-60, 60), lon_deg=st.floats(-180, 180))
def test_same_track_elsewhere_gives_the_same(
    track: list[tuple[float, float, float]], lat_deg: float, lon_deg: float
) -> None:
    """Translation changes nothing, the date line included."""
    here = _walked(Lot(1, origin=HOME), track)

    there = _walked(Lot(1, origin=(lat_deg, lon_deg)), track)

    for ours, theirs in zip(here, there, strict=True):
        np.testing.assert_allclose(ours.score, theirs.score, atol=1e-3)
        np.testing.assert_allclose(ours.moved_m, theirs.moved_m, atol=1e-4)


@settings(max_examples=25)
@given(track=TRACK, angle_deg=st.floats(0, 360))
def test_same_track_turned_gives_the_same(
    track: list[tuple[float, float, float]], angle_deg: float
) -> None:
    """No direction is special."""
    cos, sin = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))

    straight = _walked(Lot(1), track)
    turned = _walked(Lot(1), [(cos * e - sin * n, sin * e + cos * n, s) for e, n, s in track])

    for ours, theirs in zip(straight, turned, strict=True):
        np.testing.assert_allclose(ours.score, theirs.score, atol=1e-3)
        np.testing.assert_allclose(ours.moved_m, theirs.moved_m, atol=1e-4)


@settings(max_examples=15)
@given(track=TRACK, again=st.lists(st.integers(0, 11), min_size=1, max_size=6))
def test_fixes_that_come_twice_or_late_change_nothing(
    track: list[tuple[float, float, float]], again: list[int]
) -> None:
    """Every fix twice, and some of the older ones once more: the same scores, counts and shapes."""
    once, twice = Lot(1), Lot(1)
    clean = _walked(once, track)
    for _ in range(10):
        twice.step(NOWHERE, NOWHERE)
    seen, noisy = [], []
    for east, north, after in track:
        noisy.append(twice.step(metres(east), metres(north), after_s=after))
        seen.append((twice.now_s, east, north))
        for k in (-1, *(k for k in again if k < len(seen))):
            now_s, (then_s, old_east, old_north) = twice.now_s, seen[k]
            twice.step(metres(old_east), metres(old_north), after_s=then_s - now_s)
            twice.now_s = now_s

    for ours, theirs in zip(clean, noisy, strict=True):
        for name in NAMES:
            np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name), name)


@settings(max_examples=8)
@given(seed=st.integers(0, 10_000), order=st.permutations(range(6)))
def test_batch_gives_what_one_by_one_gives(seed: int, order: list[int]) -> None:
    """Six vehicles in one call, or one after the other in any order: bit for bit the same."""
    together, alone = Lot(6), Lot(6)
    rng = np.random.default_rng(seed)
    for k in range(30):
        east, north = rng.normal(0, 3 if k < 15 else 15 * k, (2, 6))
        whole = together.step(east, north)
        alone.now_s += 10
        fixes = alone.fixes(east, north)
        for slot in order:
            one = Fixes(
                **{name: getattr(fixes, name)[[slot]] for name in Fixes.__dataclass_fields__}
            )
            single = statistic.step(alone.arrays, one, alone.policy)
            for name in NAMES:
                assert getattr(single, name)[0] == getattr(whole, name)[slot]

    for name in AnchorArrays.__slots__:
        np.testing.assert_array_equal(getattr(together.arrays, name), getattr(alone.arrays, name))


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), back_s=st.sampled_from([0, 1, 30, 3_600]))
def test_fix_out_of_order_is_not_scored(seed: int, back_s: int) -> None:
    """A repeated or older fix changes neither score nor place."""
    lot = armed_lot(hour=0.1)
    rng = np.random.default_rng(seed)
    for k in range(5):
        lot.step(metres(20.0 * k), metres(0))
    before = {name: getattr(lot.arrays, name).copy() for name in AnchorArrays.__slots__}

    moved = lot.step(rng.normal(0, 500, 1), rng.normal(0, 500, 1), after_s=-back_s)

    assert not moved.scored[0]
    for name, column in before.items():
        np.testing.assert_array_equal(getattr(lot.arrays, name), column)


def test_slots_that_report_nothing_are_untouched() -> None:
    """A step changes only the slots it was given."""
    lot = armed_lot(3)
    before = {name: getattr(lot.arrays, name)[[0, 2]].copy() for name in AnchorArrays.__slots__}

    lot.slots = np.array([1])
    for k in range(10):
        lot.step(metres(50.0 * k), metres(0))

    for name, column in before.items():
        np.testing.assert_array_equal(getattr(lot.arrays, name)[[0, 2]], column)
