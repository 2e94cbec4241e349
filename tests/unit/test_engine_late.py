"""What a tracker tells hours later: judged as a whole, told late, never to the police (A-12)."""

from collections.abc import Callable

import pytest

from alerts.model import AlertKind, AlertState, Level
from alerts.policy import DispatchPolicy
from devices.control import Arm, Disarm, RegisterDevices
from devices.model import Fence, FenceKind
from devices.readings import AnyReading, EventType, Flag
from support.factories import a_device, a_fix, a_vehicle, an_event, at_ms, place
from support.scene import Scene

HOUR_S = 3_600
LOST_S = 320
"""The tracker lost its network here; until 300 it was parked and reported live."""


def _parked() -> Scene:
    scene = Scene()
    scene.park()
    return scene


def _ride(
    *, start_s: float = LOST_S + 600, seconds: float = 600, to_m: float = 3_000, every_s: float = 10
) -> list[AnyReading]:
    """Fixes of a ride from home, after ten minutes at rest."""
    parked = [a_fix(at_s) for at_s in range(LOST_S, round(start_s), 30)]
    count = round(seconds / every_s)
    ride = [a_fix(start_s + k * every_s, to_m * k / count) for k in range(1, count + 1)]
    return [*parked, *ride]


def _back(readings: list[AnyReading]) -> list[AnyReading]:
    """... and home again, parked."""
    end_s = (readings[-1].t_ms - at_ms(0)) / 1000
    home = [a_fix(end_s + 10 * k, 3_000 - 50 * k) for k in range(1, 61)]
    return [*readings, *home, *(a_fix(end_s + 610 + 30 * k) for k in range(10))]


def _at(scene: Scene, at_s: float) -> None:
    """Let hours pass in one step: nothing is open, ticks decide nothing."""
    scene.now_s = at_s
    scene.wait(1)


def test_theft_in_a_buffer_of_three_hours_tells_the_owner_late() -> None:
    """Level 1, once, with its age and the words; no incident (scenario 35, P18)."""
    scene = _parked()
    _at(scene, 3 * HOUR_S)

    scene.upload(*_ride())
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
    scene = _parked()
    _at(scene, 3 * HOUR_S)

    scene.upload(*_back(_ride()))
    scene.wait(60)

    assert scene.quiet


def test_batch_in_several_messages_is_one() -> None:
    """The way home comes two seconds after the way out, in whatever order."""
    scene = _parked()
    _at(scene, 3 * HOUR_S)
    whole = _back(_ride())

    for part in (whole[120:], whole[:60], whole[60:120]):
        scene.upload(*part)
        scene.wait(2)
    scene.wait(60)

    assert scene.quiet


def test_second_part_of_an_upload_that_was_told_tells_no_second_time() -> None:
    """A slow network: the rest comes a minute later; the owner has said nothing yet, or has."""
    scene = _parked()
    _at(scene, 3 * HOUR_S)
    whole = _ride()
    scene.upload(*whole[:60])
    scene.wait(60)
    scene.desk_says("dismiss")

    scene.upload(*whole[60:])
    scene.wait(60)

    assert scene.story == ["raised", "desk_dismissed"]


@pytest.mark.parametrize("key", [EventType.DISARM, EventType.UNLOCK])
def test_buffered_ride_with_the_key_is_the_owners(key: EventType) -> None:
    """Unlocked in the buffer: no alarm, and none when the live lane finds it elsewhere."""
    scene = _parked()
    _at(scene, 3 * HOUR_S)

    scene.upload(an_event(key, LOST_S + 595), *_ride())
    scene.wait(10)
    scene.park(900, at_m=3_000)

    assert scene.quiet
    assert scene.armed


def test_owner_who_disarmed_by_phone_meanwhile_is_not_told() -> None:
    """The tracker was out of reach, the owner was not."""
    scene = _parked()
    _at(scene, LOST_S + 500)
    scene.people(Disarm(at_ms=at_ms(scene.now_s), vehicle_id="v-1", by="wang"))
    _at(scene, 3 * HOUR_S)

    scene.upload(*_ride())
    scene.wait(60)

    assert scene.quiet


