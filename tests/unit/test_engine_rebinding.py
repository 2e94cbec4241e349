"""A tracker that comes to another vehicle begins afresh; a revoked one has nothing to say."""

import pytest

from alerts.detection.anchor import AnchorArrays
from alerts.late import LateLane, fixes_of
from alerts.past import Past, Word
from devices.control import Arm, Disarm, RegisterDevices, ReportStolen, RevokeDevice
from devices.model import Device, Profile
from devices.readings import EventType, Flag
from support.factories import ELAPSED0_MS, a_device, a_fix, a_record, a_vehicle, an_event, at_ms
from support.scene import Scene
from support.theft import late_ride

ARMED, SETTLING, DISARMED = 2, 1, 0
HOUR_S = 3_600
MOVED = a_device(1, vehicle_id="v-2")


def _register(scene: Scene, *devices: Device) -> None:
    scene.people(RegisterDevices(at_ms=at_ms(scene.now_s), devices=list(devices)))


def _revoke(scene: Scene) -> None:
    scene.people(RevokeDevice(at_ms=at_ms(scene.now_s), device_id=a_device().id))


def _two(*, first: Device = MOVED) -> Scene:
    """Tracker 1 parked and armed on ``v-1``, which it leaves; tracker 2 on nothing."""
    scene = Scene(trackers=2)
    _register(scene, a_device(2, vehicle_id=None))
    scene.park()
    assert scene.armed
    _register(scene, first)
    return scene


@pytest.mark.parametrize("first", [MOVED, a_device(1, vehicle_id=None)], ids=["at once", "later"])
def test_tracker_on_another_vehicle_begins_afresh(first: Device) -> None:
    """Carried from an armed vehicle to another one it raises nothing there."""
    scene = _two(first=first)
    scene.wait(60)
    _register(scene, MOVED)
    begun = scene.engine.armed_state(1)

    for k in range(10):
        scene.wait(10)
        scene.hear(a_fix(scene.now_s, 500 + 60 * k), device=MOVED)

    assert begun == SETTLING
    assert scene.quiet


def test_alert_of_the_new_vehicle_comes_when_that_one_is_taken() -> None:
    """It arms by rule where it stands, and is watched from there."""
    scene = _two()
    for _ in range(12):
        scene.wait(10)
        scene.hear(a_fix(scene.now_s, 5_000), device=MOVED)
    armed = scene.armed

    for k in range(12):
        scene.wait(10)
        scene.hear(a_fix(scene.now_s, 5_000 + 60 * k), device=MOVED)

    assert armed
    assert scene.alert.vehicle.id == "v-2"
    assert scene.alert.cause.moved_m < 1_000


def test_late_fix_of_the_former_vehicle_is_not_the_first_of_the_new_one() -> None:
    """A slow network brings it five minutes later, still live by its age."""
    scene = _two()
    scene.wait(60)

    scene.hear(a_fix(200), device=a_device(1))

    assert not any(scene.engine.dump().watch.anchors["last_t"])


@pytest.mark.parametrize("event", [EventType.REMOVED, EventType.ARM, EventType.DISARM])
def test_late_event_of_the_former_vehicle_is_no_word_on_the_new_one(event: EventType) -> None:
    """How the new one is watched and what witnesses against a thief of it stay as they are."""
    scene = _two()
    before = scene.engine.dump().watch

    scene.hear(an_event(event, 200), device=a_device(1))

    after = scene.engine.dump().watch
    assert (after.anchors, after.expires) == (before.anchors, before.expires)


@pytest.mark.parametrize(("disarmed", "mode"), [(False, ARMED), (True, DISARMED)])
def test_second_tracker_is_watched_as_the_first_one_is(*, disarmed: bool, mode: int) -> None:
    """The vehicle is armed or not, however many trackers it has."""
    scene = Scene(trackers=2, vehicle=a_vehicle(auto_arm=disarmed))
    scene.park(60)
    words = Disarm if disarmed else Arm
    scene.people(words(at_ms=at_ms(scene.now_s), vehicle_id="v-1"))
    scene.park(60)
    second = a_device(2, vehicle_id="v-1")
    _register(scene, second)

    for _ in range(12):
        scene.wait(10)
        scene.hear(a_fix(scene.now_s), device=second)

    assert scene.engine.armed_state(2) == mode


