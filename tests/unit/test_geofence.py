"""Fences: no flapping at an edge, holes are outside, small ones are refused, sides are kept."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.fences import FenceWatch
from alerts.rules.fence_area import MIN_RADIUS_M, Area, FenceTooSmall
from alerts.rules.geofence import Side
from devices.model import Fence
from support.factories import a_fix
from support.fence_walk import Walk, box, circle, polygon
from support.fencing import fence_events_of


@pytest.mark.parametrize("acc_m", [5.0, 15.0, 25.0])
@pytest.mark.parametrize("from_the_middle", [True, False])
@pytest.mark.parametrize("restart_at", [None, 0, 30, 60, 63])
def test_noise_at_the_edge_is_at_most_one_event_a_08(
    restart_at: int | None, acc_m: float, *, from_the_middle: bool
) -> None:
    """94 m and 106 m in turn for a minute, then 10 s at 180 m: exactly one exit, restart or not."""
    walk = Walk(circle(100), acc_m=acc_m)
    if from_the_middle:
        walk.to(47.05, 8.3)

    at_the_edge: list[str] = []
    for k in range(70):
        if k == restart_at:
            walk.restart()
        if k == 60:
            at_the_edge = list(walk.said)
        edge_deg = 0.00095 if k % 2 else 0.00085
        walk.to(47.05 + (edge_deg if k < 60 else 180 / 111_195), 8.3)

    assert at_the_edge == []
    assert walk.said == ["geofence_exit"]
    assert [event.inferred for event in walk.events] == [not from_the_middle]
    assert walk.side is Side.OUTSIDE


def test_fixes_of_one_message_last_by_their_own_times() -> None:
    """Ten seconds outside, told in one batch: the steady clock stands still, the fixes do not."""
    watch = FenceWatch()
    watch.follow([circle(100)])
    said = []

    for at_s in range(20):
        fix = a_fix(at_s, lat_deg=47.05 + (180 / 111_195 if at_s > 9 else 0), lon_deg=8.3)
        said += [event.what for event in fence_events_of(watch, "v-1", fix, 1_000)]

    assert said == ["geofence_exit"]


@pytest.mark.parametrize(("north_m", "seconds", "said"), [(135, 15, []), (135, 21, ["exit"])])
def test_near_the_boundary_the_whole_dwell_counts(
    north_m: float, seconds: int, said: list[str]
) -> None:
    """35 m beyond is less than three times the accuracy of 12 m."""
    walk = Walk(circle(100), acc_m=12)
    walk.to(47.05, 8.3)

    walk.stay(47.05 + north_m / 111_195, 8.3, seconds)

    assert [what.removeprefix("geofence_") for what in walk.said] == said


def test_two_holes_are_outside_a_09() -> None:
    """Between them is inside; rolling into either is an exit, out of it an enter."""
    walk = Walk(
        polygon(
            box(47.00, 47.02, 8.00, 8.02),
            box(47.004, 47.008, 8.004, 8.008),
            box(47.012, 47.016, 8.012, 8.016),
            dwell_s=5,
        )
    )
    between, first, second = (47.010, 8.010), (47.006, 8.006), (47.014, 8.014)
    sides = []

    for place in (between, first, between, second, (47.03, 8.03)):
        walk.stay(*place, 10)
        sides.append(walk.side)

    assert sides == [Side.INSIDE, Side.OUTSIDE, Side.INSIDE, Side.OUTSIDE, Side.OUTSIDE]
    assert walk.said == ["geofence_exit", "geofence_enter", "geofence_exit"]


def test_first_hole_is_not_the_only_one_a_09() -> None:
    """A point in the second hole is outside on its own, too."""
    area = Area(
        polygon(
            box(47.00, 47.02, 8.00, 8.02),
            box(47.004, 47.008, 8.004, 8.008),
            box(47.012, 47.016, 8.012, 8.016),
        )
    )
    places = [(47.006, 8.006), (47.014, 8.014), (47.010, 8.010), (47.03, 8.01)]

    inside = [area.depth_m(*area.local(*place)) > 0 for place in places]

    assert inside == [False, False, True, False]


def test_fix_less_accurate_than_the_fence_decides_nothing_a_25() -> None:
    """700 m away with an error of 1,450 m, for as long as it likes."""
    walk = Walk(circle(60, dwell_s=5))
    walk.stay(47.05, 8.3, 10)

    for _ in range(60):
        walk.to(47.05, 8.3 + 0.0092, acc_m=1_450)

    assert walk.said == []
    assert walk.side is Side.INSIDE


def test_bad_fix_begins_nothing_a_25() -> None:
    """Its error is larger than the fence: the side stays unknown until a better one comes."""
    walk = Walk(circle(60))

    walk.to(47.05, 8.3, acc_m=200)
    bad = walk.side
    walk.to(47.05, 8.3)

    assert (bad, walk.side, walk.said) == (Side.UNKNOWN, Side.INSIDE, [])


@pytest.mark.parametrize("radius_m", [5, MIN_RADIUS_M - 1])
def test_fence_smaller_than_the_error_is_refused_a_25(radius_m: float) -> None:
    """With a hint: it would be left by noise."""
    with pytest.raises(FenceTooSmall, match="make it larger"):
        Area(circle(radius_m))


def test_narrow_polygon_is_refused_too() -> None:
    """A slip of 10 m by 40 m is as small as a circle of 11 m."""
    with pytest.raises(FenceTooSmall):
        Area(polygon(box(47.0, 47.00009, 8.0, 8.0005)))


@pytest.mark.parametrize(
    "fence",
    [
        Fence(id="f-1"),
        Fence(id="f-1", lat_deg=47, lon_deg=8),
        polygon([[8.0, 47.0], [8.1, 47.1], [8.1, 47.0], [8.0, 47.1], [8.0, 47.0]]),
    ],
)
def test_fence_without_a_shape_is_refused(fence: Fence) -> None:
    """Neither a circle nor a valid polygon (a bow tie has no inside)."""
    with pytest.raises(ValueError, match=r"geometry|valid"):
        Area(fence)


def test_restart_keeps_membership_a_26() -> None:
    """Inside before, inside after; the next message is no event."""
    walk = Walk(circle(100, dwell_s=5))
    walk.stay(47.05, 8.3, 10)

    walk.restart()
    kept = walk.side
    walk.to(47.05, 8.3, after_s=40)

    assert (kept, walk.said) == (Side.INSIDE, [])


@pytest.mark.parametrize("place", [(47.05, 8.3), (47.06, 8.3)])
def test_first_side_known_is_no_event_a_26(place: tuple[float, float]) -> None:
    """The start is unknown, never outside: a cold start arms nothing and alarms nothing."""
    walk = Walk(circle(100, dwell_s=5))
    before = walk.side

    walk.stay(*place, 10)

    assert (before, walk.said) == (Side.UNKNOWN, [])
    assert walk.side is not Side.UNKNOWN


@pytest.mark.parametrize(
    ("dwell_s", "lasts_s"), [(3.0, 3), (5.0, 5), (20.0, 5)], ids=["own", "equal", "far"]
)
def test_new_side_counts_after_it_lasted(dwell_s: float, lasts_s: int) -> None:
    """Four seconds outside are not five; far outside five are enough."""
    walk = Walk(circle(100, dwell_s=dwell_s))
    walk.stay(47.05, 8.3, 3)

    walk.stay(47.06, 8.3, lasts_s)
    short = list(walk.said)
    walk.to(47.06, 8.3)

    assert (short, walk.said) == ([], ["geofence_exit"])


def test_redrawn_fence_makes_no_event() -> None:
    """The fence moved, not the vehicle: it begins anew."""
    walk = Walk(circle(100))
    walk.stay(47.05, 8.3, 3)

    walk.watch.follow([msgspec.structs.replace(circle(100), lat_deg=47.06)])
    redrawn = walk.side
    walk.stay(47.05, 8.3, 60)

    assert (redrawn, walk.side, walk.said) == (Side.UNKNOWN, Side.OUTSIDE, [])


def test_fence_of_one_vehicle_does_not_speak_of_others() -> None:
    """A home fence is its owner's."""
    home = msgspec.structs.replace(circle(100, dwell_s=1), vehicle_id="v-2")
    walk = Walk(home)

    walk.stay(47.05, 8.3, 3)

    assert walk.side is Side.UNKNOWN


