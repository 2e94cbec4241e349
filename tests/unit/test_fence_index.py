"""Thousands of fences at once give what stepping every vehicle against every fence gives."""

import math
from collections.abc import Iterable, Sequence

import msgspec
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.fence_pairs import Heard
from alerts.fences import UNKNOWN_ACC_M, FenceWatch
from alerts.rules.fence_area import Area, FenceTooSmall
from alerts.rules.geofence import At, FenceEvent, Membership, Side, step
from devices.geo import M_PER_DEG_LAT
from devices.model import Fence
from devices.readings import Fix
from support.factories import a_fix
from support.fencing import fence_events_of

LAT_DEG, LON_DEG = 31.82, 117.23
EAST_M = M_PER_DEG_LAT * math.cos(math.radians(LAT_DEG))
VEHICLES = ("v-1", "v-2", "v-3")


def _place(east_m: float, north_m: float) -> tuple[float, float]:
    return LAT_DEG + north_m / M_PER_DEG_LAT, LON_DEG + east_m / EAST_M


def _ring(corners: Sequence[tuple[float, float]]) -> list[list[float]]:
    degrees = [_place(*corner) for corner in corners]
    return [[lon, lat] for lat, lon in [*degrees, degrees[0]]]


def _star(
    middle: tuple[float, float], radii: Sequence[float], share: float = 1.0
) -> list[list[float]]:
    """A simple ring: corners at equal angles, each at a distance of its own."""
    angles = [2 * math.pi * k / len(radii) for k in range(len(radii))]
    x, y = middle
    return _ring(
        [
            (x + share * r * math.cos(a), y + share * r * math.sin(a))
            for r, a in zip(radii, angles, strict=True)
        ]
    )


metres = st.floats(-600, 600)
radii = st.lists(st.floats(40, 400), min_size=3, max_size=9)


@st.composite
def _fences(draw: st.DrawFn) -> list[Fence]:
    """Circles, polygons, those with a hole, and two parts; some of one vehicle alone."""
    made = []
    for k in range(draw(st.integers(1, 6))):
        common: dict[str, object] = {
            "id": f"f-{k}",
            "margin_m": draw(st.sampled_from([0.0, 10.0, 40.0])),
            "dwell_s": draw(st.sampled_from([0.0, 5.0, 20.0])),
            "vehicle_id": draw(st.sampled_from([None, None, None, *VEHICLES])),
        }
        middle = (draw(metres), draw(metres))
        form = draw(st.sampled_from(["circle", "polygon", "hole", "parts"]))
        if form == "circle":
            lat_deg, lon_deg = _place(*middle)
            radius_m = draw(st.floats(25, 300))
            shape: dict[str, object] = {"lat_deg": lat_deg, "lon_deg": lon_deg}
            shape["radius_m"] = radius_m
        else:
            drawn = draw(radii)
            rings = [_star(middle, drawn)]
            if form == "hole":
                rings.append(_star(middle, drawn, 0.4))
            if form == "parts":
                away = (middle[0] + 2_000, middle[1])
                geometry: dict[str, object] = {
                    "type": "MultiPolygon",
                    "coordinates": [rings, [_star(away, drawn)]],
                }
            else:
                geometry = {"type": "Polygon", "coordinates": rings}
            shape = {"geometry": geometry}
        made.append(msgspec.convert(common | shape, Fence))
    return made


step_m = st.one_of(st.floats(-15, 15), st.floats(-400, 400))
tracks = st.lists(
    st.tuples(
        st.sampled_from(VEHICLES),
        step_m,
        step_m,
        st.sampled_from([None, 0.0, 4.0, 12.0, 60.0, 400.0, 1_450.0]),
        st.sampled_from([1.0, 5.0, 10.0, 61.0]),
        st.sampled_from([0, 0, 0, 0, 1, 2, 3]),
    ),
    min_size=1,
    max_size=50,
)