def test_vehicle_that_was_not_armed_then_is_not_judged_by_what_holds_now() -> None:
    """Armed after the ride, before its buffer came."""
    scene = Scene(vehicle=a_vehicle(auto_arm=False))
    scene.park()
    _at(scene, 2 * HOUR_S)
    scene.people(Arm(at_ms=at_ms(scene.now_s), vehicle_id="v-1"))
    scene.park(60)

    scene.upload(*_ride())
    scene.wait(60)

    assert scene.quiet
    assert scene.armed


def test_word_of_the_owner_since_then_ends_the_matter() -> None:
    """Disarmed and armed again an hour after the ride, before its buffer came."""
    scene = _parked()
    _at(scene, 2 * HOUR_S)
    scene.people(Disarm(at_ms=at_ms(scene.now_s), vehicle_id="v-1", by="wang"))
    scene.people(Arm(at_ms=at_ms(scene.now_s), vehicle_id="v-1"))

    scene.upload(*_ride())
    scene.wait(60)

    assert scene.quiet


def test_all_of_it_in_the_buffer_arms_by_rule_and_tells() -> None:
    """Nothing was ever heard live: parked ten minutes in the buffer, then taken."""
    scene = Scene()
    _at(scene, 3 * HOUR_S)

    scene.upload(*_ride())
    scene.wait(6)

    assert scene.story == ["raised"]


def test_stop_on_a_ride_arms_nothing_late() -> None:
    """A minute at a red light, in the buffer of a vehicle that was under way."""
    scene = Scene()
    _at(scene, 3 * HOUR_S)
    ride = [a_fix(400 + 10 * k, 50 * k) for k in range(60)]
    stop = [a_fix(1_000 + 10 * k, 3_000) for k in range(12)]
    on = [a_fix(1_120 + 10 * k, 3_000 + 50 * k) for k in range(60)]

    scene.upload(*ride, *stop, *on)
    scene.wait(60)

    assert scene.quiet


@pytest.mark.parametrize(
    "alarm", [EventType.TOW, EventType.DISPLACEMENT, EventType.REMOVED, EventType.ILLEGAL_IGNITION]
)
def test_late_alarm_alone_tells_the_owner_late(alarm: EventType) -> None:
    """Five hours, nothing contradicts it: level 1, once per episode."""
    scene = _parked()
    _at(scene, 5 * HOUR_S + 310)

    scene.upload(an_event(alarm, 310))
    scene.wait(10)
    scene.upload(an_event(alarm, 370, ev_id="again", key=7))
    scene.wait(10)

    assert scene.story == ["raised"]
    assert (scene.last.level, scene.last.kind) == (Level.SUSPECTED, AlertKind.TAMPER)
    assert scene.last.late_s == pytest.approx(5 * HOUR_S, abs=2)
    assert scene.last.caused_t_ms == at_ms(310)
    assert scene.effects.incidents == []


def test_late_alarm_contradicted_by_what_came_with_it_is_noted_only() -> None:
    """A tow at 01:10, then 40 points that end parked at home at 01:35 (A-12)."""
    scene = _parked()
    _at(scene, 5 * HOUR_S)
    points = [a_fix(310 + 37 * k, 400 if 3 < k < 20 else 0) for k in range(1, 41)]

    scene.upload(an_event(EventType.TOW, 310))
    scene.wait(1)
    scene.upload(*points)
    scene.wait(60)

    assert scene.story == ["noted"]
    assert (scene.last.level, scene.last.state) == (Level.NOTED, AlertState.EXPIRED)
    assert {reason.code for reason in scene.last.reasons} == {"tow", "late", "late_contradicted"}
    assert scene.asked() == []
    assert scene.engine.cases.open == {}


def test_late_alarm_of_a_vehicle_never_heard_that_ends_parked_is_noted_only() -> None:
    """The same from a tracker that was switched on in the buffer: a ride that ends somewhere."""
    scene = Scene()
    _at(scene, 5 * HOUR_S)
    ride = [a_fix(37 * k, 40 * k) for k in range(1, 31)]
    parked = [a_fix(37 * k, 1_200) for k in range(31, 41)]

    scene.upload(an_event(EventType.TOW, 0), *ride, *parked)
    scene.wait(60)

    assert scene.story == ["noted"]