def test_changed_fences_keep_what_is_known_of_the_others() -> None:
    """Saving a second fence makes no event in the first; a deleted one is forgotten."""
    first = circle(100, dwell_s=1)
    second = msgspec.structs.replace(circle(200, dwell_s=1), id="f-2")
    walk = Walk(first)
    walk.stay(47.05, 8.3, 3)

    walk.watch.follow([first, second])
    walk.to(47.05, 8.3)
    kept = walk.side
    walk.watch.follow([second])
    gone = walk.side

    assert (kept, gone, walk.said) == (Side.INSIDE, Side.UNKNOWN, [])


RING = [[8.000, 47.000], [8.010, 47.002], [8.012, 47.009], [8.004, 47.012], [7.998, 47.006]]


@settings(max_examples=60)
@given(
    start=st.integers(0, 4),
    reverse=st.booleans(),
    lat_deg=st.floats(46.995, 47.015),
    lon_deg=st.floats(7.99, 8.02),
)
def test_start_and_direction_of_a_ring_mean_nothing(
    start: int, lat_deg: float, lon_deg: float, *, reverse: bool
) -> None:
    """A polygon is its area, however it is written down."""
    turned = RING[start:] + RING[:start]
    turned = turned[::-1] if reverse else turned
    plain, other = (Area(polygon([*ring, ring[0]])) for ring in (RING, turned))

    depths = [area.depth_m(*area.local(lat_deg, lon_deg)) for area in (plain, other)]

    assert depths[0] == pytest.approx(depths[1], abs=1e-3)


@given(
    track=st.lists(st.tuples(st.floats(-300, 300), st.sampled_from([1.0, 10.0, 60.0])), max_size=60)
)
def test_enters_and_exits_take_turns(track: list[tuple[float, float]]) -> None:
    """Never an enter without its exit."""
    walk = Walk(circle(100, dwell_s=5))
    walk.to(47.05, 8.3)

    for north_m, after_s in track:
        walk.to(47.05 + north_m / 111_195, 8.3, after_s=after_s)

    turns = walk.said
    assert turns == ["geofence_exit", "geofence_enter"] * (len(turns) // 2) + (
        ["geofence_exit"] if len(turns) % 2 else []
    )
    assert (walk.side is Side.OUTSIDE) == bool(len(turns) % 2)