class EveryPair:
    """What the watch must give: each vehicle against each fence, one after the other."""

    def __init__(self, fences: Sequence[Fence]) -> None:
        self.areas: dict[str, Area] = {}
        self.members: dict[tuple[str, str], Membership] = {}
        for fence in fences:
            self.save(fence)

    def save(self, fence: Fence) -> None:
        """Draw a fence anew."""
        self.areas.pop(fence.id, None)
        self.members = {pair: m for pair, m in self.members.items() if pair[1] != fence.id}
        try:
            self.areas[fence.id] = Area(fence)
        except FenceTooSmall:
            return

    def step(
        self, vehicle: str, place: tuple[float, float], acc_m: float | None, t_ms: int
    ) -> list[FenceEvent]:
        """One fix."""
        events = []
        for fence_id, area in sorted(self.areas.items()):
            if area.fence.vehicle_id not in {None, vehicle}:
                continue
            member = self.members.setdefault((vehicle, fence_id), Membership())
            x, y = area.local(*place)
            acc = UNKNOWN_ACC_M if acc_m is None else acc_m
            events += step(area, member, At(x, y, area.depth_m(x, y), acc, t_ms, t_ms))
        return events


def _restarted(watch: FenceWatch, fences: Sequence[Fence]) -> FenceWatch:
    blob = watch.dump()
    other = FenceWatch()
    other.load(blob)
    other.follow(fences)
    return other


@settings(max_examples=40, deadline=None)
@given(fences=_fences(), track=tracks, size=st.integers(1, 20))
def test_index_and_batches_give_what_every_pair_gives(
    fences: list[Fence], track: list[tuple[str, float, float, float | None, float, int]], size: int
) -> None:
    """Events and sides, also when fences are redrawn and the service restarts on the way."""
    every, watch = EveryPair(fences), FenceWatch()
    watch.follow(fences)
    places = dict.fromkeys(VEHICLES, (0.0, 0.0))
    expected: list[FenceEvent] = []
    found: list[FenceEvent] = []
    waiting: list[tuple[str, tuple[float, float], float | None, int]] = []
    now_s = 1_000.0

    for vehicle, east_m, north_m, acc_m, after_s, then in track:
        now_s += after_s
        x, y = places[vehicle]
        places[vehicle] = (x + east_m, y + north_m)
        fix = (vehicle, _place(*places[vehicle]), acc_m, round(now_s * 1000))
        expected += every.step(*fix)
        waiting.append(fix)
        if len(waiting) == size or then:
            found += _all_at_once(watch, waiting)
            waiting = []
        if then == 1:
            watch = _restarted(watch, fences)
        elif then == 2:
            moved = msgspec.structs.replace(fences[0], vehicle_id=None, **_circle(x, y))
            fences = [moved, *fences[1:]]
            every.save(moved)
            watch.save(moved)
        elif then == 3:
            renamed = msgspec.structs.replace(fences[-1], name=f"at {now_s}")
            fences = [*fences[:-1], renamed]
            watch.save(renamed)
    found += _all_at_once(watch, waiting)

    assert [_said(event) for event in found] == [_said(event) for event in expected]
    sides = {pair: watch.side_of(*pair) for pair in every.members}
    assert sides == {pair: Side(member.side) for pair, member in every.members.items()}


@pytest.mark.parametrize("seed", range(3))
def test_town_on_the_move_gives_what_every_pair_gives(seed: int) -> None:
    """Parked at edges, rolling by, riding through narrow fences; redrawn ones and restarts."""
    rng = np.random.default_rng(seed)
    fences = [_town_fence(rng, k) for k in range(25)]
    every, watch = EveryPair(fences), FenceWatch()
    watch.follow(fences)
    vehicles = [f"v-{k}" for k in range(12)]
    places = rng.uniform(-900, 900, (12, 2))
    speeds = rng.normal(0, 1, (12, 2)) * rng.choice([0.0, 1.0, 8.0], (12, 1))
    expected: list[FenceEvent] = []
    found: list[FenceEvent] = []

    for turn in range(60):
        places += 10 * speeds
        speeds[np.abs(places) > 900] *= -1
        noise = rng.normal(0, 4, (12, 2))
        accuracies = rng.choice([3.0, 8.0, 15.0, 300.0], 12, p=[0.4, 0.4, 0.18, 0.02])
        t_ms = 1_000_000 + turn * 10_000
        fixes = [
            (vehicle, _place(*(places[k] + noise[k])), float(accuracies[k]), t_ms)
            for k, vehicle in enumerate(vehicles)
        ]
        for fix in fixes:
            expected += every.step(*fix)
        found += _all_at_once(watch, fixes)
        if turn % 10 == 5:
            redrawn = _town_fence(rng, int(rng.integers(25)))
            fences = [redrawn if fence.id == redrawn.id else fence for fence in fences]
            every.save(redrawn)
            watch.save(redrawn)
        if turn % 20 == 15:
            watch = _restarted(watch, fences)

    assert [_said(event) for event in found] == [_said(event) for event in expected]
    sides = {pair: watch.side_of(*pair) for pair in every.members}
    assert sides == {pair: Side(member.side) for pair, member in every.members.items()}
    assert {event.inferred for event in expected} == {True, False}


