"""Fences in the engine: crossings of every vehicle, alerts of armed ones, sides over a restart."""

import pytest

from alerts.model import AlertKind, FenceCrossing, Level
from alerts.rules.geofence import Side
from devices.control import DeleteFence, SaveFence
from devices.model import Fence, FenceKind
from support.factories import HOME, a_vehicle, at_ms, place
from support.scene import Scene


def _fence(kind: FenceKind, *, radius_m: float = 60.0, east_m: float = 0.0) -> Fence:
    lat_deg, lon_deg = place(east_m)
    return Fence(
        id="f-1", kind=kind, lat_deg=lat_deg, lon_deg=lon_deg, radius_m=radius_m, dwell_s=15.0
    )


def _said(scene: Scene) -> list[tuple[str, str]]:
    return [(crossing.vehicle_id, crossing.what) for crossing in scene.crossings]


def _creep(scene: Scene, to_m: float) -> None:
    """So slowly that only the fence may notice: 1 m per report of 60 s."""
    while scene.gone_m < to_m:
        scene.gone_m += 1
        scene.wait(60)
        scene.fix(scene.gone_m)


def test_leaving_a_keep_in_fence_tells_the_owner() -> None:
    """Crept out of the depot without ever looking like a theft: level 1."""
    scene = Scene(fences=(_fence(FenceKind.KEEP_IN),))
    scene.park()

    _creep(scene, 90)

    alert = scene.alert
    assert (alert.kind, alert.level) == (AlertKind.GEOFENCE, Level.SUSPECTED)
    assert scene.asked() == ["owner:wang"]
    assert "left_fence" in {reason.code for reason in alert.reasons}


def test_fence_alone_never_reaches_the_police() -> None:
    """Leaving a fence is the position's word again."""
    scene = Scene(fences=(_fence(FenceKind.KEEP_IN),))
    scene.park()

    scene.ride(300)

    assert scene.alert.level is Level.SUSPECTED


def test_entering_a_keep_out_fence_tells_the_owner() -> None:
    """A forbidden area."""
    scene = Scene(fences=(_fence(FenceKind.KEEP_OUT, east_m=150, radius_m=60),))
    scene.park()

    _creep(scene, 110)

    assert "entered_fence" in {reason.code for reason in scene.alert.reasons}


@pytest.mark.parametrize("kind", [FenceKind.WATCH, FenceKind.KEEP_OUT])
def test_leaving_another_fence_tells_nobody(kind: FenceKind) -> None:
    """Only what the fence is for."""
    scene = Scene(fences=(_fence(kind),))
    scene.park()

    _creep(scene, 90)

    assert scene.quiet


def test_disarmed_vehicle_leaves_its_fence_in_silence() -> None:
    """The owner rides to work."""
    scene = Scene(vehicle=a_vehicle(auto_arm=False), fences=(_fence(FenceKind.KEEP_IN),))
    scene.park()

    scene.ride(300)

    assert scene.quiet
    assert _said(scene) == [("v-1", "geofence_exit")]


def test_crossing_says_who_where_and_when() -> None:
    """Vehicle, tracker, fence, both times, and that fixes saw it."""
    scene = Scene(vehicle=a_vehicle(auto_arm=False), fences=(_fence(FenceKind.WATCH),))
    scene.park()
    scene.ride(60)

    (crossing,) = scene.crossings

    assert crossing == FenceCrossing(
        vehicle_id="v-1",
        device_id="trk-000001",
        fence_id="f-1",
        what="geofence_exit",
        t_ms=crossing.t_ms,
        recv_ms=crossing.recv_ms,
        inferred=False,
    )
    assert at_ms(310) <= crossing.t_ms == crossing.recv_ms <= at_ms(340)


def test_narrow_fence_on_the_way_is_an_enter_and_its_exit_a_10() -> None:
    """60 m wide, crossed between two fixes: both events, marked, for a disarmed vehicle."""
    fence = _fence(FenceKind.WATCH, radius_m=30, east_m=1_000)
    scene = Scene(vehicle=a_vehicle(auto_arm=False), fences=(fence,))
    for east_m in (750, 880, 1_130, 1_260):
        scene.wait(12)
        scene.fix(east_m)

    assert _said(scene) == [("v-1", "geofence_enter"), ("v-1", "geofence_exit")]
    assert [crossing.inferred for crossing in scene.crossings] == [True, True]


def test_armed_vehicle_that_crosses_a_forbidden_area_tells_the_owner() -> None:
    """Though no fix was inside."""
    fence = _fence(FenceKind.KEEP_OUT, radius_m=30, east_m=200)
    scene = Scene(fences=(fence,))
    scene.park()

    scene.ride(40, speed_mps=9)

    assert "entered_fence" in {reason.code for reason in scene.alert.reasons}