def test_opened_tracker_is_not_contradicted_by_where_it_lies() -> None:
    """The tracker lies at the rack; the bike may be gone."""
    scene = _parked()
    _at(scene, 5 * HOUR_S)

    scene.upload(an_event(EventType.REMOVED, 330), *(a_fix(340 + 30 * k) for k in range(40)))
    scene.wait(60)

    assert scene.story == ["raised"]


def test_home_fence_at_the_end_says_it_is_the_owner() -> None:
    """The ride ends inside the vehicle's own fence."""
    lat_deg, lon_deg = place(3_000)
    home = Fence(id="home", vehicle_id="v-1", lat_deg=lat_deg, lon_deg=lon_deg, radius_m=60)
    scene = Scene(fences=(home,))
    scene.park()
    _at(scene, 3 * HOUR_S)

    scene.upload(*_ride())
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
    _at(scene, 3 * HOUR_S)

    scene.upload(*_ride())
    scene.wait(10)

    assert scene.story == ["raised"]


def test_live_fix_at_the_anchor_says_it_is_back() -> None:
    """The newest fix came first: it stands where it was parked."""
    scene = _parked()
    _at(scene, 3 * HOUR_S)
    scene.fix()

    scene.upload(*_ride())
    scene.wait(60)

    assert scene.quiet


@pytest.mark.parametrize(("age_s", "story"), [(23 * HOUR_S, "raised"), (30 * HOUR_S, "noted")])
def test_what_is_too_old_is_noted_only(age_s: float, story: str) -> None:
    """A day is the limit."""
    scene = _parked()
    _at(scene, age_s + 900)

    scene.upload(*_ride())
    scene.wait(10)

    assert scene.story == [story]
    assert bool(scene.asked()) == (story == "raised")


def test_late_data_change_nothing_the_live_lane_knows() -> None:
    """Anchor, position, evidence, mode: as they were."""
    scene = _parked()
    _at(scene, 3 * HOUR_S)
    before = scene.engine.dump().watch

    scene.upload(an_event(EventType.REMOVED, 330), *_ride())
    scene.wait(10)

    after = scene.engine.dump().watch
    assert scene.story == ["raised"]
    assert (after.anchors, after.expires, after.shaken) == (
        before.anchors,
        before.expires,
        before.shaken,
    )


def test_late_alarm_never_becomes_police_ready_by_itself() -> None:
    """However long it stays unanswered, whatever the city allows."""
    scene = Scene(dispatch=DispatchPolicy(dispatch_without_human=True))
    scene.park()
    _at(scene, 3 * HOUR_S)
    scene.upload(an_event(EventType.TOW, 915), an_event(EventType.REMOVED, 916), *_ride())
    scene.wait(10)
    scene.deliver()

    scene.wait(1_000)

    assert {change.level for change in scene.effects.alerts} == {Level.SUSPECTED}
    assert scene.effects.incidents == []


def test_human_may_confirm_a_late_alarm() -> None:
    """The owner says: not me. Then it is an incident."""
    scene = _parked()
    _at(scene, 3 * HOUR_S)
    scene.upload(*_ride())
    scene.wait(10)

    scene.owner_says("not_me")

    assert len(scene.effects.incidents) == 1


def test_live_alert_that_is_open_says_it_already() -> None:
    """The live lane saw it first; its buffer adds no second alert."""
    scene = _parked()
    _at(scene, LOST_S + 1_300)
    scene.park(600, at_m=3_000)
    story = list(scene.story)

    scene.upload(*_ride())
    scene.wait(60)

    assert story == ["raised"]
    assert [what for what in scene.story if what == "raised"] == ["raised"]


def test_late_sos_is_told_to_the_owner_and_the_desk() -> None:
    """Twenty minutes ago: no level 4, which means now; but somebody must look."""
    scene = Scene(vehicle=a_vehicle(auto_arm=False))
    scene.park()
    _at(scene, 1_600)

    scene.upload(an_event(EventType.SOS, 400))
    scene.wait(10)

    assert (scene.alert.kind, scene.alert.level) == (AlertKind.SOS, Level.SUSPECTED)
    assert scene.effects.incidents == []


