"""The owner's phone: it rides along, it is far away, or it is stale and has no say."""

import pytest

from alerts.detection.signs import Sign
from alerts.model import AlertState, Level, NoticeKind
from devices.control import PhoneAt
from devices.readings import EventType
from support.factories import a_fix, at_ms, place
from support.scene import Scene


def phone(scene: Scene, east_m: float, *, age_s: float = 0.0, acc_m: float = 8.0) -> None:
    """The phone of ``v-1`` says where it is."""
    lat_deg, lon_deg = place(east_m)
    scene.people(
        PhoneAt(
            at_ms=at_ms(scene.now_s),
            vehicle_id="v-1",
            lat_deg=lat_deg,
            lon_deg=lon_deg,
            acc_m=acc_m,
            t_ms=at_ms(scene.now_s - age_s),
        )
    )


def ride_with_phone(scene: Scene, seconds: float, *, every_s: float = 20) -> None:
    """Vehicle and phone go east together."""
    for k in range(round(seconds / 10)):
        if (10 * k) % every_s == 0:
            phone(scene, scene.gone_m + 8)
        scene.ride(10)


def nats(scene: Scene, sign: Sign) -> float:
    """What a sign of ``v-1`` counts now."""
    evidence = scene.engine._watch.evidence
    return evidence.counted(1, 5_000_000 + round(scene.now_s * 1000)).get(sign, 0.0)


def test_owner_who_rides_with_his_phone_is_asked_nothing() -> None:
    """Scenario 8: shaken, switched on, ridden away, the phone is with it: it disarms by itself."""
    scene = Scene.parked()
    phone(scene, 5)
    scene.event(EventType.VIBRATION)

    ride_with_phone(scene, 120)

    assert scene.quiet
    assert not scene.armed


def test_it_is_watched_again_where_it_is_parked() -> None:
    """The ride ends; without another word it arms by rule, and a theft from there is told."""
    scene = Scene.parked()
    phone(scene, 5)
    ride_with_phone(scene, 120)

    scene.park(300)
    armed = scene.armed
    scene.event(EventType.VIBRATION)
    scene.ride(60)

    assert armed
    assert scene.alert.level is Level.PROBABLE


def test_phone_that_catches_up_ends_the_alert() -> None:
    """The owner was asked already; then his phone is with the moving vehicle."""
    scene = Scene.parked()
    phone(scene, 5)
    scene.sleep_until(scene.now_s + 120)
    scene.event(EventType.VIBRATION)
    scene.ride(60)
    asked = scene.alert.level

    phone(scene, scene.gone_m + 4)
    scene.ride(10)
    phone(scene, scene.gone_m + 4)

    assert asked >= Level.SUSPECTED
    assert scene.story[-1] == "phone_near"
    assert scene.last.state is AlertState.DISMISSED
    assert scene.last.reasons[-1].code == "phone_with_it"


def test_thief_who_passes_the_owner_is_still_told() -> None:
    """Scenario 28: the owner stands 40 m off; the vehicle rides past him, his phone stays."""
    scene = Scene.parked()
    phone(scene, 45)
    scene.park(20)
    phone(scene, 45)
    scene.event(EventType.VIBRATION)

    for _ in range(6):
        scene.ride(10)
        phone(scene, 45)

    assert scene.alert.level is Level.PROBABLE


def test_phone_at_the_riding_vehicle_has_its_say_before_it_went_far() -> None:
    """Scenario 27, seed 12: its places err by 20 m, so it seems to have gone 26 m of 47."""
    scene = Scene.parked()
    phone(scene, 20)
    scene.fix(0)
    scene.event(EventType.VIBRATION)
    scene.ride(10, speed_mps=4.7)
    phone(scene, 46)

    scene.ride(10, speed_mps=6)

    assert nats(scene, Sign.PHONE_NEAR) == -12
    assert scene.quiet


def test_phone_leaves_with_the_first_metres() -> None:
    """Scenario 27, seed 14: where it stood is where it was while the vehicle was at its anchor."""
    scene = Scene.parked()
    phone(scene, 0)
    scene.park(10)
    phone(scene, 20)
    scene.ride(10, speed_mps=2.6)
    scene.ride(10, speed_mps=2)

    phone(scene, 46)

    assert not scene.armed