def _town_fence(rng: np.random.Generator, number: int) -> Fence:
    """A site's circle, a block or a narrow lane."""
    middle = rng.uniform(-900, 900, 2).tolist()
    form = rng.choice(["circle", "block", "lane"])
    if form == "circle":
        shape = _circle(*middle) | {"radius_m": float(rng.uniform(25, 120))}
    else:
        width_m, length_m = (60, 400) if form == "lane" else (150, 150)
        x, y = middle
        corners = [(x, y), (x + width_m, y), (x + width_m, y + length_m), (x, y + length_m)]
        shape = {"geometry": {"type": "Polygon", "coordinates": [_ring(corners)]}}
    return msgspec.convert({"id": f"f-{number:02d}", "dwell_s": 15.0} | shape, Fence)


def _circle(east_m: float, north_m: float) -> dict[str, object]:
    lat_deg, lon_deg = _place(east_m, north_m)
    return {"lat_deg": lat_deg, "lon_deg": lon_deg, "radius_m": 60.0, "geometry": None}


def _all_at_once(
    watch: FenceWatch, fixes: Sequence[tuple[str, tuple[float, float], float | None, int]]
) -> list[FenceEvent]:
    """Fixes of any vehicles in one batch, events in the order of their fixes."""
    accuracies = [np.nan if acc_m is None else acc_m for _, _, acc_m, _ in fixes]
    times = np.array([t_ms for *_, t_ms in fixes], np.int64)
    heard = Heard(
        vehicles=[vehicle for vehicle, *_ in fixes],
        lat_deg=np.array([place[0] for _, place, _, _ in fixes]),
        lon_deg=np.array([place[1] for _, place, _, _ in fixes]),
        acc_m=np.array(accuracies),
        t_ms=times,
        elapsed_ms=times,
    )
    return [event for _, event in watch.step(heard)]


def _said(event: FenceEvent) -> tuple[str, str, int, bool]:
    return event.fence.id, event.what, event.t_ms, event.inferred


@settings(max_examples=40, deadline=None)
@given(fences=_fences(), east_m=metres, north_m=metres, corner=st.integers(0, 40))
def test_fences_around_a_place_are_those_that_hold_it(
    fences: list[Fence], east_m: float, north_m: float, corner: int
) -> None:
    """Also on a corner, where the boundary is inside."""
    place = _place(east_m, north_m)
    geometry = fences[0].geometry
    if corner < 20 and geometry is not None and geometry["type"] == "Polygon":
        rings = geometry["coordinates"]
        assert isinstance(rings, list)
        lon_deg, lat_deg = rings[-1][corner % len(rings[-1])]
        place = (lat_deg, lon_deg)
    every, watch = EveryPair(fences), FenceWatch()
    watch.follow(fences)

    around = [area.fence.id for area in watch.around("v-1", *place)]

    assert around == [
        name
        for name, area in sorted(every.areas.items())
        if area.fence.vehicle_id in {None, "v-1"} and area.depth_m(*area.local(*place)) >= 0
    ]


@pytest.mark.parametrize("hole", [False, True])
@pytest.mark.parametrize("many", [False, True])
def test_point_on_a_boundary_is_inside(*, hole: bool, many: bool) -> None:
    """Of the outer ring and of a hole's; depth 0, however many corners the ring has."""
    sides = 300 if many else 4
    radii_m = [400.0] * sides
    rings = [_star((0, 0), radii_m), _star((0, 0), radii_m, 0.5)]
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
        parts.append([_star(middle, radii_m), _star(middle, radii_m, 0.5)])
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
    lat_deg, lon_deg = _place(0, north_m)
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
    geometry: dict[str, object] = {"type": "Polygon", "coordinates": [_ring(corners)]}
    watch = FenceWatch()
    watch.follow([Fence(id="f-1", geometry=geometry, margin_m=40)])
    (lat_deg, lon_deg), said = _place(600, 600), _stay(watch, range(3), 2_000)

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
    assert [fence.id for fence in watch.inside("v-1")] == ["f-0"]
    assert size < 500 * 20
