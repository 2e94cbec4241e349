"""Crossings: narrow fences are not leapt over unseen, and noise is no crossing."""

import pytest

from alerts.rules.geofence import Side
from support.factories import at_ms
from support.fence_walk import Walk, box, circle, polygon


def test_leap_over_a_narrow_fence_is_a_crossing_a_10() -> None:
    """120 m west, then 130 m east 12 s later: an enter and its exit, with estimated times."""
    walk = Walk(circle(30))

    walk.to(47.05, 8.3 - 0.00158)
    walk.to(47.05, 8.3 + 0.00172, after_s=12)

    enter, exit_ = walk.events
    assert walk.said == ["geofence_enter", "geofence_exit"]
    assert enter.inferred
    assert exit_.inferred
    assert (enter.t_ms - at_ms(1)) / 1000 == pytest.approx(12 * 90 / 250, abs=0.1)
    assert (exit_.t_ms - at_ms(1)) / 1000 == pytest.approx(12 * 150 / 250, abs=0.1)
    assert walk.side is Side.OUTSIDE


def test_ride_through_with_one_fix_inside_is_the_same_crossing() -> None:
    """It was inside for less than the dwell, and came out on the other side."""
    walk = Walk(circle(30))

    for east_deg in (-0.00158, 0.0, 0.00172):
        walk.to(47.05, 8.3 + east_deg, after_s=12)

    assert walk.said == ["geofence_enter", "geofence_exit"]


def test_noise_into_a_fence_and_back_is_no_crossing() -> None:
    """Parked 60 m away; one fix lands inside; the next is where the first was."""
    walk = Walk(circle(30))
    walk.stay(47.05, 8.3 + 0.0008, 5)

    walk.to(47.05, 8.3)
    walk.stay(47.05, 8.3 + 0.0008, 5)

    assert walk.said == []


def test_grazing_the_margin_is_no_crossing() -> None:
    """The way leads through the outermost metres only."""
    walk = Walk(circle(100))

    walk.to(47.05 + 95 / 111_195, 8.3 - 0.00258)
    walk.to(47.05 + 95 / 111_195, 8.3 + 0.00258, after_s=20)

    assert walk.said == []


def test_crossing_through_holes_is_one_enter_and_one_exit() -> None:
    """A ring road around a yard: in at the first edge, out at the last."""
    walk = Walk(polygon(box(47.00, 47.002, 8.00, 8.002), box(47.0007, 47.0013, 8.0007, 8.0013)))

    walk.to(47.001, 7.999)
    walk.to(47.001, 8.003, after_s=20)

    assert walk.said == ["geofence_enter", "geofence_exit"]


@pytest.mark.parametrize(("after_s", "why"), [(120, "long gap"), (3, "83 m/s")])
def test_leap_is_no_crossing_when_it_proves_nothing_a_10(after_s: float, why: str) -> None:
    """Not used when the gap is long or the implied speed impossible."""
    walk = Walk(circle(30))

    walk.to(47.05, 8.3 - 0.00158)
    walk.to(47.05, 8.3 + 0.00172, after_s=after_s)

    assert walk.said == [], why


def test_passing_by_is_no_crossing() -> None:
    """The segment must go through the inside."""
    walk = Walk(circle(30))

    walk.to(47.05 + 0.001, 8.3 - 0.00158)
    walk.to(47.05 + 0.001, 8.3 + 0.00172, after_s=12)

    assert walk.said == []
