"""A ride that is told hours later: judged as a whole, told late, never to the police (P18)."""

import pytest

from alerts.model import AlertKind, Level
from alerts.policy import DispatchPolicy
from devices.control import Arm, Disarm
from devices.model import Fence, FenceKind
from devices.readings import EventType
from support.factories import (
    a_fix,
    a_vehicle,
    an_event,
    at_ms,
    place,
)
from support.scene import Scene
from support.theft import LOST_S, and_back, late_ride

HOUR_S = 3_600


@pytest.mark.promise(18)
def test_theft_in_a_buffer_of_three_hours_tells_the_owner_late() -> None:
    """Level 1, once, with its age and the words; no incident (scenario 35, P18)."""
    scene = Scene.parked()
    scene.sleep_until(3 * HOUR_S)

    scene.upload(*late_ride())
    before = scene.quiet
    scene.wait(6)

    assert before
    assert scene.story == ["raised"]
    assert (scene.last.level, scene.last.kind) == (Level.SUSPECTED, AlertKind.MOVEMENT)
    assert scene.last.late_s == pytest.approx(
        3 * HOUR_S - scene.last.caused_t_ms / 1000 + at_ms(0) / 1000, abs=2
    )
    assert {reason.code for reason in scene.last.reasons} == {"movement", "late"}
    assert "3 h ago" in next(r.text_en for r in scene.last.reasons if r.code == "late")
    assert scene.last.onset_ms == at_ms(LOST_S + 570)
    assert scene.last.lon_deg == pytest.approx(place(3_000)[1])
    assert scene.asked() == ["owner:wang"]
    assert scene.effects.incidents == []


def test_ride_that_ends_where_it_began_tells_nothing() -> None:
    """Decide after the batch, not at its first element."""
    scene = Scene.parked()
    scene.sleep_until(3 * HOUR_S)

    scene.upload(*and_back(late_ride()))
    scene.wait(60)

    assert scene.quiet


@pytest.mark.parametrize("key", [EventType.DISARM, EventType.UNLOCK])
def test_buffered_ride_with_the_key_is_the_owners(key: EventType) -> None:
    """Unlocked in the buffer: no alarm, and none when the live lane finds it elsewhere."""
    scene = Scene.parked()
    scene.sleep_until(3 * HOUR_S)

    scene.upload(an_event(key, LOST_S + 595), *late_ride())
    scene.wait(10)
    scene.park(900, at_m=3_000)

    assert scene.quiet
    assert scene.armed


def test_owner_who_disarmed_by_phone_meanwhile_is_not_told() -> None:
    """The tracker was out of reach, the owner was not."""
    scene = Scene.parked()
    scene.sleep_until(LOST_S + 500)
    scene.people(Disarm(at_ms=at_ms(scene.now_s), vehicle_id="v-1", by="wang"))
    scene.sleep_until(3 * HOUR_S)

    scene.upload(*late_ride())
    scene.wait(60)

    assert scene.quiet


def test_vehicle_that_was_not_armed_then_is_not_judged_by_what_holds_now() -> None:
    """Armed after the ride, before its buffer came."""
    scene = Scene(vehicle=a_vehicle(auto_arm=False))
    scene.park()
    scene.sleep_until(2 * HOUR_S)
    scene.people(Arm(at_ms=at_ms(scene.now_s), vehicle_id="v-1"))
    scene.park(60)

    scene.upload(*late_ride())
    scene.wait(60)

    assert scene.quiet
    assert scene.armed


def test_word_of_the_owner_since_then_ends_the_matter() -> None:
    """Disarmed and armed again an hour after the ride, before its buffer came."""
    scene = Scene.parked()
    scene.sleep_until(2 * HOUR_S)
    scene.people(Disarm(at_ms=at_ms(scene.now_s), vehicle_id="v-1", by="wang"))
    scene.people(Arm(at_ms=at_ms(scene.now_s), vehicle_id="v-1"))

    scene.upload(*late_ride())
    scene.wait(60)

    assert scene.quiet


def test_all_of_it_in_the_buffer_arms_by_rule_and_tells() -> None:
    """Nothing was ever heard live: parked ten minutes in the buffer, then taken."""
    scene = Scene()
    scene.sleep_until(3 * HOUR_S)

    scene.upload(*late_ride())
    scene.wait(6)

    assert scene.story == ["raised"]


