"""Armed by rule, by people and by the key; disarmed the same ways."""

import msgspec
import pytest

from devices.control import Arm, Disarm, RegisterDevices, RegisterVehicles
from devices.model import Vehicle
from devices.readings import EventType
from support.factories import a_device, a_fix, a_vehicle, at_ms
from support.scene import Scene

BY_HAND = a_vehicle(auto_arm=False)


def _arm(scene: Scene) -> None:
    scene.people(Arm(at_ms=at_ms(scene.now_s), vehicle_id="v-1"))


def _disarm(scene: Scene) -> None:
    scene.people(Disarm(at_ms=at_ms(scene.now_s), vehicle_id="v-1"))


def test_vehicle_arms_by_rule_after_a_minute_at_rest() -> None:
    """Ignition off and 60 s still."""
    scene = Scene()

    scene.park(60)
    early = scene.armed
    scene.park(20)

    assert (early, scene.armed) == (False, True)


def test_people_arm_at_once_when_it_stands() -> None:
    """Three agreeing fixes, however fast they come."""
    scene = Scene(vehicle=BY_HAND)
    scene.park(120)
    before = scene.armed

    _arm(scene)
    scene.park(6, every_s=2)

    assert (before, scene.armed) == (False, True)


def test_disarmed_vehicle_is_silent_until_it_is_armed_again() -> None:
    """Whatever it does."""
    scene = Scene()
    scene.park()
    _disarm(scene)

    scene.event(EventType.REMOVED)
    scene.ride(120)
    scene.park(300)
    silent = scene.quiet
    _arm(scene)
    scene.park(60)

    assert silent
    assert scene.armed


def test_disarm_before_it_settled_takes_the_wish_back() -> None:
    """Armed by mistake, disarmed a second later: it stays disarmed."""
    scene = Scene(vehicle=BY_HAND)
    scene.fix()
    _arm(scene)

    _disarm(scene)
    scene.park(300)

    assert not scene.armed


def test_disarm_stands_an_open_alert_down() -> None:
    """Below level 3 the owner's disarming is an answer."""
    scene = Scene()
    scene.steal()

    _disarm(scene)

    assert scene.story[-1] == "disarmed"
    assert scene.engine.cases.open == {}


def test_disarm_does_not_end_what_people_work_on() -> None:
    """A thief with the phone cannot call the police off."""
    scene = Scene()
    scene.steal()
    scene.owner_says("not_me")

    _disarm(scene)

    assert scene.alert.incident is not None


@pytest.mark.parametrize("event", [EventType.DISARM, EventType.UNLOCK])
def test_key_disarms(event: EventType) -> None:
    """Authenticated at the vehicle: the ride is the owner's."""
    scene = Scene()
    scene.park()

    scene.event(event)
    scene.ride(300)

    assert scene.quiet
    assert not scene.armed


def test_arm_event_of_the_tracker_arms() -> None:
    """The remote control's button."""
    scene = Scene(vehicle=BY_HAND)
    scene.fix()

    scene.event(EventType.ARM)
    scene.park(30)

    assert scene.armed


def test_vehicle_disarmed_by_key_arms_by_rule_after_its_ride() -> None:
    """Ignition on ends the rest; the next rest arms."""
    scene = Scene()
    scene.park()
    scene.event(EventType.UNLOCK)
    for k in range(1, 10):
        scene.wait(10)
        scene.hear(a_fix(scene.now_s, 60 * k, ignition=True))

    scene.park(120, at_m=540)

    assert scene.quiet
    assert scene.armed


def test_owner_who_says_me_disarms_a_vehicle_that_is_armed_by_hand() -> None:
    """It is armed again when he arms it again."""
    scene = Scene(vehicle=BY_HAND)
    _arm(scene)
    scene.steal()

    scene.owner_says("me")
    scene.park(300)

    assert not scene.armed


@pytest.mark.parametrize("restarts", [False, True])
def test_disarm_before_the_first_fix_holds(*, restarts: bool) -> None:
    """Over a restart and a new registration of the same vehicle, too."""
    scene = Scene()
    _disarm(scene)

    if restarts:
        scene.restart()
    scene.people(RegisterVehicles(at_ms=0, vehicles=[a_vehicle(label="blue bike")]))
    scene.park(300)

    assert not scene.armed


def test_new_vehicle_and_tracker_are_watched_from_their_registration_on() -> None:
    """In either order."""
    scene = Scene()
    vehicle: Vehicle = a_vehicle(2)
    scene.people(RegisterDevices(at_ms=0, devices=[a_device(2)]))
    scene.people(RegisterVehicles(at_ms=0, vehicles=[vehicle]))

    for _ in range(10):
        scene.wait(10)
        scene.fix(number=2)

    assert scene.engine.armed_state(2) == 2


def test_tracker_moved_to_another_vehicle_speaks_for_that_one() -> None:
    """The alert belongs to the vehicle it is bound to now."""
    scene = Scene(trackers=2)
    scene.people(RegisterDevices(at_ms=0, devices=[a_device(2, vehicle_id=None)]))
    moved = a_device(1, vehicle_id="v-2")
    scene.people(RegisterDevices(at_ms=0, devices=[moved]))

    _disarm(scene)  # v-1 has no tracker any more
    scene.people(Disarm(at_ms=0, vehicle_id="v-2"))
    scene.park(300)

    assert not scene.armed


def test_two_trackers_of_one_vehicle_make_one_alert() -> None:
    """One incident; the owner's answer rests both (scenario 37)."""
    scene = Scene(trackers=2)
    second = msgspec.structs.replace(a_device(2), vehicle_id="v-1")
    scene.people(RegisterDevices(at_ms=0, devices=[second]))
    for k in range(36):
        scene.wait(10)
        east_m = max(0, k - 30) * 50.0
        scene.fix(east_m)
        scene.hear(a_fix(scene.now_s, east_m), device=second)
    words = list(scene.story)

    scene.owner_says("me")
    scene.ride(60)
    scene.hear(a_fix(scene.now_s, 600), device=second)

    assert words.count("raised") == 1
    assert scene.story[-1] == "owner_me"
