"""Fences in the engine: armed vehicles only, one alert, membership over a restart."""

import pytest

from alerts.model import AlertKind, Level
from devices.control import DeleteFence, SaveFence
from devices.model import Fence, FenceKind
from support.factories import HOME, a_vehicle, place
from support.scene import Scene


def _fence(kind: FenceKind, *, radius_m: float = 60.0, east_m: float = 0.0) -> Fence:
    lat_deg, lon_deg = place(east_m)
    return Fence(
        id="f-1", kind=kind, lat_deg=lat_deg, lon_deg=lon_deg, radius_m=radius_m, dwell_s=15.0
    )


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
