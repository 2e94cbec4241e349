"""A fence at its boundary, at the ends of the plane, redrawn, left for good and leapt over."""

from collections.abc import Iterable

import msgspec
import numpy as np
import pytest
import shapely

from alerts.fences import FenceWatch
from alerts.rules.fence_area import Area
from alerts.rules.geofence import FenceEvent, Side
from devices.geo import M_PER_DEG_LAT
from devices.model import Fence
from devices.readings import Fix
from support.factories import a_fix
from support.fencing import LAT_DEG, LON_DEG, fence_events_of, metres_to_degrees, ring, star


@pytest.mark.parametrize("hole", [False, True])
@pytest.mark.parametrize("many", [False, True])
def test_point_on_a_boundary_is_inside(*, hole: bool, many: bool) -> None:
    """Of the outer ring and of a hole's; depth 0, however many corners the ring has."""
    sides = 300 if many else 4
    radii_m = [400.0] * sides
    rings = [star((0, 0), radii_m), star((0, 0), radii_m, 0.5)]
    area = Area(Fence(id="f-1", geometry={"type": "Polygon", "coordinates": rings}))
    lon_deg, lat_deg = rings[1 if hole else 0][sides // 4]

    assert area.depth_m(*area.local(lat_deg, lon_deg)) == pytest.approx(0, abs=1e-6)
    assert area.has_many_corners is many
    nudge_m = 1.0 if hole else -1.0
    inside = area.depth_m(*area.local(lat_deg + nudge_m / M_PER_DEG_LAT, lon_deg))
    outside = area.depth_m(*area.local(lat_deg - nudge_m / M_PER_DEG_LAT, lon_deg))
    assert (inside > 0.5, outside < -0.5) == (True, True)


def test_corners_in_a_tree_give_the_distance_to_all_edges() -> None:
    """A district outline of 2,000 corners, with holes and islands."""
    rng = np.random.default_rng(7)
    parts = []
    for k in range(3):
        middle, radii_m = (k * 5_000.0, 0.0), rng.uniform(800, 1_500, 700).tolist()
        parts.append([star(middle, radii_m), star(middle, radii_m, 0.5)])
    area = Area(Fence(id="f-1", geometry={"type": "MultiPolygon", "coordinates": parts}))
    x, y = rng.uniform(-8_000, 8_000, 500), rng.uniform(-3_000, 3_000, 500)
    assert area.edge is not None
    outline = area.edge

    depths = area.depths_m(x, y)

    away_m = shapely.distance(outline, shapely.points(x, y))
    assert np.abs(depths) == pytest.approx(away_m, abs=1e-6)


@pytest.mark.parametrize("lon_deg", [179.9995, -179.9995])
def test_fence_across_the_date_line_is_refused(lon_deg: float) -> None:
    """A circle that reaches over it, and a polygon drawn across it the long way round."""
    east = [[179.9, 10.0], [-179.9, 10.0], [-179.9, 10.1], [179.9, 10.1], [179.9, 10.0]]
    fences = [
        Fence(id="round", lat_deg=10, lon_deg=lon_deg, radius_m=200),
        Fence(id="drawn", geometry={"type": "Polygon", "coordinates": [east]}),
    ]
    watch = FenceWatch()

    watch.follow(fences)

    assert watch.unusable.keys() == {"round", "drawn"}
    assert all("180th meridian" in why for why in watch.unusable.values())


def test_fence_beside_the_date_line_works() -> None:
    """Up to the line itself; what is across it is far away."""
    watch = FenceWatch()
    watch.follow([Fence(id="f-1", lat_deg=10, lon_deg=179.99, radius_m=500, dwell_s=5)])
    said: list[FenceEvent] = []

    for at_s, lon_deg in enumerate([179.99] * 3 + [-179.99] * 12):
        said += fence_events_of(watch, "v-1", a_fix(at_s, lat_deg=10, lon_deg=lon_deg), at_s * 1000)

    assert watch.side_of("v-1", "f-1") is Side.OUTSIDE
    assert [event.what for event in said] == ["geofence_exit"]


@pytest.mark.parametrize(
    ("lat_deg", "radius_m", "taken"),
    [
        (89.9, 500, True),
        (89.9, 2_000, False),
        (90, 100, False),
        (80, 50_000, True),
        (-89.99, 300, False),
    ],
)
def test_fence_at_a_pole_is_refused_where_the_plane_ends(
    lat_deg: float, radius_m: float, *, taken: bool
) -> None:
    """Small ones far enough from it are good."""
    watch = FenceWatch()

    watch.follow([Fence(id="f-1", lat_deg=lat_deg, lon_deg=10, radius_m=radius_m)])

    assert watch.any is taken
    assert all("pole" in why for why in watch.unusable.values())


def test_edit_while_inside_makes_no_event_and_keeps_the_side() -> None:
    """Another name, kind, margin and dwell; the exit afterwards is told."""
    fence = Fence(id="f-1", lat_deg=LAT_DEG, lon_deg=LON_DEG, radius_m=100)
    watch = FenceWatch()
    watch.follow([fence])
    said = []
    for at_s in range(3):
        said += fence_events_of(watch, "v-1", _fix(at_s, 0), at_s * 1000)

    watch.save(msgspec.structs.replace(fence, name="depot", margin_m=20, dwell_s=5))
    kept = watch.side_of("v-1", "f-1")
    for at_s in range(3, 12):
        said += fence_events_of(watch, "v-1", _fix(at_s, 200), at_s * 1000)

    assert kept is Side.INSIDE
    assert [(event.what, event.fence.name) for event in said] == [("geofence_exit", "depot")]


def _fix(at_s: float, north_m: float) -> Fix:
    lat_deg, lon_deg = metres_to_degrees(0, north_m)
    return a_fix(at_s, lat_deg=lat_deg, lon_deg=lon_deg, acc_m=5)


def test_fence_saved_around_a_parked_vehicle_is_watched_from_its_next_fix() -> None:
    """Its former fixes, with other fences, say nothing of it."""
    watch = FenceWatch()
    watch.follow([Fence(id="other", lat_deg=LAT_DEG + 1, lon_deg=LON_DEG, radius_m=100)])
    _stay(watch, range(5), 0)
    watch.save(Fence(id="f-1", lat_deg=LAT_DEG, lon_deg=LON_DEG, radius_m=100))
    fresh = watch.side_of("v-1", "f-1")

    said = _stay(watch, range(5, 8), 0) + _stay(watch, range(8, 16), 200)

    assert (fresh, said) == (Side.UNKNOWN, ["geofence_exit"])


def test_vehicle_that_left_is_seen_when_it_comes_back() -> None:
    """To the very place where it was, which is no longer clear of that fence."""
    watch = FenceWatch()
    watch.follow([Fence(id="f-1", lat_deg=LAT_DEG, lon_deg=LON_DEG, radius_m=100)])

    said = _stay(watch, range(5), 0) + _stay(watch, range(5, 15), 190)
    said += _stay(watch, range(15, 40), 0)

    assert said == ["geofence_exit", "geofence_enter"]


@pytest.mark.parametrize("leap_m", [200, 500, 1_200])
def test_long_leap_over_a_narrow_fence_is_a_crossing(leap_m: float) -> None:
    """However far from both fixes the fence is."""
    watch = FenceWatch()
    watch.follow([Fence(id="f-1", lat_deg=LAT_DEG, lon_deg=LON_DEG, radius_m=30)])
    _stay(watch, [0], -leap_m / 2)

    said = _stay(watch, [30], leap_m / 2)

    assert said == ["geofence_enter", "geofence_exit"]


def test_far_inside_is_told_by_the_edge_not_by_a_circle_about_the_middle() -> None:
    """400 m from the edge with an accuracy of 100 m: 5 s are enough, towards a corner too."""
    corners = [(-1_000.0, -1_000.0), (1_000.0, -1_000.0), (1_000.0, 1_000.0), (-1_000.0, 1_000.0)]
    geometry: dict[str, object] = {"type": "Polygon", "coordinates": [ring(corners)]}
    watch = FenceWatch()
    watch.follow([Fence(id="f-1", geometry=geometry, margin_m=40)])
    (lat_deg, lon_deg), said = metres_to_degrees(600, 600), _stay(watch, range(3), 2_000)

    for at_s in range(3, 11):
        fix = a_fix(at_s + 1, lat_deg=lat_deg, lon_deg=lon_deg, acc_m=100)
        said += [event.what for event in fence_events_of(watch, "v-1", fix, at_s * 1000)]

    assert said == ["geofence_enter"]


def _stay(watch: FenceWatch, seconds: Iterable[int], north_m: float) -> list[str]:
    """Fixes at one place; what they gave."""
    return [
        event.what
        for at_s in seconds
        for event in fence_events_of(watch, "v-1", _fix(at_s + 1, north_m), at_s * 1000)
    ]


def test_thousands_far_away_leave_no_membership() -> None:
    """What rests outside is no state: a city's fleet times its fences would be hundreds of GB."""
    fences = [
        Fence(id=f"f-{k}", lat_deg=LAT_DEG + k / 100, lon_deg=LON_DEG, radius_m=100)
        for k in range(500)
    ]
    watch = FenceWatch()
    watch.follow(fences)
    fence_events_of(watch, "v-1", _fix(1, 0), 1_000)

    size = len(watch.dump())

    assert watch.side_of("v-1", "f-400") is Side.OUTSIDE
    assert watch.side_of("v-1", "f-0") is Side.INSIDE
    assert size < 500 * 20