@pytest.mark.parametrize("at", [0, 1, 3, 5, 8])
def test_restart_in_the_middle_of_an_upload_changes_nothing(at: int) -> None:
    """What waits is in the checkpoint."""

    def run(scene: Scene, restart: Callable[[], None]) -> Scene:
        for k in range(10):
            if k == at:
                restart()
            if k < 4:
                scene.upload(*_ride()[k * 25 : (k + 1) * 25])
            scene.wait(1)
        scene.wait(5)
        return scene

    plain, cut = _parked(), _parked()
    for scene in (plain, cut):
        _at(scene, 3 * HOUR_S)

    run(plain, lambda: None)
    run(cut, cut.restart)

    assert cut.effects.alerts == plain.effects.alerts
    assert cut.story == ["raised"]


def test_end_of_the_input_judges_at_once() -> None:
    """A replay's file ends with the upload: nothing will follow."""
    scene = _parked()
    _at(scene, 3 * HOUR_S)
    scene.upload(*_ride())

    waited = scene.engine.waits
    scene.finish()

    assert waited
    assert not scene.quiet
    assert scene.story == ["raised"]


def test_records_from_before_the_tracker_came_to_the_vehicle_are_not_its() -> None:
    """Its buffer is of the vehicle it was on."""
    scene = Scene(trackers=2)
    scene.park()
    _at(scene, 2 * HOUR_S)
    moved = a_device(1, vehicle_id="v-2")
    scene.people(RegisterDevices(at_ms=at_ms(scene.now_s), devices=[moved]))

    scene.hear(
        *(
            a_fix((r.t_ms - at_ms(0)) / 1000, 40 * k, flags=int(Flag.LATE))
            for k, r in enumerate(_ride())
        ),
        device=moved,
    )
    scene.wait(60)

    assert scene.quiet


@pytest.mark.parametrize(
    "event",
    [
        an_event(EventType.TOW, 10_000),
        an_event(EventType.REMOVED, 10_000),
        an_event(EventType.SOS, 10_000),
        an_event(EventType.SOS, 10_000, flags=int(Flag.FUTURE)),
    ],
)
def test_event_of_the_future_raises_nothing_with_or_without_its_flag(event: AnyReading) -> None:
    """Its time is no time (A-15: the age check is the second line)."""
    scene = _parked()

    scene.hear(event)
    scene.wait(60)

    assert scene.quiet


def test_old_event_without_its_flag_is_late_all_the_same() -> None:
    """No live level 4 from a message that a broker kept for an hour (A-15)."""
    scene = _parked()
    _at(scene, HOUR_S)

    scene.hear(an_event(EventType.SOS, 300))
    at_once = scene.quiet
    scene.wait(10)

    assert at_once
    assert scene.alert.level is Level.SUSPECTED


def test_requeued_records_of_a_device_nobody_knew_are_not_judged() -> None:
    """Adopted today: what it said before it belonged to anybody is history only."""
    scene = Scene()
    _at(scene, 3 * HOUR_S)

    scene.hear(
        *(
            a_fix((r.t_ms - at_ms(0)) / 1000, 40 * k, flags=int(Flag.LATE | Flag.REQUEUED))
            for k, r in enumerate(_ride())
        )
    )
    scene.wait(60)

    assert scene.quiet


def test_late_alert_that_the_live_lane_confirms_settles_anew_when_it_ends() -> None:
    """It is asked about once, not again and again because it stands elsewhere now."""
    scene = _parked()
    _at(scene, 3 * HOUR_S)
    scene.upload(*_ride())
    scene.wait(10)

    scene.park(4 * HOUR_S, at_m=3_000, every_s=60)

    assert [what for what in scene.story if what == "raised"] == ["raised"]
    assert scene.story[-1] == "expired"
    assert scene.armed


def test_many_uploads_are_judged_over_some_seconds() -> None:
    """A network comes back: live records must not wait for all of it."""
    scene = Scene(trackers=120)
    for _ in range(30):
        scene.wait(10)
        for number in range(1, 121):
            scene.fix(number=number)
    _at(scene, 5 * HOUR_S)
    for number in range(1, 121):
        scene.upload(an_event(EventType.TOW, 310), number=number)

    counts = []
    for _ in range(9):
        scene.wait(1)
        counts.append(len(scene.effects.alerts))

    assert counts[4:7] == [50, 100, 120]
    assert len({change.alert_id for change in scene.effects.alerts}) == 120