def test_phone_that_strolls_does_not_ride() -> None:
    """Scenario 28, seed 25: its rider walks 33 m while the vehicle goes 100 m."""
    scene = Scene.parked()
    phone(scene, -45)
    scene.fix(0)
    scene.event(EventType.VIBRATION)
    scene.ride(30, speed_mps=3.3)
    asked = scene.alert.level

    scene.wait(8)
    phone(scene, -12)

    assert asked >= Level.SUSPECTED
    assert scene.last.state is not AlertState.DISMISSED
    assert scene.armed


def test_robbed_while_the_phone_stays_at_the_place() -> None:
    """The phone lies where the vehicle was parked: it counts for a minute at most."""
    scene = Scene.parked()
    phone(scene, 0)
    scene.event(EventType.VIBRATION)
    left_s = scene.now_s

    while not scene.engine.cases.open and scene.now_s < left_s + 120:
        scene.ride(10)
        phone(scene, 0)

    assert scene.now_s - left_s <= 60


@pytest.mark.parametrize(
    ("east_m", "age_s", "acc_m", "near", "far"),
    [
        (10, 0, 8, -12, 0),
        (100, 0, 8, 0, 0),
        (800, 0, 8, 0, 2),
        (10, 61, 8, 0, 0),
        (800, 61, 8, 0, 0),
        (10, 0, 400, 0, 0),
        (10, -300, 8, 0, 0),
    ],
)
def test_what_a_phone_counts(
    east_m: float, age_s: float, acc_m: float, near: float, far: float
) -> None:
    """Near -12, far +2, in between and stale and vague 0."""
    scene = Scene.parked()

    phone(scene, east_m, age_s=age_s, acc_m=acc_m)

    assert (nats(scene, Sign.PHONE_NEAR), nats(scene, Sign.PHONE_FAR)) == (near, far)


def test_fresh_phone_is_stale_after_a_minute() -> None:
    """It says nothing then, and its place is forgotten."""
    scene = Scene.parked()
    phone(scene, 10, age_s=20)
    scene.wait(39)
    fresh = nats(scene, Sign.PHONE_NEAR)

    scene.wait(2)

    assert (fresh, nats(scene, Sign.PHONE_NEAR)) == (-12, 0)
    assert b"31.8" not in repr(scene.engine.around.dump().phones).encode()


def test_older_place_than_the_newest_changes_nothing() -> None:
    """Messages of a phone may come out of order."""
    scene = Scene.parked()
    phone(scene, 10)
    phone(scene, 900, age_s=30)

    assert nats(scene, Sign.PHONE_NEAR) == -12


def test_tracker_that_is_opened_beside_a_sleeping_owner_is_told() -> None:
    """His phone upstairs explains that it is shaken, not that its tracker is removed."""
    scene = Scene.parked()
    phone(scene, 12)
    scene.event(EventType.VIBRATION)
    scene.event(EventType.TILT)
    before = scene.quiet

    scene.event(EventType.REMOVED)

    assert before
    assert scene.alert.level is Level.SUSPECTED


def test_far_phone_is_no_second_witness_of_the_police() -> None:
    """Owners are usually far from their parked vehicles: position and phone alone stay level 1."""
    scene = Scene.parked()
    for _ in range(12):
        phone(scene, -2_000)
        scene.ride(10)

    assert scene.alert.level is Level.SUSPECTED
    assert "phone_far" in {reason.code for reason in scene.alert.reasons}


def test_driven_off_before_it_settled_while_the_owner_is_away() -> None:
    """Scenario 42: parked two minutes ago, not armed yet; the phone is 900 m off."""
    scene = Scene()
    scene.park(40)
    for _ in range(5):
        phone(scene, -900)
        scene.wait(10)
        scene.gone_m += 60
        scene.hear(a_fix(scene.now_s, scene.gone_m, speed_mps=6.0, ignition=True))

    assert scene.alert.level is Level.SUSPECTED
    assert scene.alert.reasons[0].code == "gone_without_owner"
    assert len(scene.notices(NoticeKind.OWNER_NOTICE)) == 1


def test_confirmed_theft_is_not_ended_by_a_phone() -> None:
    """The thief took the phone, too: what a person said stays."""
    scene = Scene.parked()
    phone(scene, 5)
    scene.sleep_until(scene.now_s + 120)
    scene.event(EventType.VIBRATION)
    scene.ride(60)
    scene.owner_says("not_me")

    phone(scene, scene.gone_m)
    scene.ride(10)
    phone(scene, scene.gone_m)

    assert scene.alert.level is Level.CONFIRMED