def test_leap_that_the_detector_holds_back_crosses_nothing() -> None:
    """One fix 20 km away between two at home."""
    scene = Scene(fences=(_fence(FenceKind.WATCH),))
    scene.park()

    scene.wait(10)
    scene.fix(20_000)
    scene.park(60)

    assert scene.crossings == []


def test_three_bikes_in_the_depot_over_a_restart_a_26() -> None:
    """Their next messages come 40 s apart: no event, no arming changes, sides known throughout."""
    scene = Scene(trackers=3, fences=(_fence(FenceKind.KEEP_IN, radius_m=3_000),))
    for _ in range(30):
        scene.wait(10)
        for number in (1, 2, 3):
            scene.fix(number=number)
    armed = [scene.engine.armed_state(slot) for slot in (1, 2, 3)]

    scene.restart()
    sides = [scene.engine.fence_side(f"v-{number}", "f-1") for number in (1, 2, 3)]
    for number in (1, 2, 3):
        scene.wait(40)
        scene.fix(number=number)
        sides += [scene.engine.fence_side(f"v-{k}", "f-1") for k in (1, 2, 3)]

    assert set(sides) == {Side.INSIDE}
    assert scene.crossings == []
    assert [scene.engine.armed_state(slot) for slot in (1, 2, 3)] == armed == [2, 2, 2]


def test_start_is_unknown_never_outside_a_26() -> None:
    """Before the first fix nobody knows; the first one is no event."""
    scene = Scene(fences=(_fence(FenceKind.KEEP_IN),))
    before = scene.engine.fence_side("v-1", "f-1")

    scene.fix()

    assert before is Side.UNKNOWN
    assert scene.engine.fence_side("v-1", "f-1") is Side.INSIDE
    assert scene.engine.fence_side("v-1", "no such fence") is Side.UNKNOWN
    assert not scene.effects


def test_excursion_of_a_parked_vehicle_crosses_nothing() -> None:
    """Parked 5 m inside the edge; noise carries it 25 m out for one minute in five (44)."""
    scene = Scene(fences=(_fence(FenceKind.KEEP_IN, radius_m=80),))
    scene.park(at_m=75)

    for _ in range(10):
        scene.park(60, at_m=105)
        scene.park(240, at_m=75)

    assert scene.crossings == []
    assert scene.quiet


def test_side_that_nothing_was_sure_of_raises_no_alert() -> None:
    """The same for longer than noise lasts: a marked crossing, no alarm."""
    scene = Scene(fences=(_fence(FenceKind.KEEP_IN, radius_m=80),))
    scene.park(at_m=75)

    scene.park(150, at_m=105)

    assert [(c.what, c.inferred) for c in scene.crossings] == [("geofence_exit", True)]
    assert scene.quiet


@pytest.mark.parametrize(("speed_mps", "within_s"), [(8.0, 20), (4.0, 40), (1.3, 90)])
def test_ride_leaves_the_fence_as_soon_as_the_detector_doubts(
    speed_mps: float, within_s: float
) -> None:
    """From 5 m inside the edge: ridden, or rolled away on foot."""
    scene = Scene(fences=(_fence(FenceKind.KEEP_IN, radius_m=80),))
    scene.gone_m = 75
    scene.park()

    scene.ride(within_s, speed_mps=speed_mps)

    assert _said(scene) == [("v-1", "geofence_exit")]


def test_restart_inside_makes_no_event_and_keeps_the_side() -> None:
    """The exit after the restart is the first word (A-26)."""
    scene = Scene(fences=(_fence(FenceKind.KEEP_IN),))
    scene.park()

    scene.restart()
    scene.park(60)
    after_restart = scene.quiet
    _creep(scene, 90)

    assert after_restart
    assert scene.story[0] == "raised"


def test_fence_saved_later_is_watched_from_then_on() -> None:
    """And forgotten when it is deleted."""
    scene = Scene()
    scene.park()
    scene.people(SaveFence(at_ms=0, fence=_fence(FenceKind.KEEP_IN)))
    scene.park(60)
    scene.people(DeleteFence(at_ms=0, fence_id="f-1"))

    _creep(scene, 90)

    assert scene.quiet


def test_fence_around_another_place_says_nothing() -> None:
    """Outside from the start is no exit."""
    fence = Fence(
        id="f-2", kind=FenceKind.KEEP_IN, lat_deg=HOME[0] + 1, lon_deg=HOME[1], radius_m=100
    )
    scene = Scene(fences=(fence,))
    scene.park()

    _creep(scene, 60)

    assert scene.quiet
