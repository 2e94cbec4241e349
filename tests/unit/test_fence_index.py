"""Thousands of fences at once give what stepping every vehicle against every fence gives."""

from collections.abc import Sequence

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.fence_pairs import Heard
from alerts.fences import UNKNOWN_ACC_M, FenceWatch
from alerts.rules.fence_area import Area, FenceTooSmall
from alerts.rules.geofence import At, FenceEvent, Membership, Side, step
from devices.model import Fence
from support.fencing import metres_to_degrees, ring, star

VEHICLES = ("v-1", "v-2", "v-3")
PARKED_M = {"v-1": 15.0}
"""Held for parked by the detector, so far from its anchor, wherever its fixes are."""


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
            lat_deg, lon_deg = metres_to_degrees(*middle)
            radius_m = draw(st.floats(25, 300))
            shape: dict[str, object] = {"lat_deg": lat_deg, "lon_deg": lon_deg}
            shape["radius_m"] = radius_m
        else:
            drawn = draw(radii)
            rings = [star(middle, drawn)]
            if form == "hole":
                rings.append(star(middle, drawn, 0.4))
            if form == "parts":
                away = (middle[0] + 2_000, middle[1])
                geometry: dict[str, object] = {
                    "type": "MultiPolygon",
                    "coordinates": [rings, [star(away, drawn)]],
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
            at = At(x, y, area.depth_m(x, y), acc, t_ms, t_ms, PARKED_M.get(vehicle, np.nan))
            events += step(area, member, at)
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
        fix = (vehicle, metres_to_degrees(*places[vehicle]), acc_m, round(now_s * 1000))
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
            (vehicle, metres_to_degrees(*(places[k] + noise[k])), float(accuracies[k]), t_ms)
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
        shape = {"geometry": {"type": "Polygon", "coordinates": [ring(corners)]}}
    return msgspec.convert({"id": f"f-{number:02d}", "dwell_s": 15.0} | shape, Fence)


def _circle(east_m: float, north_m: float) -> dict[str, object]:
    lat_deg, lon_deg = metres_to_degrees(east_m, north_m)
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
        parked_m=np.array([PARKED_M.get(vehicle, np.nan) for vehicle, *_ in fixes]),
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
    place = metres_to_degrees(east_m, north_m)
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