def test_upload_that_begins_before_it_was_armed_is_judged_from_then_on() -> None:
    """The tracker repeats what it had told already; the theft is at the end."""
    scene = Scene.parked()
    scene.sleep_until(3 * HOUR_S)
    arriving = [a_fix(-600 + 10 * k, 40.0 * k - 2_400) for k in range(61)]
    soon = [a_fix(LOST_S + 10 * k, 50 * k) for k in range(60)]

    scene.upload(*arriving, *soon)
    scene.wait(10)

    assert scene.story == ["raised"]


def test_stop_on_a_ride_arms_nothing_late() -> None:
    """A minute at a red light, in the buffer of a vehicle that was under way."""
    scene = Scene()
    scene.sleep_until(3 * HOUR_S)
    ride = [a_fix(400 + 10 * k, 50 * k) for k in range(60)]
    stop = [a_fix(1_000 + 10 * k, 3_000) for k in range(12)]
    on = [a_fix(1_120 + 10 * k, 3_000 + 50 * k) for k in range(60)]

    scene.upload(*ride, *stop, *on)
    scene.wait(60)

    assert scene.quiet


def test_home_fence_at_the_end_says_it_is_the_owner() -> None:
    """The ride ends inside the vehicle's own fence."""
    lat_deg, lon_deg = place(3_000)
    home = Fence(id="home", vehicle_id="v-1", lat_deg=lat_deg, lon_deg=lon_deg, radius_m=60)
    scene = Scene(fences=(home,))
    scene.park()
    scene.sleep_until(3 * HOUR_S)

    scene.upload(*late_ride())
    scene.wait(60)

    assert scene.quiet


def test_district_around_everything_is_nobodys_home() -> None:
    """A theft may end inside the zone all vehicles are kept in."""
    lat_deg, lon_deg = place(0)
    zone = Fence(
        id="zone", kind=FenceKind.KEEP_IN, lat_deg=lat_deg, lon_deg=lon_deg, radius_m=20_000
    )
    scene = Scene(fences=(zone,))
    scene.park()
    scene.sleep_until(3 * HOUR_S)

    scene.upload(*late_ride())
    scene.wait(10)

    assert scene.story == ["raised"]


def test_live_fix_at_the_anchor_says_it_isand_back() -> None:
    """The newest fix came first: it stands where it was parked."""
    scene = Scene.parked()
    scene.sleep_until(3 * HOUR_S)
    scene.fix()

    scene.upload(*late_ride())
    scene.wait(60)

    assert scene.quiet


@pytest.mark.parametrize(("age_s", "story"), [(23 * HOUR_S, "raised"), (30 * HOUR_S, "noted")])
def test_what_is_too_old_is_noted_only(age_s: float, story: str) -> None:
    """A day is the limit."""
    scene = Scene.parked()
    scene.sleep_until(age_s + 900)

    scene.upload(*late_ride())
    scene.wait(10)

    assert scene.story == [story]
    assert bool(scene.asked()) == (story == "raised")


def test_late_alarm_never_becomes_police_ready_by_itself() -> None:
    """However long it stays unanswered, whatever the city allows."""
    scene = Scene(dispatch=DispatchPolicy(dispatch_without_human=True))
    scene.park()
    scene.sleep_until(3 * HOUR_S)
    scene.upload(an_event(EventType.TOW, 915), an_event(EventType.REMOVED, 916), *late_ride())
    scene.wait(10)
    scene.deliver()

    scene.wait(1_000)

    assert {change.level for change in scene.effects.alerts} == {Level.SUSPECTED}
    assert scene.effects.incidents == []


def test_human_may_confirm_a_late_alarm() -> None:
    """The owner says: not me. Then it is an incident."""
    scene = Scene.parked()
    scene.sleep_until(3 * HOUR_S)
    scene.upload(*late_ride())
    scene.wait(10)

    scene.owner_says("not_me")

    assert len(scene.effects.incidents) == 1


def test_live_alert_that_is_open_says_it_already() -> None:
    """The live lane saw it first; its buffer adds no second alert."""
    scene = Scene.parked()
    scene.sleep_until(LOST_S + 1_300)
    scene.park(600, at_m=3_000)
    story = list(scene.story)

    scene.upload(*late_ride())
    scene.wait(60)

    assert story == ["raised"]
    assert [what for what in scene.story if what == "raised"] == ["raised"]


def test_late_alert_that_the_live_lane_confirms_settles_anew_when_it_ends() -> None:
    """It is asked about once, not again and again because it stands elsewhere now."""
    scene = Scene.parked()
    scene.sleep_until(3 * HOUR_S)
    scene.upload(*late_ride())
    scene.wait(10)

    scene.park(4 * HOUR_S, at_m=3_000, every_s=60)

    assert [what for what in scene.story if what == "raised"] == ["raised"]
    assert scene.story[-1] == "expired"
    assert scene.armed
