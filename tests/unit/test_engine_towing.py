"""Taken away with the ignition off: one alarm without any flag of the hardware (A-11)."""

import pytest

from alerts.model import AlertKind, Level
from devices.control import Arm
from devices.readings import EventType
from support.factories import a_fix, a_vehicle, at_ms
from support.scene import Scene

KMH_28 = 28 / 3.6


def _tow(scene: Scene, fixes: int, *, ignition: bool = False, speed_mps: float = KMH_28) -> None:
    """Steps of 130 m every 10 s; the fixes say nothing of their quality."""
    for _ in range(fixes):
        scene.wait(10)
        scene.gone_m += 130
        scene.hear(
            a_fix(
                scene.now_s,
                scene.gone_m,
                ignition=ignition,
                speed_mps=speed_mps,
                acc_m=None,
                hdop=None,
                sat=None,
            )
        )


def test_three_steps_are_one_alarm() -> None:
    """Parked and armed by rule, then three fixes of a tow."""
    scene = Scene()
    scene.park()

    _tow(scene, 3)

    assert scene.story == ["raised"]
    assert (scene.alert.level, scene.alert.kind) == (Level.SUSPECTED, AlertKind.MOVEMENT)
    assert scene.asked() == ["owner:wang"]


def test_alarm_is_updated_while_it_moves() -> None:
    """One open alert that knows where it is, not one per fix."""
    scene = Scene()
    scene.park()

    _tow(scene, 60)

    assert scene.story == ["raised"]
    assert scene.alert.cause.moved_m == pytest.approx(60 * 130, abs=20)


def test_armed_by_hand_a_moment_before_is_enough() -> None:
    """One fix at rest, armed by the owner, and off it goes before an anchor has settled."""
    scene = Scene(vehicle=a_vehicle(auto_arm=False))
    scene.people(Arm(at_ms=at_ms(0), vehicle_id="v-1", by="wang"))
    scene.hear(a_fix(0, speed_mps=0.0))

    _tow(scene, 3)

    assert scene.story == ["raised"]
    assert "towed" in {reason.code for reason in scene.alert.reasons}
    assert scene.last.onset_ms == at_ms(0)
    assert scene.armed


def test_alarm_of_one_armed_by_hand_is_followed_to_its_end() -> None:
    """It is watched from where it was armed: back there, the alarm stands down."""
    scene = Scene(vehicle=a_vehicle(auto_arm=False))
    scene.people(Arm(at_ms=at_ms(0), vehicle_id="v-1", by="wang"))
    scene.hear(a_fix(0, speed_mps=0.0))
    _tow(scene, 3)

    scene.park(120, at_m=0)

    assert scene.story == ["raised", "returned"]


@pytest.mark.parametrize(
    ("ignition", "speed_mps"), [(True, KMH_28), (False, 0.4)], ids=["ignition on", "slow"]
)
def test_armed_by_hand_is_not_towed_by_that(*, ignition: bool, speed_mps: float) -> None:
    """The owner rides on, or a receiver that has just woken jumps about."""
    scene = Scene(vehicle=a_vehicle(auto_arm=False))
    scene.people(Arm(at_ms=at_ms(0), vehicle_id="v-1", by="wang"))
    scene.hear(a_fix(0, speed_mps=0.0))

    _tow(scene, 3, ignition=ignition, speed_mps=speed_mps)

    assert scene.quiet


def test_vehicle_nobody_armed_is_towed_in_silence() -> None:
    """Not even settled."""
    scene = Scene(vehicle=a_vehicle(auto_arm=False))
    scene.hear(a_fix(0, speed_mps=0.0))

    _tow(scene, 30)

    assert scene.quiet


def test_parked_drift_stays_silent() -> None:
    """40 fixes, one per 30 s, scattered within 12 m, speed 0 and 1.4 km/h in turn (A-03)."""
    scene = Scene()
    scene.park()

    for k in range(40):
        scene.wait(30)
        east_m, north_m = 12 * ((k * 7) % 5 - 2) / 2, 12 * ((k * 3) % 5 - 2) / 2
        speed_mps = 1.4 / 3.6 if k % 2 else 0.0
        scene.hear(a_fix(scene.now_s, east_m, north_m, acc_m=9.0, speed_mps=speed_mps))

    assert scene.quiet


def test_shove_of_60_m_that_stays_is_found() -> None:
    """After the drift: three fixes and on at 60 m (A-03)."""
    scene = Scene()
    scene.park(600, every_s=30)
    scene.event(EventType.VIBRATION)

    for k in range(1, 20):
        scene.wait(30)
        scene.fix(min(60.0, 22.0 * k))

    assert scene.story[0] == "raised"
    assert scene.last.level is Level.SUSPECTED