def test_registered_again_on_its_vehicle_it_stays_armed() -> None:
    """A new profile changes nothing of what is known of the vehicle."""
    scene = Scene.parked()

    _register(scene, a_device(1, profile=Profile(meter_wrap_wh=1)))

    assert scene.armed


def test_upload_of_two_vehicles_is_kept_for_both() -> None:
    """Newest and oldest first by turns: no part of one vehicle's puts the other's away."""
    lane = LateLane()
    for k in range(10):
        device = a_device(1) if k % 2 else MOVED
        lane.take(a_record(a_fix(10 * k, flags=int(Flag.LATE)), device=device, at_s=0))

    due = lane.due(ELAPSED0_MS + 5_000, 5_000, 6_000, lambda _: False)

    assert [(u.slot, u.vehicle_id) for u in due] == [(1, "v-1"), (1, "v-2")]
    assert [len(fixes_of(u, AnchorArrays.empty(2))) for u in due] == [5, 5]


def test_revoked_tracker_raises_nothing_more() -> None:
    """Its late upload waits when it is revoked: who has it now may make anything up."""
    scene = Scene.parked()
    scene.sleep_until(3 * HOUR_S)
    scene.upload(*late_ride())
    _revoke(scene)

    scene.wait(60)

    assert scene.quiet
    assert scene.engine.armed_state(1) == DISARMED
    assert scene.engine.trackers("v-1") == []


def test_revoked_tracker_stays_revoked_over_a_restart() -> None:
    """The registry says so."""
    scene = Scene.parked()
    _revoke(scene)

    scene.restart()

    assert scene.engine.trackers("v-1") == []


def test_vehicle_whose_tracker_was_revoked_can_be_reported_stolen() -> None:
    """The thief broke the tracker; the vehicle is where it was heard last."""
    scene = Scene.parked()
    _revoke(scene)

    scene.people(ReportStolen(at_ms=at_ms(scene.now_s), vehicle_id="v-1"))

    assert scene.alert.incident is not None
    assert scene.alert.cause.lat_deg is not None


def test_tracker_that_is_let_in_again_begins_afresh() -> None:
    """Revoked while armed, registered again a day later, somewhere else."""
    scene = Scene.parked()
    _revoke(scene)
    scene.sleep_until(24 * HOUR_S)
    _register(scene, a_device(1))
    begun = scene.engine.armed_state(1)

    for k in range(6):
        scene.wait(10)
        scene.fix(9_000 + 50 * k)

    assert begun == SETTLING
    assert scene.quiet


# -- what the API is shown ------------------------------------------------------------------


def test_engine_says_which_slots_it_armed_or_disarmed_by_itself() -> None:
    """An alert that expired, a desk's word, a registration: no record of the tracker came."""
    scene = Scene()
    scene.steal()
    scene.engine.take_rearmed()

    scene.desk_says("dismiss")
    by_desk = scene.engine.take_rearmed()
    scene.park()
    scene.ride(120)
    scene.engine.take_rearmed()
    scene.sleep_until(24 * HOUR_S)
    by_time = scene.engine.take_rearmed()
    _register(scene, a_device(1, vehicle_id=None))

    assert (by_desk, by_time) == ({1}, {1})
    assert scene.engine.take_rearmed() == {1}
    assert scene.engine.take_rearmed() == set()


# -- words ----------------------------------------------------------------------------------


def test_words_stand_in_order_of_time_however_late_they_come() -> None:
    """The key's word of hours ago is older than the owner's of now."""
    past = Past()
    for word in (Word(100, "arm"), Word(300, "disarm"), Word(200, "ride"), Word(200, "anew")):
        past.say(1, word)

    assert [word.what for word in past.since(1, 0)] == ["arm", "ride", "anew", "disarm"]
    assert past.before(1, 250) == Word(200, "anew")
    assert past.before(1, 400) == Word(300, "disarm")
